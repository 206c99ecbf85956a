package org.gearshift.ir;

/**
 * What each pure operation computes: the one definition that constant folding, the interpreter and the tests of the
 * backend share. Values are in container form: an I32 is the sign-extended 64-bit long of its bits.
 */
public final class OpSemantics {
    private static final int AUX_TOP = 0xc0000000;
    private static final int AUX_HALF = 8;

    private OpSemantics() {
    }

    /** True if {@link #eval} knows the operation: every pure one except GET, CONST and calls. */
    public static boolean isEvaluable(Op op) {
        return op.ordinal() >= Op.ADD.ordinal() && op.ordinal() <= Op.AUX_SUB.ordinal();
    }

    /**
     * The result of an operation.
     *
     * @param type the instruction's type (of the operands for comparisons and the AUX operations)
     * @param imm the instruction's immediate: the width for the AUX operations, else ignored
     * @param a first operand, in container form
     * @param b second operand or 0
     * @param c third operand or 0
     * @return the result in container form
     * @throws IllegalArgumentException if the operation is not {@link #isEvaluable evaluable}
     */
    public static long eval(Op op, Type type, long imm, long a, long b, long c) {
        return switch (op) {
            case AND -> a & b;
            case OR -> a | b;
            case XOR -> a ^ b;
            case NOT -> ~a;
            case EQ -> a == b ? 1 : 0;
            case NE -> a != b ? 1 : 0;
            case SLT -> a < b ? 1 : 0;
            case SLE -> a <= b ? 1 : 0;
            case ULT -> Long.compareUnsigned(a, b) < 0 ? 1 : 0;
            case ULE -> Long.compareUnsigned(a, b) <= 0 ? 1 : 0;
            case SELECT -> a != 0 ? b : c;
            case SEXT8 -> (byte) a;
            case SEXT16 -> (short) a;
            case ZEXT8 -> a & 0xff;
            case ZEXT16 -> a & 0xffff;
            case SEXT32, TRUNC -> (int) a;
            case ZEXT32 -> a & 0xffffffffL;
            case MULHU -> unsignedMultiplyHigh(a, b);
            case MULHS -> Math.multiplyHigh(a, b);
            case PARITY -> ~Long.bitCount(a & 0xff) & 1;
            case AUX_ADD -> auxAdd((int) imm, a, b, c);
            case AUX_SUB -> auxSub((int) imm, a, b, c);
            default -> type == Type.I32 ? eval32(op, (int) a, (int) b) : eval64(op, a, b);
        };
    }

    private static int eval32(Op op, int a, int b) {
        return switch (op) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case SHL -> a << b;
            case SHR -> a >>> b;
            case SAR -> a >> b;
            case ROTL -> Integer.rotateLeft(a, b);
            case ROTR -> Integer.rotateRight(a, b);
            case NEG -> -a;
            case BSWAP -> Integer.reverseBytes(a);
            case CLZ -> Integer.numberOfLeadingZeros(a);
            case CTZ -> Integer.numberOfTrailingZeros(a);
            case POPCNT -> Integer.bitCount(a);
            default -> throw new IllegalArgumentException(op.text() + " is not a pure operation");
        };
    }

    private static long eval64(Op op, long a, long b) {
        return switch (op) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case SHL -> a << b;
            case SHR -> a >>> b;
            case SAR -> a >> b;
            case ROTL -> Long.rotateLeft(a, (int) b);
            case ROTR -> Long.rotateRight(a, (int) b);
            case NEG -> -a;
            case BSWAP -> Long.reverseBytes(a);
            case CLZ -> Long.numberOfLeadingZeros(a);
            case CTZ -> Long.numberOfTrailingZeros(a);
            case POPCNT -> Long.bitCount(a);
            default -> throw new IllegalArgumentException(op.text() + " is not a pure operation");
        };
    }

    /** High 64 bits of the unsigned product; {@code Math.unsignedMultiplyHigh} came with Java 18 only. */
    public static long unsignedMultiplyHigh(long a, long b) {
        return Math.multiplyHigh(a, b) + (a >> 63 & b) + (b >> 63 & a);
    }

    /** {@link Op#AUX_ADD} at width {@code bits}. */
    public static int auxAdd(int bits, long a, long b, long res) {
        return auxFold(bits, a & b | (a | b) & ~res);
    }

    /** {@link Op#AUX_SUB} at width {@code bits}. */
    public static int auxSub(int bits, long a, long b, long res) {
        return auxFold(bits, ~a & b | (~a | b) & res);
    }

    private static int auxFold(int bits, long carries) {
        return (int) (carries << 64 - bits >>> 32) & AUX_TOP | (int) carries & AUX_HALF;
    }
}
