package org.gearshift.vmm.debug;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.gearshift.testing.OwnThread;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.device.SerialBackend;
import org.gearshift.vmm.engine.EngineOptions;

/** A machine with a program of a few instructions, in flat 32-bit or 64-bit mode at 1 MiB, that stands before the first of them. */
final class DebuggedProgram implements AutoCloseable {
    static final long ENTRY = 0x100000;
    private static final int BLOCKS = 50;
    private static final long PATIENCE_MILLIS = 60_000;

    final Vm vm;
    final Debugger debugger;
    private CompletableFuture<VmOutcome> outcome;

    private DebuggedProgram(Vm vm) {
        this.vm = vm;
        debugger = vm.debugger();
    }

    static VmConfig config(VmConfig.Clock clock, int cpus) {
        EngineOptions compiling = new EngineOptions(EngineOptions.Backend.JVM, BLOCKS, EngineOptions.DEFAULT_REGION_INSNS, EngineOptions.DEFAULT_DOMINANCE, true, false);
        return new VmConfig(16 << 20, clock, compiling, cpus);
    }

    static Vm machine(String code, VmConfig config, boolean wide) throws Exception {
        KernelImage image = new KernelImage("program", elf(HexFormat.of().parseHex(code.replace(" ", "")), wide));
        Vm vm = new Vm(config, Vm.processorFor(image), SerialBackend.NONE);
        vm.load(image, new byte[0], "", "");
        return vm;
    }

    private static byte[] elf(byte[] program, boolean wide) {
        ByteBuffer b = ByteBuffer.allocate(0x1000 + program.length).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(0, 0x464c457f).put(4, (byte) (wide ? 2 : 1)).put(5, (byte) 1).put(6, (byte) 1).putShort(16, (short) 2).putShort(18, (short) (wide ? 62 : 3)).putInt(20, 1);
        if (wide) {
            b.putLong(24, ENTRY).putLong(32, 64).putShort(52, (short) 64).putShort(54, (short) 56).putShort(56, (short) 1);
            b.putInt(64, 1).putInt(68, 7).putLong(72, 0x1000).putLong(80, ENTRY).putLong(88, ENTRY).putLong(96, program.length).putLong(104, program.length);
        } else {
            b.putInt(24, (int) ENTRY).putInt(28, 52).putShort(40, (short) 52).putShort(42, (short) 32).putShort(44, (short) 1);
            b.putInt(52, 1).putInt(56, 0x1000).putInt(60, (int) ENTRY).putInt(64, (int) ENTRY).putInt(68, program.length).putInt(72, program.length).putInt(76, 7);
        }
        b.position(0x1000).put(program);
        return b.array();
    }

    /** A 32-bit program on the virtual clock. */
    static DebuggedProgram of(String code) throws Exception {
        return of(code, config(VmConfig.Clock.VIRTUAL, 1), false);
    }

    static DebuggedProgram of(String code, VmConfig config, boolean wide) throws Exception {
        DebuggedProgram p = new DebuggedProgram(machine(code, config, wide));
        p.debugger.attach(true);
        p.debugger.pause();
        p.outcome = OwnThread.start(() -> p.vm.run(Long.MAX_VALUE));
        assertEquals(Stop.Reason.PAUSE, p.waits().reason());
        return p;
    }

    DebuggedCpu cpu() {
        return debugger.cpus().get(0);
    }

    long register(String name) {
        return cpu().registers().get(name);
    }

    /** Waits until it stands. */
    Stop waits() throws InterruptedException {
        Stop s = debugger.awaitStop(PATIENCE_MILLIS);
        assertNotNull(s, "it does not stop");
        return s;
    }

    Stop goesOn() throws InterruptedException {
        debugger.resume();
        return waits();
    }

    Stop steps() throws InterruptedException {
        debugger.resume(cpu -> Debugger.Action.STEP);
        return waits();
    }

    Breakpoint breakAt(long address) {
        Breakpoint b = Breakpoint.at(address);
        debugger.traps().add(b);
        return b;
    }

    /** Lets it go without any more stops. */
    VmOutcome ends() throws Exception {
        debugger.detach();
        return outcome.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        vm.quit();
        outcome.orTimeout(PATIENCE_MILLIS, TimeUnit.MILLISECONDS).join();
    }
}
