package org.gearshift.translator.x86.disasm;

import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;

/**
 * Intel-syntax text of an instruction in the words of binutils' objdump. What {@link Instruction} does not keep is not shown: prefixes without
 * effect, a zero displacement that was encoded, an index of none, a redundant segment override.
 */
public final class Disassembler {
    private final int defaultBits;
    private final boolean mode64;

    /** @param mode {@link X86Mode} key of the code: its default operand size decides where a size suffix is written */
    public Disassembler(long mode) {
        mode64 = X86Mode.is(mode, X86Mode.CODE64);
        defaultBits = X86Mode.operandBits(mode);
    }

    /**
     * The instruction as text, e.g. {@code lock cmpxchg DWORD PTR [ebx+0x4],ecx}.
     *
     * @param pc address of the instruction: branch targets are printed as addresses
     */
    public String format(Instruction insn, long pc) {
        StringBuilder out = new StringBuilder(48);
        if (insn.lock()) {
            out.append("lock ");
        }
        if (insn.rep()) {
            out.append(insn.mnemonic() == Mnemonic.CMPS || insn.mnemonic() == Mnemonic.SCAS ? "repz " : "rep ");
        } else if (insn.repne()) {
            out.append("repnz ");
        }
        if (insn.mnemonic() == Mnemonic.NOP && insn.operandCount() == 0 && !isDefaultSize(insn)) {
            String ax = OperandText.GPR_NAMES[insn.operandBits() == 16 ? 1 : 2][0];
            return out.append("xchg ").append(ax).append(',').append(ax).toString();
        }
        int shown = MnemonicText.append(out, insn, sizeLetter(insn), mode64);
        if (insn.elementBits() != 0 || insn.mnemonic() == Mnemonic.XLAT) {
            StringText.append(out, insn);
            return out.toString();
        }
        OperandText text = new OperandText(out, insn, pc, mode64);
        for (int i = 0; i < shown; i++) {
            out.append(i == 0 ? ' ' : ',');
            text.append(insn.op(i), i);
        }
        return out.toString();
    }

    private boolean isDefaultSize(Instruction insn) {
        return insn.operandBits() == defaultBits || mode64 && insn.operandBits() == 64;
    }

    /** The letter that instructions without a sized operand carry when their operand size is not the mode's. */
    private char sizeLetter(Instruction insn) {
        if (mode64) {
            return insn.operandBits() == 16 ? 'w' : insn.operandBits() == 64 ? 'q' : 0;
        }
        return insn.operandBits() == defaultBits ? 0 : insn.operandBits() == 16 ? 'w' : 'd';
    }
}
