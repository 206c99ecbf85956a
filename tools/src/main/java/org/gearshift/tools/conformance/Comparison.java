package org.gearshift.tools.conformance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.vmm.cpu.Eflags;

/** Compares what the host's processor did with what an emulated one did: registers, defined flags, memory, and the way it ended. */
final class Comparison {
    /** Flags that are no business of user programs, or that the processor sets in a fault's image (RF). */
    private static final int IGNORED_FLAGS = 2 | Eflags.IF | Eflags.RF;
    private static final int PAGE_FAULT = 14;
    private static final long PROGRAM_END = 0x7fff_ffff_f000L;
    private static final int C1 = 0x200;
    private static final int UE = 0x10;
    private static final int SHOWN_BYTES = 4;
    private static final String[] NAMES = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};

    private final boolean undefined;
    private final boolean ymm;
    private final List<String> found = new ArrayList<>();
    private Trial trial;
    private Instruction instruction;
    private Sequence sequence;

    /**
     * @param undefined compares what the manual leaves undefined as well
     * @param ymm upper halves of vector registers are compared
     */
    Comparison(boolean undefined, boolean ymm) {
        this.undefined = undefined;
        this.ymm = ymm;
    }

    /**
     * Differences, each as text {@code what expected got}; empty if there are none. {@code i} is the one instruction of the trial or null if it is a
     * sequence, {@code q} the sequence or null.
     */
    List<String> differences(Trial t, Instruction i, Sequence q, Outcome expected, byte[] expectedMemory, Outcome actual, byte[] actualMemory) {
        found.clear();
        trial = t;
        instruction = i;
        sequence = q;
        ending(expected, actual);
        general(expected.registers(), actual.registers());
        flags(expected.registers(), actual.registers());
        if (t.start().fp != null) {
            floatingPoint(expected.registers(), actual.registers());
        }
        if (!Arrays.equals(expectedMemory, actualMemory)) {
            memory(expectedMemory, actualMemory);
        }
        return found.isEmpty() ? List.of() : List.copyOf(found);
    }

    private void differs(String what, String expected, String actual) {
        found.add(what + " " + expected + " got " + actual);
    }

    private void hex(String what, long expected, long actual) {
        if (expected != actual) {
            differs(what, Long.toHexString(expected), Long.toHexString(actual));
        }
    }

    private void ending(Outcome e, Outcome a) {
        boolean same = e.kind() == a.kind() && e.vector() == a.vector();
        if (same && e.kind() == Outcome.Kind.FAULT) {
            // Above a program's addresses Linux says "present" whatever is there.
            long ignored = e.vector() == PAGE_FAULT && Long.compareUnsigned(e.address(), PROGRAM_END) >= 0 ? 1 : 0;
            same = e.ip() == a.ip() && (e.error() & ~ignored) == (a.error() & ~ignored)
                    && (e.vector() != PAGE_FAULT || e.address() == a.address());
        }
        if (!same) {
            differs("end", e.ending(), a.ending());
        }
    }

    private void general(Registers e, Registers a) {
        boolean skipDestination = !undefined && instruction != null && UndefinedResults.destination(instruction, trial.start(), e);
        for (int n = 0; n < 16; n++) {
            if (e.general[n] != a.general[n] && !(skipDestination && isDestination(n))) {
                hex(name(n), e.general[n], a.general[n]);
            }
        }
    }

    private boolean isDestination(int register) {
        Operand d = instruction.op(0);
        return d.kind == Operand.Kind.GPR && d.reg == register;
    }

    private String name(int n) {
        boolean wide = trial.code().bits() == 64;
        return n < 8 ? (wide ? "r" : "e") + NAMES[n] : "r" + n;
    }

    private void flags(Registers e, Registers a) {
        int ignored = IGNORED_FLAGS;
        if (!undefined) {
            ignored |= instruction != null ? UndefinedResults.flags(instruction, trial.start()) : sequence.undefinedFlags();
        }
        hex("eflags", e.eflags & ~ignored, a.eflags & ~ignored);
    }

    private void floatingPoint(Registers e, Registers a) {
        int ignored = 0;
        boolean function = instruction != null && Approximations.isFunction(instruction.mnemonic());
        if (function && !undefined && Approximations.isOutOfRange(instruction.mnemonic(), trial.start())) {
            return;
        }
        boolean estimate = instruction != null && Approximations.isEstimate(instruction.mnemonic());
        if (!undefined) {
            ignored = instruction != null ? UndefinedResults.status(instruction) : sequence.undefinedStatus();
        }
        hex("fcw", e.control(), a.control());
        if (function) {
            ignored |= Approximations.atUnderflow(e.exponent(0), a.exponent(0)) ? C1 | UE : C1;
        }
        hex("fsw", e.status() & ~ignored, a.status() & ~ignored);
        hex("tags", e.valid(), a.valid());
        hex("mxcsr", e.mxcsr(), a.mxcsr());
        for (int i = 0; i < 8; i++) {
            boolean same = e.exponent(i) == a.exponent(i) && e.significand(i) == a.significand(i)
                    || function && Approximations.near(e.significand(i), e.exponent(i), a.significand(i), a.exponent(i));
            if (!same) {
                differs("st" + i, String.format("%04x:%016x", e.exponent(i), e.significand(i)), String.format("%04x:%016x", a.exponent(i), a.significand(i)));
            }
        }
        int registers = trial.code().bits() == 64 ? 16 : 8;
        for (int n = 0; n < registers; n++) {
            for (int part = 0; part < (ymm ? 4 : 2); part++) {
                vector(n, part, e.vector(n, part), a.vector(n, part), estimate);
            }
        }
    }

    private void vector(int n, int part, long e, long a, boolean estimate) {
        if (e == a || estimate && Approximations.near((int) e, (int) a) && Approximations.near((int) (e >>> 32), (int) (a >>> 32))) {
            return;
        }
        differs((part < 2 ? "xmm" : "ymm") + n + "[" + part + "]", String.format("%016x", e), String.format("%016x", a));
    }

    private void memory(byte[] e, byte[] a) {
        int[] ignored = undefined ? new int[0] : ignoredMemory();
        int shown = 0;
        for (int i = 0; i < e.length && shown < SHOWN_BYTES; i++) {
            boolean skip = false;
            for (int k = 0; k < ignored.length; k += 2) {
                skip |= i >= ignored[k] && i < ignored[k + 1];
            }
            if (e[i] != a[i] && !skip) {
                hex("memory " + Long.toHexString(Layout.SCRATCH + i), e[i] & 0xff, a[i] & 0xff);
                shown++;
            }
        }
    }

    /**
     * Ranges of bytes, first and end, that an instruction stores without a defined value: last-instruction pointers of x87 images, and what FXSAVE
     * leaves to the processor.
     */
    private int[] ignoredMemory() {
        if (instruction == null) {
            return new int[0];
        }
        if (UndefinedResults.destination(instruction, trial.start(), trial.start()) && instruction.op(0).isMemory()) {
            int at = (int) (EffectiveAddress.linear(trial, instruction, instruction.op(0)) - Layout.SCRATCH);
            return new int[] {at, at + instruction.op(0).bits / 8};
        }
        Mnemonic m = instruction.mnemonic();
        boolean environment = m == Mnemonic.FNSTENV || m == Mnemonic.FNSAVE;
        if (!environment && m != Mnemonic.FXSAVE && m != Mnemonic.FNSTSW) {
            return new int[0];
        }
        Operand image = instruction.op(0);
        if (!image.isMemory()) {
            return new int[0];
        }
        int at = (int) (EffectiveAddress.linear(trial, instruction, image) - Layout.SCRATCH);
        if (environment) {
            return instruction.operandBits() == 16 ? new int[] {at + 6, at + 14} : new int[] {at + 12, at + 28};
        }
        if (m == Mnemonic.FXSAVE) {
            return new int[] {at + 5, at + 24, at + 28, at + 32};
        }
        return new int[0];
    }
}
