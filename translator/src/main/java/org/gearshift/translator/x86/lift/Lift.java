package org.gearshift.translator.x86.lift;

import org.gearshift.translator.x86.decode.Instruction;

/** How instructions of one mnemonic become IR. */
@FunctionalInterface
public interface Lift {
    /**
     * Emits one instruction. The {@code MARK} is already there. Everything that may fault comes before the first write of a register or flag. A
     * method that does not end the block lets it continue behind the instruction.
     */
    void lift(LiftContext c, Instruction i);
}
