package org.gearshift.ir.interp;

/**
 * Micro-operations of {@link WideLoop}, besides those of {@link MicroOp} that it shares: what code with 64-bit addresses is made of. Words are as there.
 *
 * <p>Values of 32 bits are zero-extended here, as such code keeps them in registers; operands' upper halves are ignored where 32 bits are meant.
 */
final class WideOp {
    /** Block start of 64-bit code: as {@link MicroOp#BLOCK}. */
    static final int WBLOCK = 122;
    /** 32-bit operations as in {@link MicroOp}, results zero-extended. */
    static final int ADDZ = 123;
    static final int ADDZI = 124;
    static final int SUBZ = 125;
    static final int ANDZ = 126;
    static final int ANDZI = 127;
    static final int ORZ = 128;
    static final int ORZI = 129;
    static final int XORZ = 130;
    static final int XORZI = 131;
    static final int SHLZ = 132;
    static final int SHLZI = 133;
    static final int SHRZ = 134;
    static final int SHRZI = 135;
    static final int SARZ = 136;
    static final int SARZI = 137;
    static final int MULZ = 138;
    /** One word each. */
    static final int NEGZ = 139;
    static final int NOTZ = 140;
    static final int SEXT8Z = 141;
    static final int SEXT16Z = 142;
    /** d = a rotated left by imm. */
    static final int ROTLZI = 143;
    /** d = a + (b << k) + imm: word 1 {@code b | k << 12}, word 2 imm. */
    static final int LEAZ = 144;
    /** d = a, its low 32 bits zero-extended: one word. */
    static final int ZEXT32 = 145;
    /** d = (int) a != 0 ? b : c, 32 bits zero-extended, or 64 bits: word 1 {@code b | c << 12}. */
    static final int SELECTZ = 146;
    static final int SELECT64 = 147;
    /** 64-bit operations. */
    static final int ADD64 = 148;
    static final int ADDI64 = 149;
    static final int SUB64 = 150;
    static final int AND64 = 151;
    static final int ANDI64 = 152;
    static final int OR64 = 153;
    static final int XOR64 = 154;
    static final int SHLI64 = 155;
    static final int SHRI64 = 156;
    static final int SARI64 = 157;
    static final int MUL64 = 158;
    /** d = a + (b << k) + imm: word 1 {@code b | k << 12}, word 2 imm. */
    static final int LEA64 = 159;
    /** d = 1 if a and b, 64 bits, compare so, else 0. */
    static final int SETEQ64 = 160;
    static final int SETNE64 = 161;
    static final int SETSLT64 = 162;
    static final int SETULT64 = 163;
    /** d = carry vector of c = a + b (- b) at 64 bits: word 1 {@code b | c << 12}. */
    static final int AUXADD64 = 164;
    static final int AUXSUB64 = 165;
    /** 32-bit operation with flags: d = result, zero-extended, then RES = result, sign-extended, AUX = carry vector. So d may be the slot of RES. */
    static final int ADDZF = 166;
    static final int ADDZFI = 167;
    static final int SUBZF = 168;
    static final int SUBZFI = 169;
    static final int ANDZF = 170;
    static final int ANDZFI = 171;
    static final int ORZF = 172;
    static final int XORZF = 173;
    /** The same at 64 bits. */
    static final int ADDF64 = 174;
    static final int ADDFI64 = 175;
    static final int SUBF64 = 176;
    static final int SUBFI64 = 177;
    static final int ANDF64 = 178;
    static final int ANDFI64 = 179;
    static final int ORF64 = 180;
    static final int XORF64 = 181;
    /** RES = a, 32 bits sign-extended, or 64 bits; AUX = 0: one word. */
    static final int LOGICZF = 182;
    static final int LOGICF64 = 183;
    /** Branches on 64-bit values: a, word 1 b or imm, exit if true, exit if false. From here on up to {@link #LOGICF64_BSLE} all have these words. */
    static final int BEQ64 = 184;
    static final int BSLT64 = 185;
    static final int BSLE64 = 186;
    static final int BULT64 = 187;
    static final int BULE64 = 188;
    static final int BEQI64 = 189;
    static final int BSLTI64 = 190;
    static final int BSLEI64 = 191;
    static final int BULTI64 = 192;
    static final int BULEI64 = 193;
    /** Branch if {@code (a & imm) == 0}. */
    static final int BTESTI64 = 194;
    /** SUBZF, SUBZFI, SUBF64 or SUBFI64 followed by a branch if its operands are equal. */
    static final int SUBZF_BEQ = 195;
    static final int SUBZFI_BEQ = 196;
    static final int SUBF64_BEQ = 197;
    static final int SUBFI64_BEQ = 198;
    /** ANDZF, ANDZFI, ANDF64 or ANDFI64 followed by a branch if the result is 0. */
    static final int ANDZF_BEQ = 199;
    static final int ANDZFI_BEQ = 200;
    static final int ANDF64_BEQ = 201;
    static final int ANDFI64_BEQ = 202;
    /** LOGICZF or LOGICF64 followed by a branch that compares with word 1, which is 0. */
    static final int LOGICZF_BEQ = 203;
    static final int LOGICZF_BSLT = 204;
    static final int LOGICZF_BSLE = 205;
    static final int LOGICF64_BEQ = 206;
    static final int LOGICF64_BSLT = 207;
    static final int LOGICF64_BSLE = 208;
    /** memory[a + imm] = words 2, 3. */
    static final int WSTORE64I = 209;
    /** memory[a + imm] = d; a += imm. */
    static final int PUSH64 = 210;
    /** memory[a + imm] = words 2, 3; a += imm. */
    static final int PUSH64I = 211;
    /** d = memory[a]; a += imm; d is not a. */
    static final int POP64 = 212;
    /** PUSH64I, then exit. */
    static final int CALL64 = 213;
    /** Checks a, by helper {@code word 1 & 0xffffff} unless it is the sign extension of its low {@code 64 - (word 1 >>> 24)} bits. */
    static final int TCHECK = 214;
    /** POP64 of a target that word 2 checks as TCHECK does, then pc = d. */
    static final int RET64 = 215;

    private WideOp() {
    }

    /** Words of a micro-operation of this class. */
    static int words(int opcode) {
        return switch (opcode) {
            case NEGZ, NOTZ, SEXT8Z, SEXT16Z, ZEXT32, LOGICZF, LOGICF64 -> 1;
            case WBLOCK, LEAZ, LEA64, RET64 -> 3;
            case WSTORE64I, PUSH64I -> 4;
            case CALL64 -> 7;
            default -> isBranch(opcode) ? 8 : 2;
        };
    }

    static boolean isBranch(int opcode) {
        return opcode >= BEQ64 && opcode <= LOGICF64_BSLE;
    }
}
