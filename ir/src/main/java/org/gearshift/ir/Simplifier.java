package org.gearshift.ir;

/**
 * Algebraic identities: finds an existing value or constant that equals an operation. Used while building and by the
 * folding pass, so that both agree.
 */
public final class Simplifier {
    private Simplifier() {
    }

    /** True if all operands are constants and the operation can be computed now. */
    public static boolean isFoldable(Op op, Insn[] args) {
        if (!OpSemantics.isEvaluable(op)) {
            return false;
        }
        for (Insn a : args) {
            if (!a.isConst()) {
                return false;
            }
        }
        return true;
    }

    /** The constant value of a {@link #isFoldable foldable} operation. */
    public static long fold(Op op, Type type, long imm, Insn[] args) {
        return OpSemantics.eval(op, type, imm, args[0].imm(), args.length > 1 ? args[1].imm() : 0, args.length > 2 ? args[2].imm() : 0);
    }

    /** True if the first two operands may be exchanged. */
    public static boolean isCommutative(Op op) {
        return switch (op) {
            case ADD, MUL, AND, OR, XOR, MULHU, MULHS, EQ, NE -> true;
            default -> false;
        };
    }

    /**
     * An operand that equals the operation's result whatever the unknown operands are, or null. Constants are expected on the right of
     * commutative operations.
     */
    public static Insn identity(Op op, Type type, Insn[] args) {
        Insn a = args.length > 0 ? args[0] : null;
        Insn b = args.length > 1 ? args[1] : null;
        return switch (op) {
            case ADD, SUB, XOR, SHL, SHR, SAR, ROTL, ROTR -> isValue(b, 0) ? a : null;
            case OR -> a == b || isValue(b, 0) ? a : isValue(b, -1) ? b : null;
            case AND -> a == b || isValue(b, -1) ? a : isValue(b, 0) ? b : null;
            case MUL -> isValue(b, 1) ? a : isValue(b, 0) ? b : null;
            case SELECT -> select(args);
            case NEG, NOT, BSWAP -> a.op() == op ? a.arg(0) : null;
            case TRUNC -> a.op() == Op.SEXT32 || a.op() == Op.ZEXT32 ? a.arg(0) : null;
            case ZEXT8 -> zeroAbove(a, 8) ? a : null;
            case ZEXT16 -> zeroAbove(a, 16) ? a : null;
            case SEXT8 -> a.op() == Op.SEXT8 || zeroAbove(a, 7) ? a : null;
            case SEXT16 -> a.op() == Op.SEXT16 || a.op() == Op.SEXT8 || zeroAbove(a, 15) ? a : null;
            default -> null;
        };
    }

    /** True if the operation's two operands are the same value and its result therefore {@link #sameOperandsValue known}. */
    public static boolean isKnownForSameOperands(Op op, Insn[] args) {
        if (args.length != 2 || args[0] != args[1]) {
            return false;
        }
        return switch (op) {
            case SUB, XOR, EQ, NE, SLT, SLE, ULT, ULE -> true;
            default -> false;
        };
    }

    /** The constant an operation of two equal operands gives. */
    public static long sameOperandsValue(Op op) {
        return switch (op) {
            case EQ, SLE, ULE -> 1;
            default -> 0;
        };
    }

    /** True if bits {@code n} and up of a value are known to be 0. */
    public static boolean zeroAbove(Insn v, int n) {
        return switch (v.op()) {
            case CONST -> v.imm() >>> n == 0;
            case ZEXT8 -> n >= 8;
            case ZEXT16 -> n >= 16;
            case LOAD, LOAD_RMW -> n >= v.imm() && v.imm() < 32;
            case AND -> zeroAbove(v.arg(1), n) || v.arg(0).op() == Op.CONST && zeroAbove(v.arg(0), n);
            case EQ, NE, SLT, SLE, ULT, ULE, PARITY -> n >= 1;
            case SHR -> v.arg(1).isConst() && n >= v.type().bits() - (v.arg(1).imm() & v.type().bits() - 1) && n < v.type().bits();
            default -> false;
        };
    }

    private static Insn select(Insn[] args) {
        if (args[0].isConst()) {
            return args[0].imm() != 0 ? args[1] : args[2];
        }
        return args[1] == args[2] ? args[1] : null;
    }

    private static boolean isValue(Insn v, long x) {
        return v.isConst() && v.imm() == x;
    }
}
