package org.gearshift.vmm.cpu;

import java.util.EnumSet;
import java.util.Set;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;

/**
 * Whether the current instruction of 64-bit code made an access by way of SS. Translated code does not say, since 64-bit code needs no segments but for
 * one thing: a refused access is #SS there and #GP elsewhere. So when that happens the instruction is looked at again.
 */
final class StackAccess {
    private static final Set<Mnemonic> STACK = EnumSet.of(Mnemonic.PUSH, Mnemonic.POP, Mnemonic.PUSHF, Mnemonic.POPF, Mnemonic.CALL, Mnemonic.RET,
            Mnemonic.CALL_FAR, Mnemonic.RET_FAR, Mnemonic.ENTER, Mnemonic.LEAVE, Mnemonic.IRET);
    /** An instruction's own stack accesses are no farther from the stack pointer. */
    private static final long NEAR = 64;

    private final VCpu cpu;
    private final Decoder decoder = new Decoder();
    private long at;

    StackAccess(VCpu cpu) {
        this.cpu = cpu;
    }

    /** True if an access to {@code va} by the instruction at the pc slot was one to the stack segment. */
    boolean at(long va) {
        at = cpu.s[X86State.RIP];
        Instruction i = decoder.decode(this::next, cpu.mode());
        boolean elsewhere = false;
        for (Operand o : i.operands()) {
            if (o.isMemory() && o.segment == X86State.SS) {
                return true;
            }
            elsewhere |= o.isMemory();
        }
        if (!STACK.contains(i.mnemonic())) {
            return false;
        }
        return !elsewhere || Math.abs(va - cpu.s[X86State.RSP]) <= NEAR;
    }

    /** The next code byte; it has been executed, so it can be read. */
    private int next() {
        long p = cpu.mmu.probe(at++, ShadowMmu.EXECUTE, cpu.user());
        return p < 0 ? 0 : (int) cpu.physical.read(p, 8) & 0xff;
    }
}
