package org.gearshift.ir.interp;

import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Type;

/** Which micro-operations compute which pure 32-bit operations: one table. */
final class PureSelector {
    /** By op: opcode for two values, opcode with an immediate, opcode for one value; 0 if there is none. */
    private static final int[] BINARY = new int[Op.values().length];
    private static final int[] IMMEDIATE = new int[Op.values().length];
    private static final int[] UNARY = new int[Op.values().length];

    static {
        binary(Op.ADD, MicroOp.ADD, MicroOp.ADDI);
        binary(Op.SUB, MicroOp.SUB, 0);
        binary(Op.AND, MicroOp.AND, MicroOp.ANDI);
        binary(Op.OR, MicroOp.OR, MicroOp.ORI);
        binary(Op.XOR, MicroOp.XOR, MicroOp.XORI);
        binary(Op.SHL, MicroOp.SHL, MicroOp.SHLI);
        binary(Op.SHR, MicroOp.SHR, MicroOp.SHRI);
        binary(Op.SAR, MicroOp.SAR, MicroOp.SARI);
        binary(Op.MUL, MicroOp.MUL, 0);
        binary(Op.EQ, MicroOp.SETEQ, 0);
        binary(Op.NE, MicroOp.SETNE, 0);
        binary(Op.SLT, MicroOp.SETSLT, 0);
        binary(Op.ULT, MicroOp.SETULT, 0);
        UNARY[Op.NEG.ordinal()] = MicroOp.NEG;
        UNARY[Op.NOT.ordinal()] = MicroOp.NOT;
        UNARY[Op.SEXT8.ordinal()] = MicroOp.SEXT8;
        UNARY[Op.SEXT16.ordinal()] = MicroOp.SEXT16;
    }

    private PureSelector() {
    }

    private static void binary(Op op, int values, int immediate) {
        BINARY[op.ordinal()] = values;
        IMMEDIATE[op.ordinal()] = immediate;
    }

    static int binary(Insn v) {
        return v.type() == Type.I32 ? BINARY[v.op().ordinal()] : 0;
    }

    static int immediate(Insn v) {
        return v.type() == Type.I32 ? IMMEDIATE[v.op().ordinal()] : 0;
    }

    static int unary(Insn v) {
        return v.type() == Type.I32 ? UNARY[v.op().ordinal()] : 0;
    }

    /** Flag-setting forms of ADD, SUB, AND, OR, XOR. */
    static int flags(Op op, int width) {
        if (width < 32) {
            return width == 8 ? MicroOp.SUBF8 : MicroOp.SUBF16;
        }
        return switch (op) {
            case ADD -> MicroOp.ADDF;
            case SUB -> MicroOp.SUBF;
            case AND -> MicroOp.ANDF;
            case OR -> MicroOp.ORF;
            default -> MicroOp.XORF;
        };
    }

    /** The same with an immediate, or 0. */
    static int flagsImmediate(Op op, int width) {
        if (width < 32) {
            return width == 8 ? MicroOp.SUBF8I : 0;
        }
        return switch (op) {
            case ADD -> MicroOp.ADDFI;
            case SUB -> MicroOp.SUBFI;
            case AND -> MicroOp.ANDFI;
            default -> 0;
        };
    }

    /** Branch on a comparison; with {@code BEQ} the first of two values, {@code BEQI} of value and immediate and so on. */
    static int branch(int first, Op comparison) {
        return first + switch (comparison) {
            case EQ -> 0;
            case SLT -> 1;
            case SLE -> 2;
            case ULT -> 3;
            default -> 4;
        };
    }

    /** @param ordered by 32-bit address: whether other vCPUs access memory too; accesses by 64-bit address have one form */
    static int load(Op op, long bits, boolean wide, boolean ordered) {
        boolean rmw = op == Op.LOAD_RMW;
        if (ordered && !wide) {
            return (rmw ? MicroOp.ORMW8 : MicroOp.OLOAD8) + log2Bytes(bits);
        }
        if (wide) {
            return (rmw ? MicroOp.WRMW8 : MicroOp.WLOAD8) + log2Bytes(bits);
        }
        return switch ((int) bits) {
            case 8 -> rmw ? MicroOp.RMW8 : MicroOp.LOAD8;
            case 16 -> rmw ? MicroOp.RMW16 : MicroOp.LOAD16;
            case 32 -> rmw ? MicroOp.RMW32 : MicroOp.LOAD32;
            default -> rmw ? MicroOp.RMW64 : MicroOp.LOAD64;
        };
    }

    private static int log2Bytes(long bits) {
        return Long.numberOfTrailingZeros(bits) - 3;
    }

    /** See {@link #load}. */
    static int store(long bits, boolean wide, boolean ordered) {
        if (ordered && !wide) {
            return MicroOp.OSTORE8 + log2Bytes(bits);
        }
        if (wide) {
            return MicroOp.WSTORE8 + log2Bytes(bits);
        }
        return switch ((int) bits) {
            case 8 -> MicroOp.STORE8;
            case 16 -> MicroOp.STORE16;
            case 32 -> MicroOp.STORE32;
            default -> MicroOp.STORE64;
        };
    }
}
