package org.gearshift.ir.interp;

import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Type;

/** Which of {@link WideLoop}'s micro-operations compute which pure operations: one table. */
final class WideSelector {
    private static final int OPS = Op.values().length;
    /** By op, then op + {@link #OPS} for 64 bits: opcode for values, opcode with an immediate; 0 if there is none. */
    private static final int[] VALUES = new int[2 * OPS];
    private static final int[] IMMEDIATE = new int[2 * OPS];

    static {
        binary(Op.ADD, WideOp.ADDZ, WideOp.ADDZI, WideOp.ADD64, WideOp.ADDI64);
        binary(Op.SUB, WideOp.SUBZ, WideOp.ADDZI, WideOp.SUB64, WideOp.ADDI64);
        binary(Op.AND, WideOp.ANDZ, WideOp.ANDZI, WideOp.AND64, WideOp.ANDI64);
        binary(Op.OR, WideOp.ORZ, WideOp.ORZI, WideOp.OR64, 0);
        binary(Op.XOR, WideOp.XORZ, WideOp.XORZI, WideOp.XOR64, 0);
        binary(Op.SHL, WideOp.SHLZ, WideOp.SHLZI, 0, WideOp.SHLI64);
        binary(Op.SHR, WideOp.SHRZ, WideOp.SHRZI, 0, WideOp.SHRI64);
        binary(Op.SAR, WideOp.SARZ, WideOp.SARZI, 0, WideOp.SARI64);
        binary(Op.MUL, WideOp.MULZ, 0, WideOp.MUL64, 0);
        binary(Op.ROTL, 0, WideOp.ROTLZI, 0, 0);
        binary(Op.ROTR, 0, WideOp.ROTLZI, 0, 0);
        binary(Op.EQ, MicroOp.SETEQ, 0, WideOp.SETEQ64, 0);
        binary(Op.NE, MicroOp.SETNE, 0, WideOp.SETNE64, 0);
        binary(Op.SLT, MicroOp.SETSLT, 0, WideOp.SETSLT64, 0);
        binary(Op.ULT, MicroOp.SETULT, 0, WideOp.SETULT64, 0);
        binary(Op.SELECT, WideOp.SELECTZ, 0, WideOp.SELECT64, 0);
        binary(Op.NEG, WideOp.NEGZ, 0, 0, 0);
        binary(Op.NOT, WideOp.NOTZ, 0, 0, 0);
        binary(Op.SEXT8, WideOp.SEXT8Z, 0, 0, 0);
        binary(Op.SEXT16, WideOp.SEXT16Z, 0, 0, 0);
        binary(Op.SEXT32, MicroOp.MOV32, 0, MicroOp.MOV32, 0);
        binary(Op.ZEXT32, WideOp.ZEXT32, 0, WideOp.ZEXT32, 0);
        binary(Op.TRUNC, WideOp.ZEXT32, 0, WideOp.ZEXT32, 0);
        binary(Op.AUX_ADD, MicroOp.AUXADD32, 0, WideOp.AUXADD64, 0);
        binary(Op.AUX_SUB, MicroOp.AUXSUB32, 0, WideOp.AUXSUB64, 0);
    }

    private WideSelector() {
    }

    private static void binary(Op op, int values, int immediate, int values64, int immediate64) {
        VALUES[op.ordinal()] = values;
        IMMEDIATE[op.ordinal()] = immediate;
        VALUES[op.ordinal() + OPS] = values64;
        IMMEDIATE[op.ordinal() + OPS] = immediate64;
    }

    private static int index(Insn v) {
        return v.op().ordinal() + (v.type() == Type.I64 ? OPS : 0);
    }

    /** Opcode for operands in the frame, or 0. AUX_ADD and AUX_SUB: only if their width is the type's. */
    static int values(Insn v) {
        return VALUES[index(v)];
    }

    /** Opcode whose second operand is {@link #operand}, or 0. */
    static int immediate(Insn v) {
        return IMMEDIATE[index(v)];
    }

    /** What takes the place of the constant second operand. */
    static long operand(Insn v) {
        long c = v.arg(1).imm();
        return v.op() == Op.SUB ? v.type() == Type.I32 ? (int) -c : -c : v.op() == Op.ROTR ? -c & 31 : c;
    }

    /** Flag-setting forms of ADD, SUB, AND, OR, XOR. */
    static int flags(Op op, int width) {
        if (width < 32) {
            return width == 8 ? MicroOp.SUBF8 : MicroOp.SUBF16;
        }
        boolean wide = width == 64;
        return switch (op) {
            case ADD -> wide ? WideOp.ADDF64 : WideOp.ADDZF;
            case SUB -> wide ? WideOp.SUBF64 : WideOp.SUBZF;
            case AND -> wide ? WideOp.ANDF64 : WideOp.ANDZF;
            case OR -> wide ? WideOp.ORF64 : WideOp.ORZF;
            default -> wide ? WideOp.XORF64 : WideOp.XORZF;
        };
    }

    /** The same with an immediate, or 0. */
    static int flagsImmediate(Op op, int width) {
        if (width < 32) {
            return width == 8 ? MicroOp.SUBF8I : 0;
        }
        boolean wide = width == 64;
        return switch (op) {
            case ADD -> wide ? WideOp.ADDFI64 : WideOp.ADDZFI;
            case SUB -> wide ? WideOp.SUBFI64 : WideOp.SUBZFI;
            case AND -> wide ? WideOp.ANDFI64 : WideOp.ANDZFI;
            default -> 0;
        };
    }

    static int logic(int width) {
        return width == 64 ? WideOp.LOGICF64 : WideOp.LOGICZF;
    }

    /** A group and the branch on its operands or result: the form with values. */
    static int fused(FlagGroup g, Op comparison) {
        boolean wide = g.width == 64;
        if (g.op == null) {
            return PureSelector.branch(wide ? WideOp.LOGICF64_BEQ : WideOp.LOGICZF_BEQ, comparison);
        }
        if (g.op == Op.AND) {
            return wide ? WideOp.ANDF64_BEQ : WideOp.ANDZF_BEQ;
        }
        return wide ? WideOp.SUBF64_BEQ : WideOp.SUBZF_BEQ;
    }

    /** The form with an immediate of a {@link #fused} opcode. */
    static int fusedImmediate(int opcode) {
        return opcode + 1;
    }
}
