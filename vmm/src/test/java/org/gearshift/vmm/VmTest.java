package org.gearshift.vmm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
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
@Timeout(value = 240, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VmTest {
    /** Where programs are. */
    private static final int ENTRY = 0x100000;
    /** Counter 0 of the interval timer as a rate generator: mov al, 34h; out 43h, al; mov al, 0; out 40h, al twice. */
    private static final String START_TIMER = "b034 e643 b000 e640 e640";
    private static final String CLI = "fa";
    private static final String STI = "fb";
    private static final String HLT = "f4";
    /** Vectors from 20h, all but line 0 masked. */
    private static final String INITIALIZE_PIC = "b011 e620 b020 e621 b004 e621 b001 e621 b0fe e621";
    /** mov al, ffh; out 21h, al; out a1h, al. */
    private static final String MASK_ALL = "b0ff e621 e6a1";

    private static final VmConfig CONFIG = new VmConfig(16 << 20, VmConfig.Clock.VIRTUAL, EngineOptions.of(EngineOptions.Backend.JVM));

    static Vm load(String code) throws BootException {
        return load(code, CONFIG);
    }

    static Vm load(String code, VmConfig config) throws BootException {
        byte[] program = HexFormat.of().parseHex(code.replace(" ", ""));
        ByteBuffer elf = ByteBuffer.allocate(0x1000 + program.length).order(ByteOrder.LITTLE_ENDIAN);
        elf.putInt(0, 0x464c457f).put(4, (byte) 1).put(5, (byte) 1).put(6, (byte) 1).putShort(16, (short) 2).putShort(18, (short) 3).putInt(20, 1);
        elf.putInt(24, ENTRY).putInt(28, 52).putShort(40, (short) 52).putShort(42, (short) 32).putShort(44, (short) 1);
        elf.putInt(52, 1).putInt(56, 0x1000).putInt(60, ENTRY).putInt(64, ENTRY).putInt(68, program.length).putInt(72, program.length).putInt(76, 7);
        elf.position(0x1000).put(program);
        Vm vm = new Vm(config, SerialBackend.NONE);
        vm.load(new KernelImage("program", elf.array()), new byte[0], "", "");
        return vm;
    }

    static KernelImage program64(String code) throws BootException {
        byte[] program = HexFormat.of().parseHex(code.replace(" ", ""));
        ByteBuffer elf = ByteBuffer.allocate(0x1000 + program.length).order(ByteOrder.LITTLE_ENDIAN);
        elf.putInt(0, 0x464c457f).put(4, (byte) 2).put(5, (byte) 1).put(6, (byte) 1).putShort(16, (short) 2).putShort(18, (short) 62).putInt(20, 1);
        elf.putLong(24, ENTRY).putLong(32, 64).putShort(52, (short) 64).putShort(54, (short) 56).putShort(56, (short) 1);
        elf.putInt(64, 1).putInt(68, 7).putLong(72, 0x1000).putLong(80, ENTRY).putLong(88, ENTRY).putLong(96, program.length).putLong(104, program.length);
        elf.position(0x1000).put(program);
        return new KernelImage("program", elf.array());
    }

    /** The program writes to the debug-exit port what it has found in RAX: a number that only 64-bit code makes of its bytes. */
    @Test
    void aProgramFor64BitsGetsAProcessorFor64Bits() throws Exception {
        // mov rax, 1234567800000000h; shr rax, 35; and al, 7fh; out f4h, al
        KernelImage k = program64("48b80000000078563412 48c1e823 247f e6f4");
        Vm vm = new Vm(CONFIG, Vm.processorFor(k), SerialBackend.NONE);
        vm.load(k, new byte[0], "", "");
        assertEquals((0x12345678 >>> 3 & 0x7f) << 1 | 1, vm.run(1000).exitCode());
    }

    @Test
    void a64BitKernelIsRefusedByA32BitProcessor() throws Exception {
        BootException e = assertThrows(BootException.class, () -> new Vm(CONFIG, SerialBackend.NONE).load(program64("f4"), new byte[0], "", ""));
        assertTrue(e.getMessage().contains("a 64-bit kernel; this machine's processor is 32-bit"), e.getMessage());
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

    /** Without handlers, the interrupt ends the machine where it is taken. */
    @Test
    void aWaitingInterruptIsTakenBehindTheInstructionThatFollowsSti() throws Exception {
        String waits = INITIALIZE_PIC + START_TIMER + "b900000100 e2fe"; // mov ecx, 10000h; loop to itself
        int behind = ENTRY + waits.replace(" ", "").length() / 2 + 2;
        for (EngineOptions.Backend backend : EngineOptions.Backend.values()) {
            Vm vm = load(waits + STI + "40 40 40", new VmConfig(16 << 20, VmConfig.Clock.VIRTUAL, EngineOptions.of(backend))); // inc eax, three times
            VmOutcome o = vm.run(Long.MAX_VALUE);
            assertEquals(VmOutcome.TRIPLE_FAULT, o.exitCode());
            assertTrue(o.message().contains(String.format("%08x", behind)), o.message());
        }
    }

    /** Functions that a loop behind them calls indirectly, in turn: regions that would be one, were they not too large for that together. */
    @Test
    void regionsTooLargeToBeOneStayThemselves() throws Exception {
        int functions = 8;
        int length = 31;
        String function = "40".repeat(length - 1) + "c3"; // inc eax, 30 times; ret
        int main = 5 + functions * length;
        String code = String.format("e9%08x", Integer.reverseBytes(main - 5)) + function.repeat(functions)
                + "bc00000900 b9801a0600" // mov esp, 90000h; mov ecx, 400000
                // loop: mov ebx, ecx; and ebx, 7; imul ebx, ebx, 31; add ebx, first function; call ebx; dec ecx; jnz loop; cli; hlt
                + String.format("89cb 83e307 6bdb%02x 81c3%08x ffd3 49 75ed fa f4", length, Integer.reverseBytes(ENTRY + 5));
        EngineOptions small = new EngineOptions(EngineOptions.Backend.JVM, 100, 64, EngineOptions.DEFAULT_DOMINANCE, true, false);
        Vm vm = load(code, new VmConfig(16 << 20, VmConfig.Clock.VIRTUAL, small));
        assertEquals(VmOutcome.DEAD, vm.run(Long.MAX_VALUE).exitCode());
        assertEquals(400_000L * (length + 7) + 5, vm.engine().retired());
    }

    /** A chain of branches back to its start, of {@code links} times two blocks, three times what a region holds: each is reached from a region of others. */
    @Test
    void aLoopTooLargeForOneRegionIsNotCompiledAnewFromEachOfItsBlocks() throws Exception {
        int links = 100;
        StringBuilder code = new StringBuilder("bf204e0000"); // mov edi, 20000
        for (int i = 0; i < links; i++) {
            // inc eax; test al, 1 << i; jz over; add edx, eax; xor ebx, eax; add ecx, ebx; over: add esi, 1
            code.append(String.format("40 a8%02x 7406 01c2 31c3 01d9 83c601", 1 << i % 8));
        }
        int loop = links * 14;
        code.append(String.format("4f 0f85%08x fa f4", Integer.reverseBytes(-(loop + 7)))); // dec edi; jnz back; cli; hlt
        Vm vm = load(code.toString());
        assertEquals(VmOutcome.DEAD, vm.run(Long.MAX_VALUE).exitCode());
        long compiled = vm.engine().statistics().regionInsns;
        // Three regions, and some of them again when blocks turn out to be entries: with every region formed without regard to others it was 2,097.
        assertTrue(compiled >= 7L * links && compiled < 1900, "instructions compiled: " + compiled);
    }

    /** Each access to a device makes the engine step, and look for a block at the next address: three blocks for four bytes of code. */
    @Test
    void codeThatIsNewAtEveryAddressDoesNotFillTheHost() throws Exception {
        // mov edi, 200000h; mov ecx, 60000h; mov eax, 00eb0000h; cld; rep stosd fills with add [eax], al and a jump to what follows. Then on to them with eax in device space.
        Vm vm = load("bf00002000 b900000600 b80000eb00 fc f3ab b80000c0fe b900002000 ffe1");
        assertEquals(VmOutcome.LIMIT, vm.run(500_000).exitCode());
        long blocks = vm.engine().statistics().blocks;
        assertTrue(blocks > 700_000, "blocks: " + blocks);
        assertTrue(vm.engine().statistics().invalidatedBlocks > 0, "everything was kept: " + blocks + " blocks");
    }
}
