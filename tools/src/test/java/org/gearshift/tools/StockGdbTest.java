package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gearshift.testing.OwnThread;
import org.gearshift.testing.Prerequisite;
import org.gearshift.tools.debug.KernelSymbols;
import org.gearshift.tools.debug.MonitorCommands;
import org.gearshift.tools.gdb.GdbMonitor;
import org.gearshift.tools.gdb.GdbServer;
import org.gearshift.tools.symbols.SymbolReader;
import org.gearshift.tools.symbols.SymbolTable;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.boot.KernelCode;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.replay.Origin;
import org.gearshift.vmm.replay.Timeline;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Debian's gdb debugs Debian's kernels, from before their first instruction on; the kernels are unpacked first, which saves the time they would take for that. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StockGdbTest {
    private static final String START = """
            set pagination off
            set confirm off
            set tcp connect-timeout 60
            target remote localhost:%d
            hbreak start_kernel
            info threads
            continue
            bt 3
            stepi
            info registers $pc cr3
            x/i $pc
            monitor cpus
            delete
            """;
    private static final String WATCH = """
            watch *(long *) &jiffies
            continue
            continue
            info threads
            monitor regs cr3
            delete
            """;

    private static final String BACK = """
            set pagination off
            set confirm off
            set tcp connect-timeout 60
            target remote localhost:%d
            hbreak start_kernel
            continue
            delete
            stepi
            p/x $sp
            stepi
            stepi
            reverse-stepi
            reverse-stepi
            p/x $sp
            x/i $pc
            reverse-stepi
            x/i $pc
            watch *(long *) &jiffies
            continue
            continue
            reverse-continue
            reverse-continue
            bt 1
            delete
            hbreak start_kernel
            reverse-continue
            x/i $pc
            delete
            reverse-continue
            stepi
            detach
            """;

    @TempDir
    Path dir;

    @Test
    void aKernelOf64BitsWithTwoProcessors() throws Exception {
        String said = debug("debian-amd64", START + WATCH + "detach\n", true);
        assertMatches("hit Breakpoint 1, .* in start_kernel \\(\\)", said);
        assertMatches("#0 .*start_kernel \\(\\)\\R#1 .*secondary_startup_64_no_verify \\(\\)", said);
        assertMatches("2 +Thread 2 \\(CPU#1 ", said);
        assertMatches("=> 0xffffffff81[0-9a-f]+ <__fentry__>", said);
        assertMatches("CPU 0  pc ffffffff81[0-9a-f]+ <__fentry__>  64-bit mode, CPL 0", said);
        assertTicks(said);
        assertMatches("\\[Inferior 1 \\(Remote target\\) detached\\]", said);
    }

    @Test
    void aKernelOf32BitsWithTwoProcessors() throws Exception {
        String said = debug("debian-686-pae", START + "detach\n", false);
        assertMatches("hit Breakpoint 1, .* in start_kernel \\(\\)", said);
        assertMatches("#0 .*start_kernel \\(\\)\\R#1 .*i386_start_kernel \\(\\)", said);
        assertMatches("=> 0xc1[0-9a-f]+ <__fentry__>", said);
        assertMatches("CPU 0  pc c1[0-9a-f]+ <__fentry__>  32-bit protected mode, CPL 0", said);
    }

    @Test
    void backwards() throws Exception {
        String said = debug("debian-686-pae", BACK, false, 1);
        Matcher stack = Pattern.compile("\\$[12] = (0x[0-9a-f]+)").matcher(said);
        assertTrue(stack.find(), said);
        String before = stack.group(1);
        assertTrue(stack.find() && stack.group(1).equals(before), said);
        assertMatches("=> 0xc1[0-9a-f]+ <__fentry__>.*\\R.*in start_kernel \\(\\)\\R=> 0xc[0-9a-f]+ <start_kernel>", said);
        // Forwards twice, and the same backwards: what is old is new.
        Matcher ticks = Pattern.compile("Old value = (-?\\d+)\\R.*New value = (-?\\d+)").matcher(said);
        List<Long> values = new ArrayList<>();
        while (ticks.find()) {
            values.add(Long.parseLong(ticks.group(2)) - Long.parseLong(ticks.group(1)));
        }
        assertEquals(List.of(1L, 1L, -1L, -1L), values, said);
        assertMatches("#0 .*do_timer \\(\\)", said);
        assertMatches("Breakpoint 3, .*in start_kernel \\(\\)\\R=> 0xc[0-9a-f]+ <start_kernel>", said);
        assertMatches("No more reverse-execution history", said);
    }

    private static void assertMatches(String pattern, String text) {
        assertTrue(Pattern.compile(pattern).matcher(text).find(), () -> pattern + " is not in:\n" + text);
    }

    /** The watchpoint on jiffies was hit twice, and each time it had become one more. */
    private static void assertTicks(String said) {
        Matcher m = Pattern.compile("Old value = (-?\\d+)\\R.*New value = (-?\\d+)\\R.* in do_timer \\(\\)").matcher(said);
        int ticks = 0;
        while (m.find()) {
            ticks++;
            assertEquals(Long.parseLong(m.group(1)) + 1, Long.parseLong(m.group(2)), said);
        }
        assertEquals(2, ticks, said);
    }

    /** Runs a guest under gdb with a script, and, after that, until it has printed something more. @return what gdb has printed */
    private String debug(String guest, String script, boolean wide) throws Exception {
        return debug(guest, script, wide, 2);
    }

    /** The same with any number of processors; with one, the guest can go back in time. */
    private String debug(String guest, String script, boolean wide, int cpus) throws Exception {
        Prerequisite.program("gdb");
        KernelImage packed = DebianGuest.kernel(guest);
        SymbolTable symbols = SymbolReader.read(guest, packed.array());
        KernelImage kernel = KernelCode.of(packed).segments().get(0).file();
        Path elf = dir.resolve("symbols");
        SymbolFile.write(elf, symbols.symbols(), wide);
        ByteArrayOutputStream serial = new ByteArrayOutputStream();
        CompletableFuture<Void> left = new CompletableFuture<>();
        CompletableFuture<Void> goesOn = new CompletableFuture<>();
        VmConfig config = new VmConfig(256 << 20, VmConfig.Clock.VIRTUAL, EngineOptions.of(EngineOptions.Backend.JVM), cpus);
        Vm vm = new Vm(cpus == 1 ? config.with(Timeline.inMemory(Origin.USUAL)) : config, Vm.processorFor(kernel), b -> {
            serial.write(b);
            if (left.isDone()) {
                goesOn.complete(null);
            }
        });
        vm.load(kernel, new byte[0], "", "earlyprintk=serial console=ttyS0 nokaslr panic=-1");
        KernelSymbols names = new KernelSymbols(symbols);
        GdbMonitor monitor = new MonitorCommands(vm, () -> names);
        try (GdbServer server = GdbServer.start(vm, new InetSocketAddress("localhost", 0), true, monitor, new PrintWriter(System.out))) {
            CompletableFuture<VmOutcome> run = OwnThread.start(() -> vm.run(Long.MAX_VALUE));
            Path commands = Files.writeString(dir.resolve("commands"), String.format(script, server.port()));
            Path output = dir.resolve("output");
            Process gdb = new ProcessBuilder(List.of("gdb", "-nx", "-q", "-batch", "-x", commands.toString(), elf.toString())).redirectErrorStream(true)
                    .redirectOutput(output.toFile()).start();
            assertTrue(gdb.waitFor(3, TimeUnit.MINUTES), () -> "gdb hangs");
            String said = Files.readString(output);
            left.complete(null);
            goesOn.get(2, TimeUnit.MINUTES);
            vm.quit();
            assertEquals(VmOutcome.POWER_OFF, run.get(1, TimeUnit.MINUTES).exitCode());
            return said;
        }
    }
}
