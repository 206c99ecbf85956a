package org.gearshift.translator.x86.decode;

import java.util.List;
import org.gearshift.translator.x86.IsaExtension;

/**
 * One decoded instruction. Operands are explicit ones in Intel order plus those implied by the opcode that the assembler writes
 * (CL of a shift, AL of {@code in al, dx}, the 1 of {@code shl eax, 1}); implicit registers of string, stack and multiply instructions are not listed.
 *
 * @param mnemonic what it does; condition-coded instructions share one mnemonic (JCC, SETCC, CMOVCC) and differ in {@code condition}
 * @param condition condition code 0..15 (O NO B AE E NE BE A S NS P NP L GE LE G), or -1
 * @param length bytes, 1..15
 * @param operandBits effective operand size 16, 32 or 64 (what a near branch, push or string element without own suffix uses; byte forms
 *     show it in their operands, string instructions in {@code elementBits})
 * @param addressBits effective address size 16, 32 or 64
 * @param elementBits size of one element for string and I/O string instructions (8, 16, 32, 64), else 0
 * @param segment effective segment of the implied memory source of string instructions and XLAT (override applied; DS by default), X86State order
 * @param lock LOCK prefix present (and legal: illegal ones do not decode)
 * @param rep REP/REPE (F3) prefix present and meaningful for this instruction
 * @param repne REPNE (F2) prefix present and meaningful
 * @param rex REX prefix byte (0x40..0x4f) or 0
 * @param vexBits 128 or 256 as VEX.L says, 0 without VEX prefix
 * @param extension what a processor must have to know this instruction
 * @param operands explicit operands in Intel order
 */
public record Instruction(
        Mnemonic mnemonic,
        int condition,
        int length,
        int operandBits,
        int addressBits,
        int elementBits,
        int segment,
        boolean lock,
        boolean rep,
        boolean repne,
        int rex,
        int vexBits,
        IsaExtension extension,
        List<Operand> operands) {

    public Operand op(int i) {
        return operands.get(i);
    }

    public int operandCount() {
        return operands.size();
    }
}
