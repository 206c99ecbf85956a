package org.gearshift.translator.x86.lift;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HexFormat;
import org.gearshift.ir.Block;
import org.gearshift.ir.GuestFault;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Terminator;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.Test;

/** Where blocks begin and end. */
class X86LifterTest {
    private static final long FLAT32 = X86Mode.PROTECTED | X86Mode.CODE32 | X86Mode.STACK32 | X86Mode.FLAT_CS | X86Mode.FLAT_DS
            | X86Mode.FLAT_ES | X86Mode.FLAT_SS;
    private static final int NO_LIMIT = 32;

    private final X86Lifter lifter = new X86Lifter();

    private Block lift(String hex, long pc, long mode, int maxInsns) {
        byte[] code = HexFormat.of().parseHex(hex.replace(" ", ""));
        long start = X86Mode.csBase(mode) + pc;
        return lifter.lift(a -> {
            if (a < start || a >= start + code.length) {
                throw new GuestFault();
            }
            return code[(int) (a - start)] & 0xff;
        }, pc, mode, maxInsns);
    }

    private static void assertEnd(Block b, Terminator.Kind kind, long target, int insns, int bytes) {
        assertEquals(kind, b.terminator().kind());
        assertEquals(target, b.terminator().target());
        assertEquals(insns, b.guestInsns());
        assertEquals(bytes, b.guestBytes());
    }

    @Test
    void aBranchEndsTheBlock() {
        Block b = lift("40 75fd 90", 0xc0001000L, FLAT32, NO_LIMIT);
        assertEnd(b, Terminator.Kind.BRANCH, 0xc0001000L, 2, 3);
        assertEquals(0xc0001003L, b.terminator().otherwise());
    }

    @Test
    void theNumberOfInstructionsIsLimited() {
        assertEnd(lift("90 90 90 90", 0x1000, FLAT32, 3), Terminator.Kind.GOTO, 0x1003, 3, 3);
    }

    @Test
    void theBlockEndsBeforeTheNextPage() {
        assertEnd(lift("40 40 40 40", 0x1ffe, FLAT32, NO_LIMIT), Terminator.Kind.GOTO, 0x2000, 2, 2);
    }

    @Test
    void anInstructionAcrossThePageBoundaryEndsTheBlock() {
        assertEnd(lift("40 b878563412 40", 0x1ffd, FLAT32, NO_LIMIT), Terminator.Kind.GOTO, 0x2003, 2, 6);
    }

    @Test
    void theBlockEndsBeforeAnInstructionThatCannotBeFetched() {
        assertEnd(lift("40 b87856", 0x1000, FLAT32, NO_LIMIT), Terminator.Kind.GOTO, 0x1001, 1, 1);
    }

    @Test
    void aFetchFaultOfTheFirstInstructionPropagates() {
        assertThrows(GuestFault.class, () -> lift("b87856", 0x1000, FLAT32, NO_LIMIT));
    }

    @Test
    void whatFollowsStiBelongsToItsBlockAndEndsIt() {
        assertEnd(lift("90 fb 40 40", 0x1000, FLAT32, NO_LIMIT), Terminator.Kind.EXIT, 0x1003, 3, 3);
        assertEnd(lift("fb eb10", 0x1000, FLAT32, NO_LIMIT), Terminator.Kind.EXIT, 0x1013, 2, 3);
        assertEquals(Terminator.Kind.EXIT_TO_STATE, lift("fb c3", 0x1000, FLAT32, NO_LIMIT).terminator().kind());
        assertEquals(Terminator.Kind.EXIT_TO_STATE, lift("fb 0f35", 0x1000, FLAT32, NO_LIMIT).terminator().kind(), "back to a program, as Linux does it");
    }

    @Test
    void whatTheEngineMustSeeBehindStiIsLeftToIt() {
        for (String next : new String[] {"f4", "fb", "8ed0", "17", "cf", "0f34", "75fd", "0f22d8", "e610"}) {
            assertEnd(lift("fb" + next + "90", 0x1000, FLAT32, NO_LIMIT), Terminator.Kind.EXIT, 0x1001, 1, 1);
        }
        assertEnd(lift("fb 40", 0x1000, FLAT32, 1), Terminator.Kind.EXIT, 0x1001, 1, 1);
        assertEnd(lift("fb 40", 0x1fff, FLAT32, NO_LIMIT), Terminator.Kind.EXIT, 0x2000, 1, 1);
    }

    @Test
    void codeGoesOnBehindSegmentLoadsWhereTheModeStays() {
        Block b = lift("8ed8 40 8ee0 40", 0x1000, FLAT32, NO_LIMIT);
        assertEnd(b, Terminator.Kind.GOTO, 0x1006, 4, 6);
        assertEquals(1, b.insns().stream().filter(i -> i.op() == Op.CALL).count(), "only DS counts");
        assertEnd(lift("8ed8", 0x1000, FLAT32, NO_LIMIT), Terminator.Kind.EXIT, 0x1002, 1, 2);
        assertEnd(lift("8ed0 40", 0x1000, FLAT32, NO_LIMIT), Terminator.Kind.EXIT, 0x1002, 1, 2);
    }

    @Test
    void jumpsWithSixteenBitOperandsStayInTheFirst64KiB() {
        assertEnd(lift("66 e90000", 0xc0001ffcL, FLAT32, NO_LIMIT), Terminator.Kind.GOTO, 0x2000, 1, 4);
        assertEnd(lift("eb fe", 0xfffe, 0, NO_LIMIT), Terminator.Kind.GOTO, 0xfffe, 1, 2);
    }

    @Test
    void codeIsFetchedRelativeToTheSegmentBase() {
        long mode = X86Mode.PROTECTED | X86Mode.CODE32 | X86Mode.STACK32 | 0xfffff000L << 32;
        byte[] code = {(byte) 0x90, (byte) 0xeb, 0};
        Block b = lifter.lift(a -> code[(int) a - 0x10] & 0xff, 0x1010, mode, NO_LIMIT);
        assertEnd(b, Terminator.Kind.GOTO, 0x1013, 2, 3);
    }

    @Test
    void bytesThatAreNoInstructionRaiseInvalidOpcode() {
        Block b = lift("0f0b", 0x1000, FLAT32, NO_LIMIT);
        Insn call = b.insns().stream().filter(i -> i.op() == Op.VMCALL).findFirst().orElseThrow();
        assertEquals(X86Service.RAISE.ordinal(), call.imm());
        assertEquals(6, call.arg(0).imm());
        assertEquals(2, b.guestBytes());
    }

    @Test
    void sixteenBytesAreTooManyAndRaiseGeneralProtection() {
        Block b = lift("66 66 66 66 66 66 66 66 66 66 66 66 66 66 66 90", 0x1000, FLAT32, NO_LIMIT);
        Insn call = b.insns().stream().filter(i -> i.op() == Op.VMCALL).findFirst().orElseThrow();
        assertEquals(13, call.arg(0).imm());
        assertEquals(0, call.arg(1).imm());
    }

    @Test
    void loadingTheStackSegmentShadowsInterruptsAndLeaves() {
        for (String code : new String[] {"8ed0 90", "17 90"}) {
            Block b = lift(code, 0x1000, FLAT32, NO_LIMIT);
            assertEquals(Terminator.Kind.EXIT, b.terminator().kind());
            assertEquals(1, b.insns().stream().filter(i -> i.op() == Op.PUT && i.imm() == X86State.INT_SHADOW && i.arg(0).imm() == X86State.SHADOW_SS).count());
        }
    }

    @Test
    void flatSegmentsCostNothing() {
        Block b = lift("8b4608 c3", 0x1000, FLAT32, NO_LIMIT);
        assertEquals(0, b.insns().stream().filter(i -> i.op() == Op.SEGCHECK).count());
        assertEquals(0, b.insns().stream().filter(i -> i.op() == Op.GET && i.imm() >= X86State.SEG_SELECTOR).count());
    }

    @Test
    void segmentsThatAreNotFlatAreCheckedAndAdded() {
        Block b = lift("65 8b4608 c3", 0x1000, FLAT32, NO_LIMIT);
        Insn check = b.insns().stream().filter(i -> i.op() == Op.SEGCHECK).findFirst().orElseThrow();
        assertEquals(X86State.SEG_READ_LIMIT + X86State.GS, check.segCheckLimitSlot());
        assertEquals(4, check.segCheckBytes());
        assertEquals(1, b.insns().stream().filter(i -> i.op() == Op.GET && i.imm() == X86State.SEG_BASE + X86State.GS).count());
    }

    @Test
    void aComparisonFusesWithItsBranch() {
        Block b = lift("39d8 7c00", 0x1000, FLAT32, NO_LIMIT);
        assertEquals(Op.SLT, b.terminator().value().op());
    }

    @Test
    void aRepeatedStringInstructionLoopsThroughItsOwnPc() {
        Block b = lift("90 f3a4", 0x1000, FLAT32, NO_LIMIT);
        assertEnd(b, Terminator.Kind.BRANCH, 0x1001, 2, 3);
        assertEquals(0x1003, b.terminator().otherwise());
    }
}
