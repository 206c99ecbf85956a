package org.gearshift.tools.conformance;

import static org.gearshift.translator.x86.decode.Mnemonic.*;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.gearshift.tools.conformance.HostDepartures.Case;
import org.gearshift.tools.conformance.HostDepartures.Departure;
import org.gearshift.tools.conformance.HostDepartures.Who;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;

/** Where QEMU 7.2's user-mode emulation is not what the manual says a processor is. */
final class QemuDepartures {
    private static final Set<Mnemonic> FX_IMAGES = EnumSet.of(FXSAVE, FXRSTOR);
    private static final Set<Mnemonic> ROTATIONS_THROUGH_CARRY = EnumSet.of(RCL, RCR);
    private static final Set<Mnemonic> DOUBLE_EXCHANGES = EnumSet.of(CMPXCHG8B);
    private static final Set<Mnemonic> REPEATED_COMPARISONS = EnumSet.of(CMPS, SCAS);
    private static final Set<Mnemonic> REFUSED_EARLY = EnumSet.of(UD0, UD1, MOVDIRI, MOVDIR64B, INVLPG);
    private static final int UD = 6;
    private static final int GP = 13;
    private static final int PF = 14;
    private static final int AC = 17;
    /** Bits of a page fault's error code. */
    private static final long WRITE = 2;
    private static final long USER = 4;
    private static final long FETCH = 16;
    private static final int RSP = 4;
    /** ES and B of the status word. */
    private static final int SUMMARY = 0x8080;
    // In FXSAVE images: pointers and MXCSR, registers.
    private static final int IP_IN_IMAGE = 5;
    private static final int X87_IN_IMAGE = 32;
    /** Bits of MXCSR that are defined. */
    private static final int MXCSR_BITS = 16;

    private static final List<Departure> TABLE = List.of(
            qemu("page faults at fetches, and at the read of an instruction that reads and writes: the error code lacks I/D or W", "SDM vol. 3A section 4.7",
                    c -> c.bothFault(PF) && c.e().address() == c.a().address() && c.e().error() == USER && (c.a().error() == (USER | FETCH) || c.a().error() == (USER | WRITE))
                            && c.differsOnlyIn("end ")),
            qemu("alignment is not checked", "SDM vol. 3A section 6.15, interrupt 17", c -> c.a().vector() == AC),
            qemu("segments of code can be written", "SDM vol. 3A section 5.5", c -> c.a().vector() == GP && c.a().error() == 0 && writesThroughCs(c)),
            qemu("PUSHA stores the last register first: another page fault", "SDM vol. 2 under PUSHA, operation", c -> c.is(PUSHA) && c.bothFault(PF)),
            qemu("ENTER does not ask whether the new top of the stack can be written", "SDM vol. 2 under ENTER, operation",
                    c -> c.is(ENTER) && c.a().vector() == PF && c.e().kind() == Outcome.Kind.DONE),
            qemu("RET that releases 8000 bytes or more takes their number for a negative one", "SDM vol. 2 under RET", QemuDepartures::releasesMuch),
            qemu("UD0, UD1, MOVDIRI, MOVDIR64B and INVLPG are refused before all their bytes are fetched", "SDM vol. 3A table 6-2, priority; SDM vol. 2 under UD",
                    c -> c.is(REFUSED_EARLY) && (c.faults(UD) || c.faults(GP)) && c.a().vector() == PF && c.a().error() == (USER | FETCH) && c.e().ip() == c.a().ip()),
            qemu("REPE and REPNE CMPS and SCAS that fault midway have changed flags", "SDM vol. 2 under REP: EFLAGS are restored",
                    c -> c.is(REPEATED_COMPARISONS) && c.bothFault(PF) && c.differsOnlyIn("eflags ")),
            qemu("CLFLUSH does not look at its operand", "SDM vol. 2 under CLFLUSH, exceptions", c -> c.is(CLFLUSH) && c.a().vector() == PF && c.e().kind() == Outcome.Kind.DONE),
            qemu("ARPL writes its operand back where it changes nothing", "SDM vol. 2 under ARPL, operation",
                    c -> c.is(ARPL) && c.faults(PF) && (c.e().error() & WRITE) != 0 && c.a().kind() == Outcome.Kind.DONE),
            qemu("FXSAVE leaves the reserved bytes of ST0 to ST7 alone; FXRSTOR takes reserved bits of MXCSR, and ES and B as they are; both touch "
                    + "the image no further than they need to", "SDM vol. 2 under FXSAVE and FXRSTOR",
                    c -> c.is(FXSAVE) && c.differsOnlyIn("memory ") && differsOnlyBehindRegisters(c)
                            || c.is(FXRSTOR) && c.a().vector() == GP && c.e().kind() == Outcome.Kind.DONE && c.e().registers().mxcsr() >>> MXCSR_BITS != 0
                            || c.is(FX_IMAGES) && c.a().vector() == PF && c.e().kind() == Outcome.Kind.DONE
                            || c.is(FXRSTOR) && c.differsOnlyIn("fsw ") && (c.e().registers().status() ^ c.a().registers().status()) == SUMMARY),
            qemu("signal frames lack the floating-point state at a fault", "not the processor's word",
                    c -> c.trial().start().fp != null && c.bothFault() && c.differsOnlyIn("fcw ", "fsw ", "tags ", "mxcsr ", "st", "xmm", "ymm")),
            qemu("RCL and RCR to memory that may not be written have changed flags before", "SDM vol. 3A section 6.6",
                    c -> c.is(ROTATIONS_THROUGH_CARRY) && c.bothFault(PF) && c.differsOnlyIn("eflags ")),
            qemu("TEST as F6 /1 and F7 /1, and NOP as 0F 18 with a register, are undefined", "SDM vol. 2 table A-6 (NOP); APM vol. 3 table A-6 (TEST)",
                    c -> (c.is(TEST) || c.is(NOP)) && c.faults(UD)),
            qemu("CMPXCHG8B loses flags of the instruction before that it should leave alone", "SDM vol. 2 under CMPXCHG8B, flags affected",
                    c -> c.has(DOUBLE_EXCHANGES) && c.differsOnlyIn("eflags ")));

    private QemuDepartures() {
    }

    static List<Departure> table() {
        return TABLE;
    }

    private static Departure qemu(String what, String reference, Predicate<Case> trial) {
        return HostDepartures.trials(Who.QEMU, what, reference, trial);
    }

    private static boolean writesThroughCs(Case c) {
        Instruction i = c.instructionAt(c.a().ip());
        return i != null && i.operandCount() > 0 && i.op(0).isMemory() && i.op(0).segment == X86State.CS;
    }

    private static boolean releasesMuch(Case c) {
        Instruction first = c.instructionAt(c.trial().code().start());
        return first != null && first.mnemonic() == RET && first.operandCount() > 0 && (first.op(0).value & 0x8000) != 0
                && Math.abs(c.e().registers().general[RSP] - c.a().registers().general[RSP]) == 0x10000 && c.differsOnlyIn("esp ", "end ") && c.e().ip() == c.a().ip();
    }

    /** Whether an FXSAVE image differs only in the six bytes behind each x87 register. */
    private static boolean differsOnlyBehindRegisters(Case c) {
        long image = EffectiveAddress.linear(c.trial(), c.instruction(), c.instruction().op(0));
        for (int i = 0; i < c.expected().length; i++) {
            long at = Layout.SCRATCH + i - image;
            if (c.expected()[i] != c.actual()[i] && (at < X87_IN_IMAGE || at >= X87_IN_IMAGE + 8 * 16 || (at & 15) < 10)
                    && !(at >= IP_IN_IMAGE && at < X87_IN_IMAGE)) {
                return false;
            }
        }
        return true;
    }
}
