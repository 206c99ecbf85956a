package org.gearshift.translator.x86.lift;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HexFormat;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real mode: 16-bit offsets and stack, segment bases and limits. The data segments lie over the memory window. */
class SegmentedModeTest {
    private static final long MODE = (long) LiftedProcessor.CODE << 32;
    private static final int GENERAL_PROTECTION = 13;
    private static final int STACK_FAULT = 12;

    private final LiftedProcessor cpu = new LiftedProcessor(MODE);

    @BeforeEach
    void sixtyFourKilobyteSegments() {
        cpu.s[X86State.DF] = 1;
        for (int seg = 0; seg < 6; seg++) {
            cpu.s[X86State.SEG_BASE + seg] = MachineState.WINDOW;
            cpu.s[X86State.SEG_LIMIT + seg] = 0xffff;
            cpu.s[X86State.SEG_READ_LIMIT + seg] = 0xffff;
            cpu.s[X86State.SEG_WRITE_LIMIT + seg] = 0xffff;
        }
        cpu.s[X86State.SEG_BASE + X86State.CS] = LiftedProcessor.CODE;
    }

    private int run(String hex) {
        return cpu.execute(HexFormat.of().parseHex(hex.replace(" ", "")));
    }

    private long register(int slot) {
        return cpu.s[slot] & 0xffff_ffffL;
    }

    @Test
    void offsetsWrapAt64KiB() {
        cpu.s[X86State.RBX] = 0xffff;
        cpu.s[X86State.RSI] = 0x11;
        // mov byte [bx+si+10h], 5; mov al, [20h]
        assertEquals(-1, run("c6401005 a02000"));
        assertEquals(5, register(X86State.RAX));
    }

    @Test
    void aWordAtTheLastOffsetExceedsTheLimit() {
        cpu.s[X86State.RBX] = 0xffff;
        assertEquals(GENERAL_PROTECTION, run("8b07"));
        assertEquals(STACK_FAULT, run("36 8b07"));
    }

    @Test
    void pushAndPopUseSpAndKeepTheUpperHalfOfEsp() {
        cpu.s[X86State.RSP] = 0x7fff0080;
        cpu.s[X86State.RAX] = 0x12345678;
        // push ax; pop cx; push eax
        assertEquals(-1, run("50 59 6650"));
        assertEquals(0x5678, register(X86State.RCX));
        assertEquals(0x7fff007c, register(X86State.RSP));
    }

    @Test
    void theStackPointerWrapsAt64KiB() {
        cpu.s[X86State.SEG_BASE + X86State.SS] = MachineState.WINDOW - 0xffc0;
        cpu.s[X86State.RSP] = 0x10000;
        cpu.s[X86State.RAX] = 0x77;
        assertEquals(-1, run("50"));
        assertEquals(0x1fffe, register(X86State.RSP));
        assertEquals(-1, run("59"));
        assertEquals(0x77, register(X86State.RCX));
        assertEquals(0x10000, register(X86State.RSP));
    }

    @Test
    void callAndReturnKeepSixteenBits() {
        cpu.s[X86State.RSP] = 0x80;
        // call +1; hlt (jumped over); pop ax
        assertEquals(-1, run("e80100 f4 58"));
        assertEquals(3, register(X86State.RAX));
        assertEquals(0x80, register(X86State.RSP));
    }

    @Test
    void segmentOverridesSelectTheBase() {
        cpu.s[X86State.SEG_BASE + X86State.FS] = MachineState.WINDOW + 0x40;
        // mov byte fs:[0], 9; mov al, [40h]
        assertEquals(-1, run("64 c606000009 a04000"));
        assertEquals(9, register(X86State.RAX));
    }

    @Test
    void aWriteToAReadOnlySegmentFaultsBeforeRegistersChange() {
        cpu.s[X86State.SEG_WRITE_LIMIT + X86State.DS] = -1;
        cpu.s[X86State.RAX] = 1;
        assertEquals(GENERAL_PROTECTION, run("8606 0000"));
        assertEquals(1, register(X86State.RAX));
        assertEquals(GENERAL_PROTECTION, run("0006 0000"));
    }

    @Test
    void codeBeyondTheLimitOfItsSegmentFaults() {
        cpu.s[X86State.SEG_LIMIT + X86State.CS] = 2;
        assertEquals(GENERAL_PROTECTION, run("40 41 b80000"));
        assertEquals(1, register(X86State.RCX));
    }

    @Test
    void repeatedStringsUseCxSiDi() {
        cpu.s[X86State.RCX] = 0x50004;
        cpu.s[X86State.RSI] = 0x50010;
        cpu.s[X86State.RDI] = 0x50020;
        // mov dword [10h], 04030201h; rep movsb; mov eax, [20h]
        assertEquals(-1, run("66c706100001020304 f3a4 66a12000"));
        assertEquals(0x04030201, register(X86State.RAX));
        assertEquals(0x50000, register(X86State.RCX));
        assertEquals(0x50014, register(X86State.RSI));
        assertEquals(0x50024, register(X86State.RDI));
    }

    @Test
    void aRepeatedStringStopsAtTheSegmentLimit() {
        cpu.s[X86State.SEG_WRITE_LIMIT + X86State.ES] = 0x21;
        cpu.s[X86State.RCX] = 10;
        cpu.s[X86State.RDI] = 0x1e;
        assertEquals(GENERAL_PROTECTION, run("f3aa"));
        assertEquals(6, register(X86State.RCX));
        assertEquals(0x22, register(X86State.RDI));
    }
}
