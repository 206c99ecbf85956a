package org.gearshift.translator.x86.lift;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Set;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Printer;
import org.gearshift.translator.x86.IsaExtension;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Instructions exist where the processor has their extension and the system has enabled them (SDM vol. 3, tables 2-1, 13-1 and 13-2; vol. 2, 2.4). */
class ExtensionsTest {
    private static final long FLAT32 = X86Mode.PROTECTED | X86Mode.CODE32 | X86Mode.STACK32 | X86Mode.FLAT_CS | X86Mode.FLAT_DS | X86Mode.FLAT_ES
            | X86Mode.FLAT_SS;
    private static final long START = 0x1000;
    private static final int UD = 6;
    private static final int NM = 7;
    private static final int NONE = -1;

    private static Block lift(X86Lifter lifter, String hex, long mode) {
        byte[] code = HexFormat.of().parseHex(hex.replace(" ", ""));
        return lifter.lift(a -> a - START < code.length ? code[(int) (a - START)] & 0xff : 0x90, START, mode, 1);
    }

    /** The exception that a block begins with, or NONE. */
    private static int exception(Block b) {
        for (Insn i : b.insns()) {
            if (i.op() == Op.VMCALL && i.imm() == X86Service.RAISE.ordinal()) {
                return (int) i.arg(0).imm();
            }
            if (i.op() == Op.VMCALL && i.imm() == X86Service.UNIMPLEMENTED.ordinal()) {
                return UD;
            }
        }
        return NONE;
    }

    @ParameterizedTest
    @CsvSource({
        "0f fc c1, MMX", "0f e0 c1, SSE", "66 0f fc c1, SSE2", "66 0f 7c c1, SSE3", "0f 38 00 c1, SSSE3", "66 0f 38 00 c1, SSSE3", "66 0f 38 40 c1, SSE4_1",
        "66 0f 38 37 c1, SSE4_2", "f2 0f 38 f1 c1, SSE4_2", "f3 0f b8 c1, POPCNT", "0f 38 f0 07, MOVBE", "66 0f 38 dc c1, AES", "66 0f 3a 44 c1 00, PCLMULQDQ",
        "0f 38 c8 c1, SHA", "66 0f 38 cf c1, GFNI", "c5 f0 58 c1, AVX", "c5 f5 fc c1, AVX2", "c4 e2 71 98 c1, FMA", "c4 e2 79 13 c1, F16C",
        "c4 e2 71 dc c1, AES", "c4 e2 70 f2 c1, BMI1", "c4 e2 70 f5 c1, BMI2", "66 0f 38 f6 c1, ADX", "0f 44 c1, CMOV", "0f c7 0f, CX8", "0f c7 f0, RDRAND", "0f ae 07, FXSR",
        "db e8, CMOV", "db 0f, SSE3"})
    void anInstructionOfAnExtensionThatIsNotThereRaisesInvalidOpcode(String hex, IsaExtension extension) {
        long mode = FLAT32 | X86Mode.OSFXSR | X86Mode.OSXSAVE | X86Mode.AVX;
        Set<IsaExtension> others = EnumSet.allOf(IsaExtension.class);
        others.remove(extension);
        assertEquals(UD, exception(lift(new X86Lifter(others), hex, mode)));
        assertEquals(NONE, exception(lift(new X86Lifter(), hex, mode)));
        assertEquals(NONE, exception(lift(new X86Lifter(EnumSet.of(extension)), hex, mode)));
    }

    @ParameterizedTest
    @CsvSource({"f3 0f bc c1, 0f bc c1", "f3 0f bd c1, 0f bd c1"})
    void bitCountsAreBitScansWithoutTheirExtension(String count, String scan) {
        X86Lifter old = new X86Lifter(EnumSet.of(IsaExtension.CMOV));
        String expected = Printer.print(lift(old, scan, FLAT32), X86State.LAYOUT);
        assertEquals(expected.replace("bytes 3", "bytes 4").replace("0x1003", "0x1004"), Printer.print(lift(old, count, FLAT32), X86State.LAYOUT));
        assertNotEquals(expected.replace("bytes 3", "bytes 4").replace("0x1003", "0x1004"), Printer.print(lift(new X86Lifter(), count, FLAT32), X86State.LAYOUT));
    }

    /** CR0.EM, CR0.TS, CR4.OSFXSR, AVX state enabled: the exceptions of an MMX, an SSE, an AVX instruction, and of one of x87. */
    @ParameterizedTest
    @CsvSource({
        "0, 0, 0, 0,  -1, 6, 6, -1",
        "0, 0, 1, 0,  -1, -1, 6, -1",
        "0, 0, 1, 1,  -1, -1, -1, -1",
        "0, 0, 0, 1,  -1, 6, -1, -1",
        "0, 1, 1, 1,  7, 7, 7, 7",
        "0, 1, 0, 0,  7, 6, 6, 7",
        "1, 0, 1, 1,  6, 6, -1, 7",
        "1, 1, 1, 1,  6, 6, 7, 7"})
    void controlRegistersDecide(int em, int ts, int osfxsr, int avx, int mmx, int sse, int vex, int x87) {
        long mode = FLAT32 | (em != 0 ? X86Mode.EM : 0) | (ts != 0 ? X86Mode.TS : 0) | (osfxsr != 0 ? X86Mode.OSFXSR : 0)
                | (avx != 0 ? X86Mode.OSXSAVE | X86Mode.AVX : 0);
        X86Lifter lifter = new X86Lifter();
        assertEquals(mmx, exception(lift(lifter, "0f fc c1", mode)));
        assertEquals(mmx, exception(lift(lifter, "0f 77", mode)), "EMMS");
        assertEquals(sse, exception(lift(lifter, "66 0f fc c1", mode)));
        assertEquals(sse, exception(lift(lifter, "0f 2a c1", mode)), "CVTPI2PS");
        assertEquals(sse, exception(lift(lifter, "0f ae 17", mode)), "LDMXCSR");
        assertEquals(vex, exception(lift(lifter, "c5 f1 fc c1", mode)));
        assertEquals(vex, exception(lift(lifter, "c5 f8 ae 17", mode)), "VLDMXCSR");
        assertEquals(x87, exception(lift(lifter, "d8 c1", mode)));
        assertEquals(NONE, exception(lift(lifter, "c4 e2 70 f2 c1", mode)), "ANDN needs no enabling");
    }
}
