package org.gearshift.vmm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.device.SerialBackend;
import org.gearshift.vmm.engine.EngineOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How runs end, and what guests may not cost the host: programs of a few instructions, in flat protected mode at 1 MiB. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VmTest {
    /** Where programs are. */
    private static final int ENTRY = 0x100000;
    /** Counter 0 of the interval timer as a rate generator: mov al, 34h; out 43h, al; mov al, 0; out 40h, al twice. */
    private static final String START_TIMER = "b034 e643 b000 e640 e640";
    private static final String CLI = "fa";
    private static final String STI = "fb";
    private static final String HLT = "f4";
    /** mov al, ffh; out 21h, al; out a1h, al. */
    private static final String MASK_ALL = "b0ff e621 e6a1";

    static Vm load(String code) throws BootException {
        byte[] program = HexFormat.of().parseHex(code.replace(" ", ""));
        ByteBuffer elf = ByteBuffer.allocate(0x1000 + program.length).order(ByteOrder.LITTLE_ENDIAN);
        elf.putInt(0, 0x464c457f).put(4, (byte) 1).put(5, (byte) 1).put(6, (byte) 1).putShort(16, (short) 2).putShort(18, (short) 3).putInt(20, 1);
        elf.putInt(24, ENTRY).putInt(28, 52).putShort(40, (short) 52).putShort(42, (short) 32).putShort(44, (short) 1);
        elf.putInt(52, 1).putInt(56, 0x1000).putInt(60, ENTRY).putInt(64, ENTRY).putInt(68, program.length).putInt(72, program.length).putInt(76, 7);
        elf.position(0x1000).put(program);
        Vm vm = new Vm(new VmConfig(16 << 20, VmConfig.Clock.VIRTUAL, EngineOptions.of(EngineOptions.Backend.JVM)), SerialBackend.NONE);
        vm.load(new KernelImage("program", elf.array()), new byte[0], "", "");
        return vm;
    }

    @Test
    void haltedWithInterruptsOffIsTheEndThoughTimersRun() throws Exception {
        assertEquals(VmOutcome.DEAD, load(START_TIMER + CLI + HLT).run(Long.MAX_VALUE).exitCode());
    }

    @Test
    void aGuestThatWaitsForMaskedInterruptsCanBeEndedByTheUser() throws Exception {
        Vm vm = load(START_TIMER + MASK_ALL + STI + HLT);
        vm.quit();
        assertEquals(VmOutcome.POWER_OFF, vm.run(Long.MAX_VALUE).exitCode());
    }

    @Test
    void aRunStopsAtItsLimitExactly() throws Exception {
        Vm vm = load("40 40 ebfc"); // inc eax; inc eax; jmp back
        assertEquals(VmOutcome.LIMIT, vm.run(1_000_001).exitCode());
        assertEquals(1_000_001, vm.engine().retired());
    }

    @Test
    void anExceptionWithoutHandlersIsATripleFault() throws Exception {
        VmOutcome o = load("0f0b").run(Long.MAX_VALUE); // ud2
        assertEquals(VmOutcome.TRIPLE_FAULT, o.exitCode());
        assertTrue(o.message().contains("00100000"), o.message());
    }

    /** Each access to a device makes the engine step, and look for a block at the next address: one block of 32 instructions per byte of code. */
    @Test
    void codeThatIsNewAtEveryAddressDoesNotFillTheHost() throws Exception {
        // mov edi, 200000h; mov ecx, 180000h; mov al, 0; cld; rep stosb fills with zeros: add [eax], al. Then on to them with eax in device space.
        Vm vm = load("bf00002000 b900001800 b000 fc f3aa b80000c0fe b900002000 ffe1");
        assertEquals(VmOutcome.LIMIT, vm.run(700_000).exitCode());
        long blocks = vm.engine().statistics().blocks;
        assertTrue(blocks > 700_000, "blocks: " + blocks);
        assertTrue(vm.engine().statistics().invalidatedBlocks > 0, "everything was kept: " + blocks + " blocks");
    }
}
