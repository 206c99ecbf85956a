package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.gearshift.testing.Prerequisite;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.boot.KernelCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the debugger says of a Linux guest is what the guest says of itself: of its kernel's messages, and of its modules. */
@Timeout(value = 20, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LinuxInDebuggerTest {
    /** One that three others are used by, and one that nobody uses. */
    private static final List<String> MODULES = List.of("crc16", "mbcache", "jbd2", "crc32c_generic", "ext4", "dummy");
    private static final String[] APPLETS = {"cat", "dmesg", "echo", "grep", "insmod", "mount", "poweroff", "sh"};
    /** Functions of the last module, which no other and not the kernel has. */
    private static final List<String> FUNCTIONS = List.of("dummy_setup", "dummy_xmit", "dummy_get_stats64", "dummy_validate");
    private static final String INIT = """
            #!/bin/sh
            mount -t proc proc /proc
            for m in %s; do insmod /lib/$m.ko; done
            echo -e 'two\\nlines' > /dev/kmsg
            echo 4 > /proc/sys/kernel/printk
            echo GUEST-MODULES; cat /proc/modules
            echo GUEST-NAMES; grep '.dummy.$' /proc/kallsyms
            echo GUEST-MESSAGES; dmesg
            echo GUEST-END
            poweroff -f
            """;

    private static final String MAIN = "main [cfi], __libc_start_call_main [cfi], __libc_start_main [cfi], _start [cfi]";
    private static final Path PROGRAM = Path.of("src/test/resources/org/gearshift/tools/unwind/enters.c");

    @TempDir
    Path dir;

    private Path initrd(String guest, String script, Path... programs) throws Exception {
        Initramfs disk = new Initramfs();
        for (String d : new String[] {"bin", "dev", "lib", "proc"}) {
            disk.directory(d);
        }
        disk.characterDevice("dev/console", 5, 1).characterDevice("dev/null", 1, 3).characterDevice("dev/kmsg", 1, 11);
        disk.program("bin/busybox", DebianGuest.busybox(guest));
        for (String applet : APPLETS) {
            disk.link("bin/" + applet, "busybox");
        }
        for (Map.Entry<String, byte[]> m : DebianGuest.modules(guest, MODULES).entrySet()) {
            disk.program("lib/" + m.getKey() + ".ko", m.getValue());
        }
        for (Path p : programs) {
            disk.program(p.getFileName().toString(), Files.readAllBytes(p));
        }
        byte[] init = String.format(script, String.join(" ", MODULES)).getBytes(StandardCharsets.US_ASCII);
        return Files.write(dir.resolve("initrd"), disk.program("init", init).gzip());
    }

    /** The 32-bit kernel carries no types, and names functions only. */
    @ParameterizedTest
    @ValueSource(strings = {"debian-amd64", "debian-686-pae"})
    void messagesAndModulesAreThoseTheGuestSees(String guest) throws Exception {
        assumeTrue(guest.endsWith("amd64") || Boolean.getBoolean("debian.full"), "-Ddebian.full=true");
        Path kernel = unpacked(guest);
        Path console = dir.resolve("console");
        List<String> line = new ArrayList<>(List.of("debug", "--clock", "virtual", "--append", "console=ttyS0 quiet cryptomgr.notests", "--kernel", kernel.toString(),
                "--initrd", initrd(guest, INIT).toString(), "--serial", "file:" + console, "--batch", "-e", "tbreak kernel_power_off", "-e", "continue"));
        FUNCTIONS.forEach(f -> line.addAll(List.of("-e", "symbol " + f)));
        line.addAll(List.of("-e", "print 0x700000001", "-e", "lsmod", "-e", "print 0x700000002", "-e", "dmesg", "-e", "print 0x700000003", "-e", "dmesg 1", "-e", "quit"));
        CommandLineRun run = CommandLineRun.of(line.toArray(new String[0]));
        assertEquals(0, run.code(), run.out() + run.err());
        String said = Files.readString(console).replace("\r", "");
        assertTrue(said.contains("GUEST-END"), said);

        List<String> modules = lines(said, "GUEST-MODULES", "GUEST-NAMES").stream().map(LinuxInDebuggerTest::asListed).toList();
        List<String> seen = lines(run.out(), mark(1), mark(2));
        assertTrue(modules.size() == MODULES.size() && modules.stream().anyMatch(m -> m.matches("jbd2 \\d+ 1 ext4")), () -> modules + "");
        assertEquals(modules, seen.subList(1, seen.size()).stream().map(l -> l.replaceFirst("^[0-9a-f]+ ", "").replaceAll(" +", " ")).toList());

        List<String> names = lines(said, "GUEST-NAMES", "GUEST-MESSAGES");
        for (String f : FUNCTIONS) {
            String there = names.stream().filter(l -> l.matches("[0-9a-f]+ [tT] " + f + "\\s\\[dummy]")).findFirst().orElseThrow(() -> new AssertionError(f + ": " + names));
            assertTrue(run.out().contains("\n" + there.split(" ")[0] + " <" + f + ">\n"), () -> there + "\n" + run.out());
        }

        List<String> messages = lines(said, "GUEST-MESSAGES", "GUEST-END");
        List<String> log = lines(run.out(), mark(2), mark(3));
        assertEquals(messages, log.subList(0, messages.size()));
        assertTrue(messages.size() > 100 && messages.get(0).contains("Linux version") && messages.stream().anyMatch(m -> m.endsWith("] lines")), () -> messages + "");
        assertTrue(run.out().endsWith(mark(3) + "\n" + log.get(log.size() - 1) + "\n"), run.out());
    }

    /**
     * The guest's own unwinder reads the same tables, and prints what it finds when the kernel panics. Before that two programs without frame pointers, of 64 and of 32 bits, enter the kernel, and
     * have a signal's handler called: the stack leads on in them.
     */
    @Test
    void callersAreThoseTheGuestSees() throws Exception {
        Path kernel = unpacked("debian-amd64");
        Path console = dir.resolve("console");
        Path first = compiled("first", "-m64");
        Path second = compiled("second", "-m32");
        CommandLineRun run = CommandLineRun.of("debug", "--program", first.toString(), "--program", second.toString(), "--clock", "virtual", "--append", "console=ttyS0 quiet panic=-1 cryptomgr.notests", "--kernel", kernel.toString(),
                "--initrd", initrd("debian-amd64", "#!/bin/sh\n# %s\n/first\ninsmod /lib/dummy.ko\nexit 1\n", first, second).toString(), "--serial", "file:" + console, "--batch",
                "-e", "tbreak tick_handle_periodic", "-e", "continue", "-e", "bt",
                "-e", "tbreak __x64_sys_sched_yield", "-e", "continue", "-e", "bt", "-e", "tbreak in_handler", "-e", "continue", "-e", "bt",
                "-e", "tbreak __ia32_sys_sched_yield", "-e", "continue", "-e", "bt", "-e", "tbreak second.in_handler", "-e", "continue", "-e", "bt",
                "-e", "tbreak __rtnl_link_register", "-e", "continue", "-e", "bt",
                "-e", "tbreak dump_stack_lvl", "-e", "continue", "-e", "bt", "-e", "finish", "-e", "continue");
        assertEquals(VmOutcome.RESET, run.code(), run.out() + run.err());

        programsGoOn(run.out());

        List<String> inModule = frames(run.out(), "__rtnl_link_register");
        assertTrue(inModule.get(1).matches("#1 +[0-9a-f]+ <[\\w.]*init_module\\+0x[0-9a-f]+> \\[orc\\]") && inModule.get(2).matches("#2 +.* <do_one_initcall\\+0x[0-9a-f]+> \\[orc\\]"), inModule + "");
        assertTrue(inModule.get(inModule.size() - 1).matches("#\\d+ +.* <entry_SYSCALL_64_after_hwframe\\+0x[0-9a-f]+> \\[orc\\]"), inModule + "");

        List<String> interrupt = frames(run.out(), "tick_handle_periodic");
        assertTrue(interrupt.stream().anyMatch(f -> f.endsWith("[orc, interrupted]")) && interrupt.stream().noneMatch(f -> f.endsWith("?")), interrupt + "");

        List<String> own = ownTrace(Files.readString(console));
        List<String> seen = frames(run.out(), "dump_stack_lvl").stream().map(f -> f.replaceAll(".*<|>.*", "")).toList();
        assertEquals(own.subList(1, own.size()), seen.subList(1, seen.size()));
        assertTrue(run.out().contains("reached\n=> ") && run.out().contains("<" + seen.get(1) + ">: "), run.out());
    }

    /**
     * The same under a 32-bit kernel, which has frame pointers: its own unwinder goes by them as well. The program's library enters the kernel by way of what Linux gives each process (vDSO); the signal and the module
     * are as above.
     */
    @Test
    void callersAreThoseThe32BitGuestSees() throws Exception {
        Path kernel = unpacked("debian-686-pae");
        Path console = dir.resolve("console");
        Path first = compiled("first", "-m32");
        CommandLineRun run = CommandLineRun.of("debug", "--program", first.toString(), "--clock", "virtual", "--append", "console=ttyS0 quiet panic=-1 cryptomgr.notests", "--kernel", kernel.toString(),
                "--initrd", initrd("debian-686-pae", "#!/bin/sh\n# %s\n/first\ninsmod /lib/dummy.ko\nexit 1\n", first).toString(), "--serial", "file:" + console, "--batch",
                "-e", "tbreak main", "-e", "continue", "-e", "tbreak do_sigaction", "-e", "continue", "-e", "bt", "-e", "step 40", "-e", "bt",
                "-e", "tbreak do_sched_yield", "-e", "continue", "-e", "bt", "-e", "tbreak in_handler", "-e", "continue", "-e", "bt",
                "-e", "tbreak update_process_times", "-e", "continue", "-e", "bt", "-e", "tbreak run_timer_softirq", "-e", "continue", "-e", "bt",
                "-e", "tbreak __rtnl_link_register", "-e", "continue", "-e", "bt", "-e", "tbreak dump_stack_lvl", "-e", "continue", "-e", "bt", "-e", "finish", "-e", "continue");
        assertEquals(VmOutcome.RESET, run.code(), run.out() + run.err());

        List<String> stacks = stacks(run.out());
        String inLibrary = " entry_SYSENTER_32,  [user], __libc_sigaction [cfi], sigaction [cfi], " + MAIN;
        assertEquals(2, stacks.stream().filter(s -> s.endsWith(inLibrary)).count(), run.out());
        assertTrue(stacks.stream().anyMatch(s -> s.endsWith(" entry_INT80_32, enter_kernel [user], outer [cfi], " + MAIN)), run.out());
        assertTrue(stacks.contains("in_handler, skipping [cfi],  [cfi, signal], interrupted [cfi, interrupted], " + MAIN), run.out());
        assertTrue(stacks.stream().anyMatch(s -> s.matches("update_process_times, .*, handle_exception(, \\w*( \\[(interrupted|user|cfi)])?)*")), run.out());
        assertTrue(stacks.stream().anyMatch(s -> s.matches("run_timer_softirq, .*, call_on_stack, do_softirq_own_stack, .*, handle_exception, .*")), run.out());
        assertTrue(stacks.stream().anyMatch(s -> s.matches("__rtnl_link_register, init_module, do_one_initcall, .*, entry_SYSENTER_32,.*")), run.out());
        assertFalse(run.out().contains(" ?\n"), run.out());

        List<String> own = ownTrace(Files.readString(console));
        List<String> seen = frames(run.out(), "dump_stack_lvl").stream().map(f -> f.replaceAll(".*<|>.*", "")).toList();
        assertEquals(own.subList(1, own.size()), seen.subList(1, own.size()));
        assertTrue(run.out().contains("reached\n=> ") && run.out().contains("<" + seen.get(1) + ">: "), run.out());
    }

    /** What the guest's kernel has printed of its own stack, but for what it does not vouch for. */
    private static List<String> ownTrace(String console) {
        String said = console.replace("\r", "");
        List<String> own = said.substring(said.indexOf("Call Trace:")).lines().filter(l -> l.matches("\\[[ .0-9]+\\]  [\\w.]+\\+0x.*"))
                .map(l -> l.replaceAll("^\\S+ *[.0-9]*\\] +|/0x.*", "")).takeWhile(l -> !l.startsWith("RIP")).toList();
        assertTrue(own.size() > 4, said);
        return own;
    }

    /** Each stack of a listing as one line: names of functions, and how they were found. */
    private static List<String> stacks(String said) {
        return said.lines().filter(l -> l.startsWith("#")).map(l -> l.replaceAll("^#(\\d+) +[0-9a-f]+( <([\\w.]+)[^>]*>)?", "$1 $3"))
                .map(l -> l.startsWith("0 ") ? "\n" + l.substring(2) : ", " + l.replaceAll("^\\d+ ", "")).collect(Collectors.joining()).lines().toList();
    }

    private static void programsGoOn(String said) {
        String main32 = MAIN.replaceAll("\\w+ \\[", "second.$0");
        List<String> stacks = stacks(said);
        assertTrue(stacks.stream().anyMatch(s -> s.endsWith(" [orc], enter_kernel [orc, user], outer [cfi], " + MAIN)), said);
        assertTrue(stacks.contains("in_handler, skipping [cfi], __restore_rt [cfi, signal], interrupted [cfi, interrupted], " + MAIN), said);
        assertTrue(stacks.stream().anyMatch(s -> s.endsWith(" [orc], second.enter_kernel [orc, user], second.outer [cfi], " + main32)), said);
        assertTrue(stacks.contains("second.in_handler, second.skipping [cfi],  [cfi, signal], second.interrupted [cfi, interrupted], " + main32), said);
    }

    private Path compiled(String name, String width) throws Exception {
        Prerequisite.program("gcc");
        Path to = dir.resolve(name);
        Process p = new ProcessBuilder(List.of("gcc", width, "-O2", "-static", "-fomit-frame-pointer", "-o", to.toString(), PROGRAM.toAbsolutePath().toString()))
                .redirectErrorStream(true).start();
        String said = new String(p.getInputStream().readAllBytes());
        assertEquals(0, p.waitFor(), said);
        return to;
    }

    /** The listing of the stack whose first function has a name. */
    private static List<String> frames(String text, String function) {
        List<String> lines = text.lines().dropWhile(l -> !l.matches("#0 +[0-9a-f]+ <" + function + ">")).takeWhile(l -> l.startsWith("#")).toList();
        assertFalse(lines.isEmpty(), () -> function + ": " + text);
        return lines;
    }

    private Path unpacked(String guest) throws Exception {
        return Files.write(dir.resolve("vmlinux"), KernelCode.of(DebianGuest.kernel(guest)).segments().get(0).file().array());
    }

    /** What {@code print} says of a number that is no address of a symbol. */
    private static String mark(int i) {
        return String.format("0x70000000%d = %d", i, 0x700000000L + i);
    }

    /** A line of {@code /proc/modules} without what the debugger does not say: {@code name size references users state address}. */
    private static String asListed(String line) {
        String[] w = line.split(" ");
        return (w[0] + " " + w[1] + " " + w[2] + " " + (w[3].equals("-") ? "" : w[3].replaceFirst(",$", ""))).strip();
    }

    private static List<String> lines(String text, String from, String to) {
        String between = text.substring(text.indexOf(from + "\n") + from.length() + 1);
        return Arrays.asList(between.substring(0, between.indexOf(to + "\n")).split(Pattern.quote("\n")));
    }
}
