package org.gearshift.translator.x86.decode;

import java.util.HashMap;
import java.util.Map;

/**
 * Operand columns of the opcode tables as ints: kind * 32 + size. The letters are those of SDM vol. 2, appendix A.2.1 and A.2.2; additions are
 * marked with a plus.
 */
final class OperandSpec {
    /** ModRM.rm: general register or memory; memory only; register only. */
    static final int E = 0;
    static final int M = 1;
    static final int R = 2;
    /** ModRM.reg: general register. */
    static final int G = 3;
    /**
     * Immediate: Ib byte of arithmetic (sign-extended), Iw 16 bits zero-extended, Iz, Iv; + Is byte sign-extended to operand size;
     * + Iu byte zero-extended.
     */
    static final int I = 4;
    static final int J = 5;
    static final int A = 6;
    static final int O = 7;
    /** Register in the low three opcode bits. */
    static final int Z = 8;
    static final int S = 9;
    static final int C = 10;
    static final int D = 11;
    /** MMX: ModRM.reg; ModRM.rm register or memory; ModRM.rm register. */
    static final int P = 12;
    static final int Q = 13;
    static final int N = 14;
    /** XMM, or YMM by size: likewise. */
    static final int V = 15;
    static final int W = 16;
    static final int U = 17;
    /** VEX.vvvv general register. */
    static final int B = 18;
    /** VEX.vvvv and immediate bits 7..4: XMM or YMM register. */
    static final int H = 19;
    static final int L = 20;
    /** + Memory with a vector of indices, which the size is of; elements are doublewords, or quadwords with VEX.W. */
    static final int X = 21;
    static final int ST0 = 22;
    static final int STI = 23;
    static final int XMM0 = 24;
    static final int AX = 25;
    static final int CL = 26;
    static final int DX = 27;
    static final int ONE = 28;
    /** Segment register named by the opcode; the size is its number. */
    static final int SEG = 29;

    // Sizes. Up to SIZE_128 they index BITS.
    static final int NONE = 0;
    static final int BYTE = 1;
    static final int WORD = 2;
    static final int DWORD = 3;
    static final int QWORD = 4;
    static final int TBYTE = 5;
    static final int DQWORD = 6;
    /** Operand size; operand size but at most 32; 32 or 64 by REX.W. */
    static final int SIZE_V = 7;
    static final int SIZE_Z = 8;
    static final int SIZE_Y = 9;
    /** Far pointer; descriptor table; pair of bounds. */
    static final int SIZE_P = 10;
    static final int SIZE_S = 11;
    static final int SIZE_A = 12;
    /** + Native: 64 in 64-bit mode, else 32. + Address size. */
    static final int SIZE_N = 13;
    static final int SIZE_ADDRESS = 14;
    /** + Byte sign-extended to operand size; byte zero-extended. */
    static final int SIZE_SIGNED = 15;
    static final int SIZE_UNSIGNED = 16;
    /** 256 bits; 128 or 256 by VEX.L; + half, quarter and eighth of the latter. */
    static final int SIZE_QQ = 17;
    static final int SIZE_X = 18;
    static final int SIZE_XH = 19;
    static final int SIZE_XQ = 20;
    static final int SIZE_XE = 21;

    static final int[] BITS = {0, 8, 16, 32, 64, 80, 128};

    private static final String KINDS = "EMRGIJAOZSCDPQNVWUBHLX";
    private static final Map<String, Integer> SIZES = new HashMap<>();
    private static final Map<String, Integer> FIXED = new HashMap<>();

    static {
        String[] sizes = {"", "b", "w", "d", "q", "t", "dq", "v", "z", "y", "p", "s", "a", "n"};
        for (int i = 0; i < sizes.length; i++) {
            SIZES.put(sizes[i], i);
        }
        String[] vectors = {"qq", "x", "xh", "xq", "xe"};
        for (int i = 0; i < vectors.length; i++) {
            SIZES.put(vectors[i], SIZE_QQ + i);
        }
        String[] segments = {"ES", "CS", "SS", "DS", "FS", "GS"};
        for (int i = 0; i < segments.length; i++) {
            FIXED.put(segments[i], of(SEG, i));
        }
        FIXED.put("AL", of(AX, BYTE));
        FIXED.put("AX", of(AX, WORD));
        FIXED.put("vAX", of(AX, SIZE_V));
        FIXED.put("zAX", of(AX, SIZE_Z));
        FIXED.put("CL", of(CL, BYTE));
        FIXED.put("DX", of(DX, WORD));
        FIXED.put("1", of(ONE, BYTE));
        FIXED.put("ST", of(ST0, TBYTE));
        FIXED.put("STi", of(STI, TBYTE));
        FIXED.put("XMM0", of(XMM0, DQWORD));
        FIXED.put("Is", of(I, SIZE_SIGNED));
        FIXED.put("Iu", of(I, SIZE_UNSIGNED));
        FIXED.put("Ra", of(R, SIZE_ADDRESS));
        FIXED.put("Ga", of(G, SIZE_ADDRESS));
    }

    private OperandSpec() {
    }

    private static int of(int kind, int size) {
        return kind << 5 | size;
    }

    static int kind(int spec) {
        return spec >>> 5;
    }

    static int size(int spec) {
        return spec & 31;
    }

    /** The code of one operand as written in a table. */
    static int parse(String text) {
        Integer spec = FIXED.get(text);
        if (spec == null) {
            int kind = KINDS.indexOf(text.charAt(0));
            Integer size = SIZES.get(text.substring(1));
            if (kind < 0 || size == null) {
                throw new IllegalArgumentException("operand " + text);
            }
            spec = of(kind, size);
            FIXED.put(text, spec);
        }
        return spec;
    }

    /** True if the operand is encoded by a ModRM byte. */
    static boolean usesModrm(int kind) {
        return kind <= G || kind >= S && kind <= U || kind == X;
    }

    /** True if the operand has bytes of its own, behind ModRM and displacement. */
    static boolean followsAddress(int kind) {
        return kind == I || kind == J || kind == A || kind == O || kind == L;
    }

    /** What the operand demands of ModRM.mod, as a {@link Form} constant. */
    static int mod(int kind) {
        return switch (kind) {
            case M, X -> Form.MOD_MEMORY;
            case R, N, U -> Form.MOD_REGISTER;
            default -> Form.MOD_ANY;
        };
    }
}
