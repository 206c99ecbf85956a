package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.gearshift.testing.Prerequisite;
import org.gearshift.tools.guest.PackageTree;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Debian's kernels on four processors, with a root of Debian's packages in their RAM disk: what runs on all processors at once has the right results.
 *
 * <p>{@code -Dsmp=long} runs all checks, of both architectures; {@code -Dsmp=NAME,NAME...} those named; {@code -Dsmp.architectures=i386} those of one architecture;
 * {@code -Dsmp.cpus=N} with another number of processors; {@code -Dsmp.console=true} shows the console meanwhile; {@code -Dsmp.qemu=true} runs the same in QEMU, a thread a
 * processor, for comparison; {@code -Dsmp.loops=N} says how many messages each
 * sender of hackbench sends, {@code -Dsmp.litmus=N} how many times 10,240 each litmus test is done.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProcessorsInGuestTest {
    private static final String WHICH = System.getProperty("smp", "short");
    private static final boolean SHORT = WHICH.equals("short");
    private static final List<String> ARCHITECTURES = List.of(System.getProperty("smp.architectures", SHORT ? "amd64" : "i386,amd64").split(","));
    private static final int CPUS = Integer.getInteger("smp.cpus", 4);
    private static final boolean SHOWN = Boolean.getBoolean("smp.console");
    private static final boolean QEMU = Boolean.getBoolean("smp.qemu");
    private static final Path SOURCES = Path.of("src/test/resources/org/gearshift/tools/processors");
    private static final String APPEND = "console=ttyS0 panic=-1 quiet cryptomgr.notests";
    private static final int HACKBENCH_LOOPS = Integer.getInteger("smp.loops", 20);
    private static final int LITMUS_SCALE = Integer.getInteger("smp.litmus", 100);
    private static final String MEMORY = "1536M";
    private static final List<String> EVERYWHERE = List.of("busybox-static", "libc6");
    private static final List<String> STRESS_NG = List.of(("stress-ng libapparmor1 libbsd0 libmd0 libcrypt1 libegl1 libgbm1 libgles2 libglvnd0 libdrm2 libexpat1 "
            + "libwayland-server0 libffi8 libxcb-randr0 libxcb1 libxau6 libxdmcp6 libjpeg62-turbo libjudydebian1 libkmod2 libzstd1 liblzma5 libssl3 libsctp1 libxxhash0 "
            + "zlib1g").split(" "));
    private static final List<String> COMPILER = List.of(("make gcc-12 cpp-12 binutils libbinutils libctf-nobfd0 libctf0 libjansson4 libgprofng0 libstdc++6 libgcc-s1 "
            + "libgmp10 libisl23 libmpfr6 libmpc3 libzstd1 zlib1g libgcc-12-dev libc6-dev linux-libc-dev libcrypt-dev").split(" "));

    /** Shell scripts of the same name; each must end with 0. */
    private enum Check {
        PROCESSORS(true, List.of()),
        LITMUS(false, List.of()),
        HACKBENCH(false, List.of("rt-tests", "libnuma1")),
        MAKE(false, COMPILER),
        STRESS_NG(false, ProcessorsInGuestTest.STRESS_NG),
        STRESS_SHARED(false, ProcessorsInGuestTest.STRESS_NG);

        final boolean inShort;
        final List<String> packages;

        Check(boolean inShort, List<String> packages) {
            this.inShort = inShort;
            this.packages = packages;
        }

        String label() {
            return name().toLowerCase().replace('_', '-');
        }

        boolean isChosen() {
            return WHICH.equals("long") || (SHORT ? inShort : List.of(WHICH.split(",")).contains(label()));
        }

        List<String> packages(GuestArchitecture a) {
            List<String> all = new ArrayList<>(packages);
            if (packages == COMPILER) {
                // Names of packages have no underscore.
                all.add("binutils-" + a.toolTriplet.replace('_', '-'));
            } else if (packages == ProcessorsInGuestTest.STRESS_NG && a == GuestArchitecture.AMD64) {
                all.add("libipsec-mb1");
            }
            return all;
        }
    }

    private static final String INIT = """
            #!/bin/busybox sh
            export PATH=/bin:/usr/bin LC_ALL=C HOME=/tmp CPUS=%d HACKBENCH_LOOPS=%d LITMUS_SCALE=%d
            mount -t proc proc /proc
            mount -t sysfs sys /sys
            mount -t devtmpfs dev /dev
            mkdir -p /dev/shm
            mount -t tmpfs shm /dev/shm
            mount -t tmpfs tmp /tmp
            ulimit -c 0
            echo CHECKS-BEGIN
            for c in %s; do
                cd /tmp
                sh /checks/$c.sh > /tmp/out 2>&1
                code=$?
                sed "s/^/OUT $c /" /tmp/out
                echo "CHECK $c $code"
            done
            poweroff -f
            """;

    @TempDir
    Path dir;

    /** What came of a check, how long it took and how much of the host's processors. */
    private record Result(String check, int code, List<String> out, double seconds, double cpuSeconds) { }

    @ParameterizedTest
    @EnumSource
    void whatRunsOnAllProcessorsIsRight(GuestArchitecture architecture) throws Exception {
        assumeTrue(ARCHITECTURES.contains(architecture.label), "not among -Dsmp.architectures");
        Prerequisite.program("apt-get");
        Prerequisite.program("dpkg-deb");
        Prerequisite.program("gcc");
        List<Check> checks = Stream.of(Check.values()).filter(Check::isChosen).toList();
        assertTrue(!checks.isEmpty(), "no check is called " + WHICH);
        Path disk = Files.write(dir.resolve("root.cpio"), disk(architecture, checks));
        Path kernel = dir.resolve("kernel");
        Files.write(kernel, DebianGuest.unpackedKernel(architecture.guest).array());
        List<Result> results = run(gearshift(architecture, kernel, disk), checks);
        report("Gearshift", architecture, results);
        assertRight(architecture, results);
        if (QEMU) {
            results = run(qemu(architecture, disk), checks);
            report("QEMU", architecture, results);
            assertRight(architecture, results);
        }
    }

    private byte[] disk(GuestArchitecture architecture, List<Check> checks) throws Exception {
        Path root = dir.resolve("root");
        boolean compiles = checks.contains(Check.MAKE);
        PackageTree tree = new PackageTree(root, architecture.label, System.out::println);
        if (compiles) {
            String gcc = "usr/lib/gcc/" + architecture.toolTriplet + "/12/";
            tree.forCompiling(List.of(gcc + "lto1", gcc + "lto-wrapper", "usr/bin/" + architecture.toolTriplet + "-lto-dump-12", "usr/lib/python3", "usr/share/python3"));
        }
        Set<String> packages = new LinkedHashSet<>(EVERYWHERE);
        checks.forEach(c -> packages.addAll(c.packages(architecture)));
        try {
            tree.add(packages);
        } catch (IOException e) {
            Prerequisite.missing("packages cannot be fetched: " + e.getMessage());
        }
        Path scripts = Files.createDirectories(root.resolve("checks"));
        for (Check c : checks) {
            Files.copy(SOURCES.resolve(c.label() + ".sh"), scripts.resolve(c.label() + ".sh"));
        }
        if (checks.contains(Check.LITMUS)) {
            execute(Path.of("").toAbsolutePath(), List.of("gcc", architecture.width, "-O2", "-std=gnu11", "-w", "-static", "-pthread", "-I", "../samples/src/main/processors",
                    "-o", scripts.resolve("litmus").toString(), SOURCES.resolve("litmus-threads.c").toString()));
        }
        if (compiles) {
            copySources(Files.createDirectories(scripts.resolve("tree")));
            Files.createSymbolicLink(root.resolve("usr/bin/gcc"), Path.of("gcc-12"));
        }
        Initramfs disk = new Initramfs();
        for (String d : new String[] {"dev", "proc", "sys", "tmp"}) {
            disk.directory(d);
        }
        disk.tree(root).characterDevice("dev/console", 5, 1).characterDevice("dev/null", 1, 3).characterDevice("dev/ttyS0", 4, 64);
        for (String applet : new String[] {"awk", "cat", "cp", "grep", "mkdir", "mount", "poweroff", "rm", "sed", "sh", "sha256sum", "sort", "taskset", "uniq"}) {
            disk.link("bin/" + applet, "busybox");
        }
        String names = String.join(" ", checks.stream().map(Check::label).toList());
        return disk.program("init", String.format(INIT, CPUS, HACKBENCH_LOOPS, LITMUS_SCALE, names).getBytes(StandardCharsets.US_ASCII)).plain();
    }

    private static void copySources(Path to) throws IOException {
        try (Stream<Path> s = Files.list(SOURCES.resolve("tree"))) {
            for (Path f : s.toList()) {
                Files.copy(f, to.resolve(f.getFileName().toString()));
            }
        }
    }

    private static List<String> gearshift(GuestArchitecture architecture, Path kernel, Path disk) throws IOException {
        List<String> command = new ArrayList<>(GearshiftCommand.words());
        command.addAll(List.of("run", "--stats", "--cpus", Integer.toString(CPUS), "-m", MEMORY, "--kernel", kernel.toString(), "--initrd", disk.toString(), "--append", APPEND));
        command.addAll(architecture.processor);
        return command;
    }

    private static List<String> qemu(GuestArchitecture architecture, Path disk) throws IOException {
        String program = architecture == GuestArchitecture.AMD64 ? "qemu-system-x86_64" : "qemu-system-i386";
        Prerequisite.program(program);
        return List.of(program, "-accel", "tcg,thread=multi", "-smp", Integer.toString(CPUS), "-cpu", "max", "-m", MEMORY, "-nographic", "-no-reboot", "-kernel",
                DebianGuest.kernelFile(architecture.guest).toString(), "-initrd", disk.toString(), "-append", APPEND);
    }

    private static List<Result> run(List<String> command, List<Check> checks) throws Exception {
        Process p = new ProcessBuilder(command).redirectErrorStream(true).redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile())).start();
        StringBuilder console = new StringBuilder();
        Map<String, List<String>> out = new LinkedHashMap<>();
        List<Result> results = new ArrayList<>();
        double cpu = 0;
        long wall = System.nanoTime();
        try (BufferedReader r = p.inputReader(StandardCharsets.ISO_8859_1)) {
            for (String line = r.readLine(); line != null; line = r.readLine()) {
                console.append(line).append('\n');
                if (SHOWN) {
                    System.out.println(line);
                }
                String[] words = line.split(" ", 3);
                // What firmware wrote may stand in the same line.
                boolean booted = line.endsWith("CHECKS-BEGIN");
                if (words[0].equals("OUT") && words.length == 3) {
                    out.computeIfAbsent(words[1], k -> new ArrayList<>()).add(words[2]);
                } else if (words[0].equals("CHECK") || booted) {
                    double now = p.toHandle().info().totalCpuDuration().map(Duration::toNanos).orElse(0L) / 1e9;
                    String check = booted ? "boot" : words[1];
                    results.add(new Result(check, booted ? 0 : Integer.parseInt(words[2]), out.getOrDefault(check, List.of()), (System.nanoTime() - wall) / 1e9, now - cpu));
                    cpu = now;
                    wall = System.nanoTime();
                }
            }
        } finally {
            p.destroy();
        }
        String text = console.toString();
        int code = p.waitFor();
        String tail = text.substring(Math.max(0, text.length() - 6000));
        assertEquals(0, code, () -> String.join(" ", command) + "\n" + tail);
        List<String> expected = new ArrayList<>(List.of("boot"));
        checks.forEach(c -> expected.add(c.label()));
        assertEquals(expected, results.stream().map(Result::check).toList(), tail);
        for (String bad : new String[] {"BUG:", "WARNING:", "rcu_sched", "rcu_preempt", "soft lockup", "Call Trace", "general protection", "segfault"}) {
            assertTrue(!text.contains(bad), () -> "the kernel says \"" + bad + "\":\n" + text.substring(Math.max(0, text.indexOf(bad) - 500), Math.min(text.length(), text.indexOf(bad) + 3000)));
        }
        return results;
    }

    private static void report(String who, GuestArchitecture architecture, List<Result> results) {
        for (Result r : results) {
            System.out.printf("%-10s %-6s %d processors  %-14s %7.1f s %8.1f CPU s%n", who, architecture.label, CPUS, r.check, r.seconds, r.cpuSeconds);
            if (!r.check.equals("make")) {
                r.out.forEach(l -> System.out.println("    " + l));
            }
        }
    }

    private void assertRight(GuestArchitecture architecture, List<Result> results) throws Exception {
        for (Result r : results) {
            assertEquals(0, r.code, () -> r.check + ":\n" + String.join("\n", r.out));
            if (r.check.equals("make")) {
                assertEquals(workHere(architecture), r.out, "what the program printed that was built in the guest, and here");
            }
            if (r.check.startsWith("stress")) {
                assertTrue(r.out.stream().noneMatch(l -> l.contains("fail:")), () -> String.join("\n", r.out));
            }
        }
    }

    /** What the program of the tree prints when it is built on this machine. */
    private List<String> workHere(GuestArchitecture architecture) throws Exception {
        Prerequisite.program("make");
        Path tree = dir.resolve("here");
        if (!Files.exists(tree)) {
            copySources(Files.createDirectories(tree));
        }
        execute(tree, List.of("make", "-s", "CC=gcc " + architecture.width));
        return Arrays.asList(execute(tree, List.of("./work")).split("\n"));
    }

    private static String execute(Path directory, List<String> command) throws Exception {
        Process p = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).start();
        String out = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, p.waitFor(), () -> String.join(" ", command) + ": " + out);
        return out;
    }
}
