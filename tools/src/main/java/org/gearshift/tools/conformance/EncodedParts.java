package org.gearshift.tools.conformance;

import java.io.ByteArrayOutputStream;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;

/**
 * One instruction of 32-bit code taken apart (SDM vol. 2, 2.1).
 *
 * @param bytes the instruction
 * @param i what it decodes to
 * @param segment prefix of FS or GS, if the last segment prefix is one of theirs, or 0
 * @param others prefixes 66, F0, F2 and F3 in their order
 * @param opcodeAt index of the first byte behind the prefixes: opcode, escape or VEX
 * @param tailAt index of the first byte behind the opcode: ModRM, offset or immediate
 */
record EncodedParts(byte[] bytes, Instruction i, int segment, byte[] others, int opcodeAt, int tailAt) {
    static final int ADDRESS_SIZE = 0x67;
    private static final int ESCAPE = 0x0f;

    static EncodedParts of(byte[] bytes, Instruction i) {
        ByteArrayOutputStream others = new ByteArrayOutputStream();
        int segment = 0;
        int at = 0;
        for (; at < bytes.length; at++) {
            int b = bytes[at] & 0xff;
            if (b == 0x26 || b == 0x2e || b == 0x36 || b == 0x3e) {
                // Flat, and without meaning in 64-bit code, but the last one counts.
                segment = 0;
            } else if (b == 0x64 || b == 0x65) {
                segment = b;
            } else if (b == 0x66 || b == 0xf0 || b == 0xf2 || b == 0xf3) {
                others.write(b);
            } else if (b != ADDRESS_SIZE) {
                break;
            }
        }
        int tail = at + 1;
        if (i.vexBits() > 0) {
            tail = at + (opcode(bytes, at) == 0xc5 ? 3 : 4);
        } else if (opcode(bytes, at) == ESCAPE) {
            int second = opcode(bytes, at + 1);
            tail = at + (second == 0x38 || second == 0x3a ? 3 : 2);
        }
        return new EncodedParts(bytes, i, segment, others.toByteArray(), at, Math.min(tail, bytes.length));
    }

    private static int opcode(byte[] bytes, int at) {
        return at < bytes.length ? bytes[at] & 0xff : -1;
    }

    /** The first byte behind the prefixes. */
    int opcode() {
        return bytes[opcodeAt] & 0xff;
    }

    int modrm() {
        return bytes[tailAt] & 0xff;
    }

    /** ModRM.reg. */
    int extension() {
        return modrm() >> 3 & 7;
    }

    boolean vex() {
        return i.vexBits() > 0;
    }

    /** MOV between AL or EAX and an offset in the code. */
    boolean hasOffset() {
        return !vex() && opcode() >= 0xa0 && opcode() <= 0xa3;
    }

    /** The memory operand that ModRM names, or null. */
    Operand memory() {
        for (Operand o : i.operands()) {
            if (o.isMemory() && !hasOffset()) {
                return o;
            }
        }
        return null;
    }

    /** Whether it addresses memory by registers that its encoding does not name. */
    boolean hasImpliedAddress() {
        Mnemonic m = i.mnemonic();
        return i.elementBits() > 0 || m == Mnemonic.XLAT || m == Mnemonic.MASKMOVQ || m == Mnemonic.MASKMOVDQU || m == Mnemonic.VMASKMOVDQU;
    }

    /** Whether it addresses memory by way of CS. */
    boolean throughCs() {
        return hasImpliedAddress() && i.segment() == X86State.CS || i.operands().stream().anyMatch(o -> o.isMemory() && o.segment == X86State.CS);
    }

    boolean address16() {
        return i.addressBits() == 16;
    }

    boolean hasHighByte() {
        return i.operands().stream().anyMatch(o -> o.highByte);
    }
}
