package org.gearshift.tools;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.gearshift.tools.bench.Program;
import org.gearshift.tools.guest.GuestStore;
import org.gearshift.tools.guest.PackageTree;

/**
 * The RAM disk of {@code gearshift bench programs}: programs as Debian distributes them, what they work on, and an {@code /init} that runs those that the kernel's command line names ({@code only=}), with so many
 * percent of their usual work ({@code scale=}).
 */
final class BenchPrograms {
    private static final String INIT = """
            #!/sbin/busybox sh
            export PATH=/sbin:/usr/bin:/bin LC_ALL=C HOME=/tmp TMPDIR=/tmp
            mount -t proc proc /proc
            mount -t sysfs sys /sys
            mount -t devtmpfs dev /dev
            cd /bench
            SCALE=100
            only=$(cat list)
            for word in $(cat /proc/cmdline); do
                case $word in
                    scale=*) SCALE=${word#scale=} ;;
                    only=*) only=$(echo ${word#only=} | tr , ' ') ;;
                esac
            done
            export SCALE
            echo "@INIT"
            for p in $only; do
                (. ./prelude; . ./$p.sh)
                rm -rf /tmp/*
            done
            echo "@END"
            poweroff -f
            """;
    private static final List<String> APPLETS = List.of("basename", "cat", "cut", "echo", "mount", "poweroff", "rm", "sh", "sha256sum", "tr");
    private static final int TEXT_BYTES = 4 << 20;
    private static final int WORDS = 6000;

    /** For whom. @param label Debian's name, @param libraries what library directories are called, @param tools what compilers' programs are called */
    record Architecture(String label, String libraries, String tools, String kernel) {
        static final Architecture AMD64 = new Architecture("amd64", "x86_64-linux-gnu", "x86_64-linux-gnu", "debian-cloud-amd64");
        static final Architecture I386 = new Architecture("i386", "i386-linux-gnu", "i686-linux-gnu", "debian-686");

        static Architecture named(String label) {
            return switch (label) {
                case "amd64" -> AMD64;
                case "i386" -> I386;
                default -> throw new Gearshift.UsageError("no architecture '" + label + "'; there are amd64 and i386");
            };
        }

        /** As names of packages have it. */
        private String toolsPackage() {
            return tools.replace('_', '-');
        }
    }

    private final Architecture architecture;
    private final Path store = new GuestStore().root();
    private final Consumer<String> progress;

    BenchPrograms(Architecture architecture, Consumer<String> progress) {
        this.architecture = architecture;
        this.progress = progress;
    }

    /** The disk with all programs; made once for each form of the scripts. */
    Path disk() throws IOException {
        StringBuilder all = new StringBuilder(INIT).append(Program.prelude());
        Program.all().forEach(p -> all.append(p.script()));
        Path file = store.resolve("bench").resolve("programs-" + architecture.label + "-" + digest(all.toString()) + ".cpio");
        if (!Files.exists(file)) {
            progress.accept("making a RAM disk of Debian's programs, " + architecture.label);
            Files.createDirectories(file.getParent());
            Path unfinished = file.resolveSibling(file.getFileName() + "." + ProcessHandle.current().pid());
            Files.write(unfinished, build());
            Files.move(unfinished, file);
        }
        return file;
    }

    private static String digest(String s) {
        try {
            byte[] d = java.security.MessageDigest.getInstance("SHA-256").digest(s.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(d).substring(0, 12);
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private byte[] build() throws IOException {
        Path root = Files.createTempDirectory("gearshift-bench");
        try {
            PackageTree tree = new PackageTree(root, architecture.label, progress).forCompiling(without());
            Set<String> packages = new LinkedHashSet<>(List.of("libc6"));
            Program.all().forEach(p -> p.packages().forEach(n -> packages.add(n.replace("TOOLS", architecture.toolsPackage()))));
            tree.add(packages);
            Path bench = Files.createDirectories(root.resolve("bench"));
            examples(tree.unpacked("zlib1g-dev:" + architecture.label).resolve("usr/share/doc/zlib1g-dev/examples"), Files.createDirectories(bench.resolve("examples")));
            Files.writeString(bench.resolve("prelude"), Program.prelude());
            List<String> names = new ArrayList<>();
            for (Program p : Program.all()) {
                Files.writeString(bench.resolve(p.name() + ".sh"), p.script());
                names.add(p.name());
            }
            Files.write(bench.resolve("list"), names);
            Files.writeString(bench.resolve("text"), text());
            Files.writeString(bench.resolve("key"), key());
            Initramfs disk = new Initramfs().tree(root);
            for (String d : new String[] {"dev", "proc", "sys", "tmp", "sbin"}) {
                if (!Files.exists(root.resolve(d))) {
                    disk.directory(d);
                }
            }
            disk.characterDevice("dev/console", 5, 1).characterDevice("dev/null", 1, 3);
            disk.program("sbin/busybox", Files.readAllBytes(tree.unpacked("busybox-static:" + architecture.label).resolve("bin/busybox")));
            APPLETS.forEach(a -> disk.link("sbin/" + a, "busybox"));
            disk.link("bin/sh", "/sbin/busybox").link("usr/bin/as", architecture.tools + "-as");
            return disk.program("init", INIT.getBytes(StandardCharsets.US_ASCII)).plain();
        } finally {
            try (Stream<Path> s = Files.walk(root)) {
                for (Path f : s.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(f);
                }
            }
        }
    }

    /** Large, and needed by none of the scripts. */
    private List<String> without() {
        List<String> out = new ArrayList<>();
        for (String lib : new String[] {"lib", "usr/lib"}) {
            out.add(lib + "/" + architecture.libraries + "/gconv");
        }
        String gcc = "usr/lib/gcc/" + architecture.tools + "/12/";
        for (String f : new String[] {"lto1", "lto-wrapper", "plugin", "libasan.a", "liblsan.a", "libtsan.a", "libubsan.a", "libgcc.a", "libgcov.a", "libgomp.a", "libatomic.a",
            "libitm.a", "libquadmath.a", "libhwasan.a"}) {
            out.add(gcc + f);
        }
        for (String f : new String[] {"libc.a", "libm-2.36.a", "libmvec.a", "libz.a"}) {
            out.add("usr/lib/" + architecture.libraries + "/" + f);
        }
        out.add("usr/share");
        out.add("etc");
        return out;
    }

    /** zlib's programs; the package has some of them compressed. */
    private static void examples(Path from, Path to) throws IOException {
        try (Stream<Path> s = Files.list(from)) {
            for (Path f : s.toList()) {
                String name = f.getFileName().toString();
                if (name.matches(".*\\.[ch]")) {
                    Files.copy(f, to.resolve(name));
                } else if (name.matches(".*\\.[ch]\\.gz")) {
                    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(Files.readAllBytes(f)))) {
                        Files.write(to.resolve(name.substring(0, name.length() - ".gz".length())), in.readAllBytes());
                    }
                }
            }
        }
    }

    /** Sentences of invented words, of which few are frequent, as in a language. */
    static String text() {
        SplittableRandom random = new SplittableRandom(6);
        String[] words = new String[WORDS];
        String[] endings = {"", "", "", "s", "ed", "ing", "er", "ly"};
        for (int i = 0; i < WORDS; i++) {
            StringBuilder w = new StringBuilder();
            for (int n = 1 + random.nextInt(3); n > 0; n--) {
                w.append("bcdfghklmnprstvw".charAt(random.nextInt(16))).append("aeiou".charAt(random.nextInt(5)));
            }
            words[i] = w.append("lnrst".charAt(random.nextInt(5))).append(endings[random.nextInt(endings.length)]).toString();
        }
        StringBuilder b = new StringBuilder(TEXT_BYTES + 100);
        for (int line = 0; b.length() < TEXT_BYTES;) {
            double u = random.nextDouble();
            b.append(words[(int) (Math.pow(WORDS, u) - 1)]);
            int what = random.nextInt(60);
            b.append(what == 0 ? ". " : what == 1 ? ", " : what == 2 ? " " + random.nextInt(10000) + " " : " ");
            if (b.length() - line > 90) {
                b.append('\n');
                line = b.length();
            }
        }
        return b.substring(0, TEXT_BYTES);
    }

    /** An RSA key of 2,048 bits that is made anew for each disk and used for nothing else. */
    private static String key() {
        try {
            java.security.KeyPairGenerator g = java.security.KeyPairGenerator.getInstance("RSA");
            g.initialize(2048);
            byte[] encoded = g.generateKeyPair().getPrivate().getEncoded();
            return "-----BEGIN PRIVATE KEY-----\n" + java.util.Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded) + "\n-----END PRIVATE KEY-----\n";
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
