package org.gearshift.translator.x86.disasm;

import org.gearshift.translator.x86.decode.Instruction;

/** Writes the operands of string instructions and XLAT, which {@link Instruction} does not list. */
final class StringText {
    private StringText() {
    }

    static void append(StringBuilder out, Instruction insn) {
        int bits = insn.elementBits();
        String source = memory(insn, OperandText.SEGMENT_NAMES[insn.segment()], 6, bits);
        String target = memory(insn, "es", 7, bits);
        String accumulator = bits == 0 ? "" : OperandText.general(bits, 0);
        out.append(' ').append(switch (insn.mnemonic()) {
            case MOVS -> target + "," + source;
            case CMPS -> source + "," + target;
            case STOS -> target + "," + accumulator;
            case LODS -> accumulator + "," + source;
            case SCAS -> accumulator + "," + target;
            case INS -> target + ",dx";
            case OUTS -> "dx," + source;
            default -> memory(insn, OperandText.SEGMENT_NAMES[insn.segment()], 3, 8);
        });
    }

    private static String memory(Instruction insn, String segment, int register, int bits) {
        String size = switch (bits) {
            case 8 -> "BYTE";
            case 16 -> "WORD";
            case 32 -> "DWORD";
            default -> "QWORD";
        };
        return size + " PTR " + segment + ":[" + OperandText.general(insn.addressBits(), register) + "]";
    }
}
