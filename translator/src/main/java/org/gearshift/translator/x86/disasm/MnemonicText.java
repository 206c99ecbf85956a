package org.gearshift.translator.x86.disasm;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand.Kind;

/** The words objdump uses for {@link Mnemonic}s. */
final class MnemonicText {
    private static final String[] CONDITIONS = {"o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"};
    /** Of CMPPS the first eight, of VCMPPS all. */
    private static final String[] PREDICATES = {"eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord", "eq_uq", "nge", "ngt", "false", "neq_oq", "ge",
        "gt", "true", "eq_os", "lt_oq", "le_oq", "unord_s", "neq_us", "nlt_uq", "nle_uq", "ord_s", "eq_us", "nge_uq", "ngt_uq", "false_os", "neq_os",
        "ge_oq", "gt_oq", "true_us"};
    private static final Map<Mnemonic, String> NAMES = new EnumMap<>(Mnemonic.class);
    /** Carry a size letter when their operand size is not the default. */
    private static final Set<Mnemonic> SUFFIXED = EnumSet.of(Mnemonic.PUSHA, Mnemonic.POPA, Mnemonic.PUSHF, Mnemonic.POPF, Mnemonic.IRET,
            Mnemonic.RET, Mnemonic.RET_FAR, Mnemonic.ENTER, Mnemonic.LEAVE, Mnemonic.FLDENV, Mnemonic.FNSTENV,
            Mnemonic.FRSTOR, Mnemonic.FNSAVE);

    static {
        for (Mnemonic m : Mnemonic.values()) {
            NAMES.put(m, m.name().toLowerCase(Locale.ROOT));
        }
        NAMES.put(Mnemonic.INVALID, "(bad)");
        NAMES.put(Mnemonic.TOO_LONG, "(bad)");
        NAMES.put(Mnemonic.JCC, "j");
        NAMES.put(Mnemonic.SETCC, "set");
        NAMES.put(Mnemonic.CMOVCC, "cmov");
        NAMES.put(Mnemonic.MOVSD_SSE, "movsd");
        NAMES.put(Mnemonic.CMPSD_SSE, "cmpsd");
        NAMES.put(Mnemonic.CALL_FAR, "call");
        NAMES.put(Mnemonic.JMP_FAR, "jmp");
        NAMES.put(Mnemonic.RET_FAR, "retf");
        NAMES.put(Mnemonic.FENI, "fneni(8087 only)");
        NAMES.put(Mnemonic.FDISI, "fndisi(8087 only)");
        NAMES.put(Mnemonic.FSETPM, "fnsetpm(287 only)");
        NAMES.put(Mnemonic.FWAIT, "fwait");
    }

    private MnemonicText() {
    }

    /** Writes the name; returns how many operands are to be written behind it (all but a predicate that became part of the name). */
    static int append(StringBuilder out, Instruction insn, char size, boolean mode64) {
        Mnemonic m = insn.mnemonic();
        int count = insn.operandCount();
        switch (m) {
            case CMPPS, CMPPD, CMPSS, CMPSD_SSE -> {
                return compare(out, insn, 3, 8);
            }
            case VCMPPS, VCMPPD, VCMPSS, VCMPSD -> {
                return compare(out, insn, 4, 32);
            }
            case PCLMULQDQ, VPCLMULQDQ -> {
                return multiply(out, insn);
            }
            case CBW -> out.append(insn.operandBits() == 16 ? "cbw" : insn.operandBits() == 32 ? "cwde" : "cdqe");
            case CWD -> out.append(insn.operandBits() == 16 ? "cwd" : insn.operandBits() == 32 ? "cdq" : "cqo");
            case FXSAVE, FXRSTOR, XSAVE, XSAVEC, XSAVEOPT, XSAVES, XRSTOR, XRSTORS ->
                out.append(NAMES.get(m)).append(insn.operandBits() == 64 ? "64" : "");
            case JCXZ -> out.append(insn.addressBits() == 16 ? "jcxz" : insn.addressBits() == 32 ? "jecxz" : "jrcxz");
            default -> {
                out.append(NAMES.get(m));
                if (insn.condition() >= 0) {
                    out.append(CONDITIONS[insn.condition()]);
                }
                char letter = suffix(insn, size, mode64);
                if (letter != 0) {
                    out.append(letter);
                }
            }
        }
        return count;
    }

    /** The operand-size letter of a mnemonic, or 0. {@code size} is the one it has if it has any because its size is not the mode's default. */
    private static char suffix(Instruction insn, char size, boolean mode64) {
        boolean notDefault = size != 0 && (!mode64 || size == 'w');
        switch (insn.mnemonic()) {
            case IRET, RET_FAR:
                return size;
            case SYSEXIT, SYSRET:
                return mode64 ? insn.operandBits() == 64 ? 'q' : 'd' : 0;
            case PCMPESTRI, PCMPESTRM, VPCMPESTRI, VPCMPESTRM:
                return mode64 && insn.operandBits() == 64 ? 'q' : 0;
            case LGDT, LIDT, SGDT, SIDT:
                return mode64 ? 0 : insn.operandBits() == 16 ? 'w' : 'd';
            case WRSS, WRUSS, RDSSP, INCSSP:
                return (insn.rex() & 8) != 0 ? 'q' : 'd';
            case CALL, XBEGIN:
                return notDefault && insn.op(0).kind == Kind.RELATIVE ? size : 0;
            case PUSH, POP:
                return notDefault && (insn.op(0).kind == Kind.SEGMENT || insn.op(0).kind == Kind.IMMEDIATE) ? size : 0;
            default:
                return notDefault && SUFFIXED.contains(insn.mnemonic()) ? size : 0;
        }
    }

    /** The predicate stands behind the first {@code at} letters of the name if it is below {@code known}. */
    private static int compare(StringBuilder out, Instruction insn, int at, int known) {
        String name = NAMES.get(insn.mnemonic());
        int last = insn.operandCount() - 1;
        long predicate = insn.op(last).value;
        if (predicate >= known) {
            out.append(name);
            return last + 1;
        }
        out.append(name, 0, at).append(PREDICATES[(int) predicate]).append(name, at, name.length());
        return last;
    }

    private static int multiply(StringBuilder out, Instruction insn) {
        String name = NAMES.get(insn.mnemonic());
        int last = insn.operandCount() - 1;
        int selector = (int) insn.op(last).value;
        if ((selector & ~0x11) != 0) {
            out.append(name);
            return last + 1;
        }
        out.append(name, 0, name.length() - 3).append((selector & 1) != 0 ? "h" : "l").append("q").append((selector & 0x10) != 0 ? "h" : "l").append("qdq");
        return last;
    }

    /** True for x87 arithmetic that writes ST(i) and pops. */
    static boolean isPopping(Mnemonic m) {
        return switch (m) {
            case FADDP, FMULP, FSUBP, FSUBRP, FDIVP, FDIVRP -> true;
            default -> false;
        };
    }
}
