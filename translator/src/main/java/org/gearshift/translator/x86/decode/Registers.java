package org.gearshift.translator.x86.decode;

import org.gearshift.translator.x86.decode.Operand.Kind;

/** The register operands there are; operands are immutable, so each exists once. */
final class Registers {
    static final Operand[] SEGMENT = row(Kind.SEGMENT, 16, 6);
    static final Operand[] CONTROL = row(Kind.CONTROL, 64, 16);
    static final Operand[] DEBUG = row(Kind.DEBUG, 64, 8);
    static final Operand[] ST = row(Kind.ST, 80, 8);
    static final Operand[] MMX = row(Kind.MMX, 64, 8);
    static final Operand[] XMM = row(Kind.XMM, 128, 16);
    static final Operand[] YMM = row(Kind.YMM, 256, 16);
    /** The count of {@code shl eax, 1}. */
    static final Operand ONE = Operand.immediate(8, 1);

    private static final Operand[] GPR_8 = row(Kind.GPR, 8, 16);
    private static final Operand[] GPR_16 = row(Kind.GPR, 16, 16);
    private static final Operand[] GPR_32 = row(Kind.GPR, 32, 16);
    private static final Operand[] GPR_64 = row(Kind.GPR, 64, 16);
    private static final Operand[] HIGH = {Operand.highByte(0), Operand.highByte(1), Operand.highByte(2), Operand.highByte(3)};

    private Registers() {
    }

    private static Operand[] row(Kind kind, int bits, int count) {
        Operand[] row = new Operand[count];
        for (int i = 0; i < count; i++) {
            row[i] = Operand.register(kind, bits, i);
        }
        return row;
    }

    /** General register; {@code rex}: numbers 4..7 of 8-bit registers are SPL BPL SIL DIL and not AH CH DH BH. */
    static Operand general(int bits, int number, boolean rex) {
        switch (bits) {
            case 64:
                return GPR_64[number];
            case 32:
                return GPR_32[number];
            case 16:
                return GPR_16[number];
            default:
                return rex || number < 4 ? GPR_8[number] : HIGH[number - 4];
        }
    }
}
