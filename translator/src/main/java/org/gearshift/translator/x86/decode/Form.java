package org.gearshift.translator.x86.decode;

import org.gearshift.translator.x86.IsaExtension;

/** One line of the opcode tables: an encoding and what it means. Built by {@link OpcodeMaps}. */
final class Form {
    // Attributes.
    /** LOCK is legal if the first operand is in memory. */
    static final int LOCK = 1;
    /** F3 and F2 both repeat (string instructions that do not compare). */
    static final int REP = 1 << 1;
    /** F3 repeats while equal, F2 while not equal. */
    static final int REPZ = 1 << 2;
    /** Operand size is 64 by default in 64-bit mode, 16 with 66; 32 cannot be encoded. */
    static final int D64 = 1 << 3;
    /** Operand size is 64 in 64-bit mode, whatever the prefixes. */
    static final int F64 = 1 << 4;
    /** Only without REX.B. */
    static final int NO_REX_B = 1 << 5;
    /** ModRM.mod is ignored and taken as 3. */
    static final int MOD3 = 1 << 6;
    /** CS is no valid destination. */
    static final int NO_CS = 1 << 7;
    /** String element of 8 bits; of operand size; of operand size but at most 32. */
    static final int ELEMENT_8 = 1 << 8;
    static final int ELEMENT_V = 1 << 9;
    static final int ELEMENT_Z = 1 << 10;
    /** Has an operand in VEX.vvvv. */
    static final int VVVV = 1 << 11;
    /** The memory operand has a vector of indices. */
    static final int VSIB = 1 << 12;

    // Sets of accepted prefix classes, see Decoder.prefixClass.
    static final int NP = 1;
    static final int P66 = 1 << 1;
    static final int PF3 = 1 << 2;
    static final int PF2 = 1 << 3;
    static final int ANY_PREFIX = NP | P66 | PF3 | PF2;

    // Sets of modes and of REX.W values.
    static final int MODE_LEGACY = 1;
    static final int MODE_64 = 2;
    static final int W0 = 1;
    static final int W1 = 2;
    /** Sets of VEX.L values. */
    static final int L0 = 1;
    static final int L1 = 2;

    // Constraint on ModRM.mod.
    static final int MOD_ANY = 0;
    static final int MOD_MEMORY = 1;
    static final int MOD_REGISTER = 2;

    Mnemonic mnemonic;
    int condition = -1;
    int attributes;
    int prefixes = ANY_PREFIX;
    int modes = MODE_LEGACY | MODE_64;
    int widths = W0 | W1;
    int lengths = L0 | L1;
    /** What the processor must have; for VEX.L = 1 this may be something else. */
    IsaExtension extension = IsaExtension.BASE;
    IsaExtension extension256 = IsaExtension.BASE;
    boolean modrm;
    int mod = MOD_ANY;
    /** Required ModRM.reg and ModRM.rm, or -1. */
    int reg = -1;
    int rm = -1;
    /** {@link OperandSpec} codes in Intel order. */
    int[] operands = {};

    boolean has(int attribute) {
        return (attributes & attribute) != 0;
    }

    /** Forms of one opcode are tried in ascending order: the more an encoding demands, the earlier. */
    int generality() {
        return (rm >= 0 ? 0 : 64) + (reg >= 0 ? 0 : 32) + Integer.bitCount(prefixes) * 4 + Integer.bitCount(widths) + (has(NO_REX_B) ? 0 : 1);
    }

    Form withCondition(int cc) {
        Form f = new Form();
        f.mnemonic = mnemonic;
        f.condition = cc;
        f.attributes = attributes;
        f.prefixes = prefixes;
        f.modes = modes;
        f.widths = widths;
        f.lengths = lengths;
        f.extension = extension;
        f.extension256 = extension256;
        f.modrm = modrm;
        f.mod = mod;
        f.reg = reg;
        f.rm = rm;
        f.operands = operands;
        return f;
    }
}
