package org.gearshift.tools.conformance;

import static org.gearshift.translator.x86.decode.Mnemonic.*;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.vmm.cpu.Eflags;

/**
 * What the manual (SDM vol. 2, under the instruction) leaves undefined: compared only under {@code --undefined-flags}, since processors differ. One
 * table; {@code docs/conformance.md} prints it.
 */
public final class UndefinedResults {
    private static final int CF = Eflags.CF;
    private static final int PF = Eflags.PF;
    private static final int AF = Eflags.AF;
    private static final int ZF = Eflags.ZF;
    private static final int SF = Eflags.SF;
    private static final int OF = Eflags.OF;
    private static final int ALL = Eflags.ARITHMETIC;
    /** x87 condition codes in the status word. */
    private static final int C0 = 0x100;
    private static final int C1 = 0x200;
    private static final int C2 = 0x400;
    private static final int C3 = 0x4000;

    private static final BiPredicate<Instruction, Registers> ALWAYS = (i, r) -> true;

    /**
     * A line of the table.
     *
     * @param flags EFLAGS bits
     * @param status x87 status-word bits
     * @param destination the first operand too
     * @param condition when, for a decoded instruction and the registers it began with
     * @param when the same in words, empty for always
     * @param reference where the manual says so
     */
    record Row(Set<Mnemonic> mnemonics, int flags, int status, boolean destination, BiPredicate<Instruction, Registers> condition, String when,
            String reference) {
    }

    private static final List<Row> TABLE = new ArrayList<>();

    static {
        flags(AF, ALWAYS, "", "AND, OR, XOR, TEST: flags affected", AND, OR, XOR, TEST);
        flags(AF, (i, r) -> count(i, r) != 0, "count is not 0", "SAL/SAR/SHL/SHR", SHL, SHR, SAR);
        flags(OF, (i, r) -> count(i, r) > 1, "count is not 1", "SAL/SAR/SHL/SHR", SHL, SHR, SAR);
        flags(CF, (i, r) -> count(i, r) >= i.op(0).bits, "count reaches the operand's size", "SAL/SAR/SHL/SHR", SHL, SHR);
        flags(OF, (i, r) -> count(i, r) > 1, "count is not 1", "RCL/RCR/ROL/ROR", ROL, ROR, RCL, RCR);
        flags(AF, (i, r) -> count(i, r) != 0, "count is not 0", "SHLD, SHRD", SHLD, SHRD);
        flags(OF, (i, r) -> count(i, r) > 1, "count is not 1", "SHLD, SHRD", SHLD, SHRD);
        TABLE.add(new Row(EnumSet.of(SHLD, SHRD), ALL, 0, true, (i, r) -> count(i, r) > i.op(0).bits, "count is greater than the operand's size",
                "SHLD, SHRD: description"));
        flags(SF | ZF | AF | PF, ALWAYS, "", "MUL, IMUL: flags affected", MUL, IMUL);
        flags(ALL, ALWAYS, "", "DIV, IDIV: flags affected", DIV, IDIV);
        flags(OF | SF | AF | PF, ALWAYS, "", "BT, BTC, BTR, BTS", BT, BTS, BTR, BTC);
        flags(CF | OF | SF | AF | PF, ALWAYS, "", "BSF, BSR: flags affected", BSF, BSR);
        TABLE.add(new Row(EnumSet.of(BSF, BSR), 0, 0, true, ALWAYS, "source is 0 (taken as undefined only then, see Comparison)", "BSF, BSR: description"));
        flags(OF | SF | PF | AF, ALWAYS, "", "LZCNT, TZCNT: flags affected", LZCNT, TZCNT);
        flags(OF, ALWAYS, "", "DAA, DAS", DAA, DAS);
        flags(OF | SF | ZF | PF, ALWAYS, "", "AAA, AAS", AAA, AAS);
        flags(OF | AF | CF, ALWAYS, "", "AAM, AAD", AAM, AAD);
        flags(AF | PF, ALWAYS, "", "ANDN, BLSI, BLSMSK, BLSR, BZHI", ANDN, BLSI, BLSMSK, BLSR, BZHI);
        flags(AF | SF | PF, ALWAYS, "", "BEXTR", BEXTR);
        TABLE.add(new Row(EnumSet.of(BSWAP), 0, 0, true, (i, r) -> i.op(0).bits == 16, "operand has 16 bits", "BSWAP: description"));
        status(C0 | C2 | C3, range(FLD, FLDZ));
        status(C0 | C2 | C3, range(FADD, FIDIVR));
        status(C0 | C2 | C3, EnumSet.of(FABS, FCHS, FRNDINT, FSCALE, FSQRT, FXTRACT, FPATAN, F2XM1, FYL2X, FYL2XP1, FINCSTP, FDECSTP));
        status(C1, EnumSet.of(FCOMI, FCOMIP, FUCOMI, FUCOMIP));
        status(C0 | C3, EnumSet.of(FSIN, FCOS, FSINCOS, FPTAN));
        status(C0 | C1 | C2 | C3, EnumSet.of(FFREE, FFREEP, FNCLEX, FLDCW, FNSTCW, FNSTSW, FNSTENV, FWAIT, FNOP, FENI, FDISI, FSETPM));
    }

    private UndefinedResults() {
    }

    private static void flags(int flags, BiPredicate<Instruction, Registers> condition, String when, String reference, Mnemonic first, Mnemonic... more) {
        TABLE.add(new Row(EnumSet.of(first, more), flags, 0, false, condition, when, reference));
    }

    private static void status(int codes, Set<Mnemonic> mnemonics) {
        TABLE.add(new Row(mnemonics, 0, codes, false, ALWAYS, "", "x87 instructions: FPU flags affected"));
    }

    private static Set<Mnemonic> range(Mnemonic first, Mnemonic last) {
        return EnumSet.range(first, last);
    }

    /** The whole table. */
    static List<Row> table() {
        return List.copyOf(TABLE);
    }

    /** Count of a shift or rotate, masked as the processor does it. */
    private static int count(Instruction i, Registers r) {
        Operand c = i.op(i.operandCount() - 1);
        long v = c.kind == Operand.Kind.IMMEDIATE ? c.value : r.general[1];
        return (int) v & (i.op(0).bits == 64 ? 63 : 31);
    }

    /** Undefined EFLAGS bits after an instruction that began with these registers. */
    static int flags(Instruction i, Registers start) {
        int f = 0;
        for (Row row : TABLE) {
            if (row.flags != 0 && row.mnemonics.contains(i.mnemonic()) && row.condition.test(i, start)) {
                f |= row.flags;
            }
        }
        return f;
    }

    /** EFLAGS bits an instruction may leave undefined, whatever it begins with. */
    public static int flagsEver(Instruction i) {
        int f = 0;
        for (Row row : TABLE) {
            if (row.mnemonics.contains(i.mnemonic())) {
                f |= row.flags;
            }
        }
        return f;
    }

    /** Undefined x87 status bits. */
    static int status(Instruction i) {
        int f = 0;
        for (Row row : TABLE) {
            if (row.mnemonics.contains(i.mnemonic())) {
                f |= row.status;
            }
        }
        return f;
    }

    /** Whether the destination may be undefined; for BSF and BSR it is if ZF says that the source was 0. */
    static boolean destination(Instruction i, Registers start, Registers end) {
        for (Row row : TABLE) {
            if (row.destination && row.mnemonics.contains(i.mnemonic()) && row.condition.test(i, start)) {
                return i.mnemonic() != BSF && i.mnemonic() != BSR || (end.eflags & ZF) != 0;
            }
        }
        return false;
    }

    /** Whether an instruction may ever have an undefined destination. */
    static boolean destinationEver(Instruction i) {
        for (Row row : TABLE) {
            if (row.destination && row.mnemonics.contains(i.mnemonic())) {
                return true;
            }
        }
        return false;
    }
}
