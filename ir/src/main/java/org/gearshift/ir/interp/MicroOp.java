package org.gearshift.ir.interp;

import java.lang.reflect.Modifier;

/**
 * Opcodes of the interpreter's micro-operations; those that only code with 64-bit addresses has are in {@link WideOp}. The first word of each is {@code opcode | d << 8 | a << 20}, where d and a are frame
 * indices (0..4095); further words are given behind each opcode: {@code b}, {@code c} a frame index, {@code imm} a signed constant,
 * {@code exit} three words (offset of the successor or -1, pc low, pc high).
 *
 * <p>Unless said otherwise operands are 32 bits wide (the upper half of the frame word is ignored) and results are stored sign-extended.
 * Suffix I: the second operand is {@code imm}. Suffix F: also writes the flag slots, as {@code RES = result} and
 * {@code AUX = carry vector}.
 */
final class MicroOp {
    /** Block start: word 0 {@code | guest instructions << 8}; word 1 executions left until hot; word 2 handle. */
    static final int BLOCK = 0;
    static final int BLOCK_WORDS = 3;
    /** A freed block: same words. */
    static final int DEAD = 1;
    /** d = a, 64 bits: one word. */
    static final int MOV = 2;
    /** d = a, 32 bits: one word. */
    static final int MOV32 = 3;
    /** d = imm. */
    static final int LI = 4;
    static final int ADD = 5;
    static final int ADDI = 6;
    static final int SUB = 7;
    static final int AND = 8;
    static final int ANDI = 9;
    static final int OR = 10;
    static final int ORI = 11;
    static final int XOR = 12;
    static final int XORI = 13;
    static final int SHL = 14;
    static final int SHLI = 15;
    static final int SHR = 16;
    static final int SHRI = 17;
    static final int SAR = 18;
    static final int SARI = 19;
    static final int MUL = 20;
    /** One word each. */
    static final int NEG = 21;
    static final int NOT = 22;
    static final int SEXT8 = 23;
    static final int SEXT16 = 24;
    /** d = a + (b << k) + imm: word 1 {@code b | k << 12}, word 2 imm. */
    static final int LEA = 25;
    /** d = a != 0 ? b : c: word 1 {@code b | c << 12}. */
    static final int SELECT = 26;

    /** d = memory[a + imm]; then stores of d. */
    static final int LOAD8 = 30;
    static final int LOAD16 = 31;
    static final int LOAD32 = 32;
    /** The same through the write map. */
    static final int RMW8 = 33;
    static final int RMW16 = 34;
    static final int RMW32 = 35;
    static final int STORE8 = 36;
    static final int STORE16 = 37;
    static final int STORE32 = 38;
    /** memory[a + imm] = d; a += imm, 32 bits. */
    static final int PUSH32 = 39;
    /** d = memory[a]; a += imm, 32 bits; d is not a. */
    static final int POP32 = 40;

    /** memory[a + imm] = constant in word 2. */
    static final int STORE8I = 41;
    static final int STORE32I = 42;
    /** The same, then a += imm. */
    static final int PUSH32I = 43;

    static final int ADDF = 45;
    static final int ADDFI = 46;
    static final int SUBF = 47;
    static final int SUBFI = 48;
    static final int ANDF = 49;
    static final int ANDFI = 50;
    static final int ORF = 51;
    static final int XORF = 52;
    /** RES = a, AUX = 0, d = a: one word. */
    static final int LOGICF = 53;

    /** RES = d = a - b cut to 8 or 16 bits and sign-extended, AUX = carry vector of that width. */
    static final int SUBF8 = 54;
    static final int SUBF8I = 55;
    static final int SUBF16 = 56;
    /** d = carry vector of c = a + b (- b) at 32 bits: word 1 {@code b | c << 12}. */
    static final int AUXADD32 = 57;
    static final int AUXSUB32 = 58;

    /** Branches: a, word 1 b or imm, exit if true, exit if false. */
    static final int BEQ = 60;
    static final int BSLT = 61;
    static final int BSLE = 62;
    static final int BULT = 63;
    static final int BULE = 64;
    static final int BEQI = 65;
    static final int BSLTI = 66;
    static final int BSLEI = 67;
    static final int BULTI = 68;
    static final int BULEI = 69;
    /** SUBF or SUBFI followed by a branch on its operands: d = a - b with flags, then as above. */
    static final int SUBF_BEQ = 70;
    static final int SUBF_BSLT = 71;
    static final int SUBF_BSLE = 72;
    static final int SUBF_BULT = 73;
    static final int SUBF_BULE = 74;
    static final int SUBFI_BEQ = 75;
    static final int SUBFI_BSLT = 76;
    static final int SUBFI_BSLE = 77;
    static final int SUBFI_BULT = 78;
    static final int SUBFI_BULE = 79;
    /** ANDF or ANDFI followed by a branch if the result is 0. */
    static final int ANDF_BEQ = 80;
    static final int ANDFI_BEQ = 81;
    /** Branch if {@code (a & imm) == 0}. */
    static final int BTESTI = 82;

    /** LOGICF followed by a branch that compares with imm, which is 0. */
    static final int LOGICF_BEQI = 83;
    static final int LOGICF_BSLTI = 84;
    static final int LOGICF_BSLEI = 85;

    /** d = 1 if a and b compare so, else 0. */
    static final int SETEQ = 86;
    static final int SETNE = 87;
    static final int SETSLT = 88;
    static final int SETULT = 89;

    /** exit. */
    static final int GOTO = 90;
    /** pc = a, zero-extended from 32 bits: one word. */
    static final int INDIRECT32 = 91;
    /** pc = a: one word. */
    static final int INDIRECT64 = 92;
    /** Leaves; pc in words 1, 2. */
    static final int EXIT = 93;
    /** Leaves; one word. */
    static final int EXIT_TO_STATE = 94;

    /** PUSH32I, then exit. */
    static final int CALL32 = 95;
    /** POP32, then pc = d, zero-extended. */
    static final int RET32 = 96;
    /** Segment check of offset a, d the limit slot: word 1 {@code segment | bytes << 8 | write << 24}. */
    static final int SEGCHECK = 97;

    /** First of the opcodes executed out of line. */
    static final int RARE = 100;
    /** d = op(a, b, c): word 1 {@code b | c << 12}, word 2 {@code op | wide << 8 | narrowA << 9 | narrowB << 10 | narrowC << 11 | imm << 16}. */
    static final int PURE = 100;
    /** d = memory[a + imm], 64 bits. */
    static final int LOAD64 = 101;
    static final int RMW64 = 102;
    static final int STORE64 = 103;
    /** SEGCHECK of a 64-bit offset. */
    static final int SEGCHECK64 = 104;
    /** d = helper(word 2; a, b, c, e, f): word 1 {@code b | c << 12}, word 2 helper number, word 3 {@code e | f << 12}. */
    static final int CALL = 105;
    /**
     * d = service(word 2; a, b, c): word 1 {@code b | c << 12 | narrowA << 24 | narrowB << 25 | narrowC << 26}, word 2 service number, word 3
     * guest instructions of the block from this one on, words 4, 5 pc.
     */
    static final int VMCALL = 106;

    /** d = words 1, 2. */
    static final int LI64 = 107;

    /** Accesses by 64-bit address, sizes ascending: d = memory[a + imm], in {@link WideLoop}'s code zero-extended; the same through the write map; then stores of d. */
    static final int WLOAD8 = 110;
    static final int WLOAD16 = 111;
    static final int WLOAD32 = 112;
    static final int WLOAD64 = 113;
    static final int WRMW8 = 114;
    static final int WRMW16 = 115;
    static final int WRMW32 = 116;
    static final int WRMW64 = 117;
    static final int WSTORE8 = 118;
    static final int WSTORE16 = 119;
    static final int WSTORE32 = 120;
    static final int WSTORE64 = 121;

    /** Accesses by 32-bit address in memory that other vCPUs access too; the order is that of WLOAD8 to WSTORE64. Behind {@link WideOp}'s. */
    static final int OLOAD8 = 220;
    static final int ORMW8 = 224;
    static final int OSTORE8 = 228;
    static final int OSTORE64 = 231;

    private static final String[] NAMES = names();

    private MicroOp() {
    }

    /** Words of a micro-operation. */
    static int words(int opcode) {
        if (opcode >= OLOAD8) {
            return 2;
        }
        if (opcode >= WideOp.WBLOCK) {
            return WideOp.words(opcode);
        }
        return switch (opcode) {
            case MOV, MOV32, NEG, NOT, SEXT8, SEXT16, LOGICF, INDIRECT32, INDIRECT64, EXIT_TO_STATE -> 1;
            case BLOCK, DEAD, LEA, EXIT, PURE, LI64, STORE8I, STORE32I, PUSH32I -> 3;
            case GOTO, CALL -> 4;
            case VMCALL, CALL32 -> 6;
            default -> isBranch(opcode) ? 8 : 2;
        };
    }

    /** True for micro-operations with two exits, at words 2 and 5. */
    static boolean isBranch(int opcode) {
        return opcode >= BEQ && opcode <= LOGICF_BSLEI;
    }

    static String name(int opcode) {
        return NAMES[opcode] != null ? NAMES[opcode] : "op" + opcode;
    }

    private static String[] names() {
        String[] n = new String[256];
        addNames(n, MicroOp.class);
        addNames(n, WideOp.class);
        return n;
    }

    private static void addNames(String[] n, Class<?> opcodes) {
        for (var f : opcodes.getDeclaredFields()) {
            if (f.getType() == int.class && Modifier.isStatic(f.getModifiers()) && !f.getName().equals("RARE") && !f.getName().equals("BLOCK_WORDS")) {
                try {
                    n[f.getInt(null)] = f.getName().toLowerCase(java.util.Locale.ROOT);
                } catch (IllegalAccessException e) {
                    throw new IllegalStateException(e);
                }
            }
        }
    }
}
