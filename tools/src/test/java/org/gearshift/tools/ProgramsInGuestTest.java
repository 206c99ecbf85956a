package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.gearshift.testing.Prerequisite;
import org.gearshift.tools.guest.PackageTree;
import org.gearshift.vmm.boot.KernelImage;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Programs other people wrote print the same in a guest as on this machine's processor (or on QEMU's: {@link ProgramsHere}), byte for byte. Each is a script that the same static busybox runs in both places, in a
 * tree of packages, of i386 and of amd64. In the guest the tree is the RAM disk; what the programs printed here lies beside them, and the guest itself compares.
 *
 * <p>{@code -Dprograms=long} runs all and does more in each, {@code -Dprograms=NAME,NAME...} those named, {@code -Dprograms.architectures=amd64} for one of the
 * architectures; {@code -Dprograms.console=true} shows the guest's console meanwhile,
 * {@code -Dprograms.arguments="..."} adds to the command line of {@code gearshift run}.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProgramsInGuestTest {
    private static final String WHICH = System.getProperty("programs", "short");
    private static final boolean SHOWN = Boolean.getBoolean("programs.console");
    private static final String ARGUMENTS = System.getProperty("programs.arguments", "");
    private static final String MEMORY = "1536M";
    /** Without the kernel's self-tests of its ciphers, which take longer than all else in its boot, and with libraries at the same addresses in every process. */
    private static final String APPEND = "console=ttyS0 panic=-1 quiet cryptomgr.notests norandmaps";
    private static final String[] EVERYWHERE = {"busybox-static", "libc6"};
    private static final boolean LONG = !WHICH.equals("short");
    private static final List<String> ARCHITECTURES = List.of(System.getProperty("programs.architectures", "i386,amd64").split(","));
    private static final int DATA_BYTES = LONG ? 300_000 : 40_000;
    private static final String INIT = """
            #!/bin/busybox sh
            export PATH=/bin
            mount -t proc proc /proc
            mount -t sysfs sys /sys
            mount -t devtmpfs dev /dev
            cd /
            programs/entropy
            echo PROGRAMS-BEGIN
            while read -r p; do
                env -i LC_ALL=C HOME=tmp TMPDIR=tmp LONG=$(cat programs/long) bin/busybox sh programs/$p.sh > tmp/out 2>tmp/err < /dev/null
                echo "exit $?" >> tmp/out
                sed "s/^/NOTE $p /" tmp/err
                if cmp -s expected/$p tmp/out; then
                    echo "VERDICT $p same $(cut -d ' ' -f 1 /proc/uptime)"
                else
                    echo "VERDICT $p different $(cut -d ' ' -f 1 /proc/uptime)"
                    diff expected/$p tmp/out | head -n 40
                fi
                rm -rf tmp/*
            done < programs/list
            echo PROGRAMS-END
            poweroff -f
            """;

    private GuestArchitecture machine;
    private Path root;
    private ProgramsHere here;

    private boolean chosen(GuestProgram p) {
        return p.runsOn(machine) && switch (WHICH) {
            case "short" -> p.isShort(machine);
            case "long" -> true;
            default -> List.of(WHICH.split(",")).contains(p.name());
        };
    }

    @ParameterizedTest
    @EnumSource
    void programsPrintTheSameInTheGuest(GuestArchitecture architecture) throws Exception {
        assumeTrue(ARCHITECTURES.contains(architecture.label), "not among -Dprograms.architectures");
        machine = architecture;
        root = Path.of("target", "programs", architecture.label).toAbsolutePath();
        Prerequisite.program("apt-get");
        Prerequisite.program("dpkg-deb");
        Prerequisite.program("gcc");
        List<GuestProgram> programs = GuestProgram.all().stream().filter(this::chosen).toList();
        assertTrue(!programs.isEmpty(), "no program is called " + WHICH);
        long start = System.nanoTime();
        build(programs);
        Map<String, Double> seconds = new LinkedHashMap<>();
        Path expected = Files.createDirectories(root.resolve("expected"));
        for (GuestProgram p : programs) {
            long from = System.nanoTime();
            Files.write(expected.resolve(p.name()), here.run(p, LONG));
            delete(root.resolve("tmp"));
            Files.createDirectories(root.resolve("tmp"));
            seconds.put(p.name(), (System.nanoTime() - from) / 1e9);
        }
        byte[] disk = disk();
        long built = System.nanoTime();
        String console = runInGuest(disk).replace("\r", "");
        System.out.printf(architecture.label + ": compared with " + here.name() + "; tree and expected output: %.1f s; RAM disk %,d bytes; guest %.1f s%n", (built - start) / 1e9, disk.length, (System.nanoTime() - built) / 1e9);
        report(programs, seconds, console);
    }

    /** The tree of packages, scripts, sources and their data. */
    private void build(List<GuestProgram> programs) throws Exception {
        delete(root);
        here = ProgramsHere.in(root, machine);
        PackageTree tree = new PackageTree(root, machine.label, System.out::println);
        Set<String> packages = new LinkedHashSet<>(List.of(EVERYWHERE));
        programs.forEach(p -> packages.addAll(p.packages(machine)));
        try {
            tree.add(packages);
        } catch (IOException e) {
            Prerequisite.missing("packages cannot be fetched: " + e.getMessage());
        }
        Files.createDirectories(root.resolve("tmp"));
        Path directory = Files.createDirectories(root.resolve("programs"));
        Files.writeString(directory.resolve("prelude"), machine.prelude() + here.prelude());
        Files.write(directory.resolve("data"), data());
        Files.writeString(directory.resolve("long"), LONG ? "yes" : "");
        FixedKeys.write(directory);
        compile(directory, List.of("entropy", "entropy.c"));
        List<String> names = new ArrayList<>();
        for (GuestProgram p : programs) {
            Files.copy(p.script(), directory.resolve(p.name() + ".sh"));
            for (List<String> b : p.builds(machine)) {
                compile(directory, b);
            }
            for (List<String> command : p.prepares()) {
                here.prepare(command);
            }
            names.add(p.name());
        }
        Files.write(directory.resolve("list"), names);
    }

    /** Text that compresses, and bytes that don't. */
    private static byte[] data() {
        SplittableRandom random = new SplittableRandom(1);
        StringBuilder b = new StringBuilder();
        while (b.length() < DATA_BYTES) {
            int n = random.nextInt(2000);
            b.append(random.nextInt(4) == 0 ? Long.toString(random.nextLong(), 36) : "line " + n + " of " + n * n).append(random.nextInt(8) == 0 ? '\n' : ' ');
        }
        return b.toString().getBytes(StandardCharsets.US_ASCII);
    }

    private void compile(Path directory, List<String> build) throws Exception {
        List<String> command = new ArrayList<>(List.of("gcc", machine.width, "-static", "-O2", "-std=gnu11", "-fno-builtin", "-frounding-math"));
        command.addAll(build.subList(1, build.size() - 1));
        Path source = GuestProgram.directory().resolve(build.get(build.size() - 1)).toAbsolutePath();
        command.addAll(List.of("-o", directory.resolve(build.get(0)).toString(), source.toString(), "-lm"));
        run(directory, command);
    }

    private static void run(Path directory, List<String> command) throws Exception {
        Process p = new ProcessBuilder(command).directory(directory.toFile()).inheritIO().start();
        assertEquals(0, p.waitFor(), () -> String.join(" ", command));
    }

    private byte[] disk() throws IOException {
        Initramfs disk = new Initramfs().tree(root);
        for (String d : new String[] {"dev", "proc", "sys"}) {
            disk.directory(d);
        }
        disk.characterDevice("dev/console", 5, 1).characterDevice("dev/null", 1, 3).characterDevice("dev/ttyS0", 4, 64);
        for (String applet : new String[] {"cat", "cmp", "cut", "diff", "env", "head", "mount", "poweroff", "rm", "sed", "sh"}) {
            disk.link("bin/" + applet, "busybox");
        }
        return disk.program("init", INIT.getBytes(StandardCharsets.US_ASCII)).plain();
    }

    /** Unpacked here: the kernel would take longer for that than for all else it does until it runs programs. */
    private KernelImage kernel() throws Exception {
        return DebianGuest.unpackedKernel(machine.guest);
    }

    private String runInGuest(byte[] disk) throws Exception {
        Path initrd = Files.write(root.resolveSibling(machine.label + ".cpio"), disk);
        Path kernel = root.resolveSibling(machine.label + "-kernel");
        Files.write(kernel, kernel().array());
        List<String> command = new ArrayList<>(GearshiftCommand.words());
        command.addAll(List.of("run", "--stats", "--clock", "virtual", "-m", MEMORY, "--kernel", kernel.toString(), "--initrd", initrd.toString(), "--append", APPEND));
        command.addAll(machine.processor);
        command.addAll(ARGUMENTS.isEmpty() ? List.of() : List.of(ARGUMENTS.split(" ")));
        Process p = new ProcessBuilder(command).redirectErrorStream(true).redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile())).start();
        StringBuilder console = new StringBuilder();
        try (BufferedReader r = p.inputReader(StandardCharsets.US_ASCII)) {
            for (String line = r.readLine(); line != null; line = r.readLine()) {
                console.append(line).append('\n');
                if (SHOWN) {
                    System.out.println(line);
                }
            }
        } finally {
            p.destroy();
        }
        String text = console.toString();
        assertEquals(0, p.waitFor(), () -> String.join(" ", command) + "\n" + text.substring(Math.max(0, text.length() - 3000)));
        return text;
    }

    /** A line for each program; fails if one is missing or different. */
    private static void report(List<GuestProgram> programs, Map<String, Double> seconds, String console) {
        Map<String, String> verdicts = new LinkedHashMap<>();
        Map<String, Double> until = new LinkedHashMap<>();
        console.lines().filter(l -> l.startsWith("VERDICT ")).map(l -> l.split(" ")).forEach(w -> {
            verdicts.put(w[1], w[2]);
            until.put(w[1], Double.parseDouble(w[3]));
        });
        double before = -1;
        StringBuilder table = new StringBuilder();
        for (GuestProgram p : programs) {
            double end = until.getOrDefault(p.name(), Double.NaN);
            String guest = before < 0 ? "" : String.format("%.1f", end - before);
            table.append(String.format("%-10s %-20s %8.2f %8s  %s%n", verdicts.getOrDefault(p.name(), "missing"), p.name(), seconds.get(p.name()), guest, p.what()));
            before = end;
        }
        System.out.printf("%-10s %-20s %8s %8s%n%s", "verdict", "program", "here, s", "guest, s", table);
        console.lines().filter(l -> l.startsWith("NOTE ")).forEach(System.out::println);
        Set<String> bad = new LinkedHashSet<>();
        programs.forEach(p -> {
            if (!"same".equals(verdicts.get(p.name()))) {
                bad.add(p.name());
            }
        });
        int begin = Math.max(0, console.indexOf("PROGRAMS-BEGIN"));
        assertTrue(bad.isEmpty(), () -> bad + " differ; the console:\n" + console.substring(begin));
    }

    private static void delete(Path tree) throws IOException {
        if (!Files.exists(tree)) {
            return;
        }
        try (Stream<Path> s = Files.walk(tree)) {
            for (Path f : s.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(f);
            }
        }
    }
}
