package org.gearshift.translator.x86.lift;

import java.util.EnumSet;
import java.util.Set;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;

/**
 * The instruction behind STI, after which interrupts are taken for the first time (SDM vol. 2 under STI). What follows STI in most code does nothing that the engine has to
 * know of, and then both are one block; anything else is left to the engine, which executes it by itself.
 */
final class InterruptShadow {
    private static final Set<Mnemonic> PLAIN = EnumSet.of(Mnemonic.MOV, Mnemonic.MOVZX, Mnemonic.MOVSX, Mnemonic.LEA, Mnemonic.NOP, Mnemonic.PUSH, Mnemonic.POP, Mnemonic.ADD, Mnemonic.SUB,
            Mnemonic.AND, Mnemonic.OR, Mnemonic.XOR, Mnemonic.CMP, Mnemonic.TEST, Mnemonic.INC, Mnemonic.DEC, Mnemonic.CALL, Mnemonic.RET, Mnemonic.JMP, Mnemonic.SYSEXIT);

    private InterruptShadow() {
    }

    /** Whether an instruction may share the block of the STI before it. */
    static boolean mayEnd(Instruction i) {
        return PLAIN.contains(i.mnemonic()) && i.operands().stream().allMatch(InterruptShadow::isData);
    }

    private static boolean isData(Operand o) {
        return o.kind != Operand.Kind.CONTROL && o.kind != Operand.Kind.DEBUG && o.kind != Operand.Kind.SEGMENT;
    }
}
