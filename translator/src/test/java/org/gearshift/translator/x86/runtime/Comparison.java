package org.gearshift.translator.x86.runtime;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import org.gearshift.translator.x86.X86Mode;

/** Runs instructions on many states, on the processor and emulated, and compares what is defined. */
final class Comparison {
    static final int ARITHMETIC_FLAGS = 0x8d5;
    private static final int EFLAGS_AC = 1 << 18;
    private static final int SIGSEGV = 11;
    private static final int TOP = 0x3800;
    /** Differences shown of one piece of code; lines shown in all. */
    private static final int SHOWN = 3;
    private static final int LINES = 60;

    private final Processor processor;
    private final Emulated emulated;
    private final List<String> failures = new ArrayList<>();
    private long compared;
    /** Status-word bits and flags not compared; largest difference of x87 significands accepted. */
    int ignoredStatus;
    int ignoredFlags;
    /** Bytes of memory not compared. */
    final BitSet ignoredMemory = new BitSet();
    /** Whether x87 instruction and data pointers count, and whether only while an exception is pending. */
    boolean pointers;
    boolean pendingPointers;
    /** Whether an exception may be of another instruction than the last with an operand or an opcode of its own. */
    boolean sequence;
    long tolerance;
    /** An x87 store, which Intel's processors leave undone, instead of looking at memory, if an unmasked exception becomes pending. */
    boolean mayStayPending;
    /** Bytes that Intel's processors store before a fault of those that follow. */
    int storedBeforeFault;
    /** A store of an MMX register, before whose fault Intel's processors have entered MMX state. */
    boolean entersMmx;
    /** Run with EFLAGS.AC set. */
    boolean alignmentChecked;
    /** Results within the tolerance were rounded from different approximations: C1 tells nothing where one was rounded. */
    boolean rounding;

    Comparison(Processor processor) {
        this.processor = processor;
        emulated = new Emulated(processor.cs, processor.ds);
    }

    /** Bytes written as hexadecimal; spaces do not count. */
    void check(String name, String hex, List<MachineState> states) throws IOException {
        check(name, HexFormat.of().parseHex(hex.replace(" ", "")), Processor.OFFSET, states);
    }

    /** Code with its operand at an offset in the page of data. */
    void check(String name, byte[] code, int offset, List<MachineState> states) throws IOException {
        List<MachineState> real = new ArrayList<>();
        if (alignmentChecked) {
            states.forEach(m -> m.registers[3] |= EFLAGS_AC);
        }
        processor.execute(code, offset, states, real);
        emulated.load(code, offset, alignmentChecked ? Emulated.USER | X86Mode.ALIGN_CHECK : Emulated.USER);
        int wrong = 0;
        for (int i = 0; i < states.size(); i++) {
            MachineState mine = emulated.execute(states.get(i));
            String d = difference(states.get(i), real.get(i), mine);
            for (int again = 0; d != null && pointers && again < 3; again++) {
                d = difference(states.get(i), once(code, offset, states.get(i)), mine);
            }
            if (d != null && wrong++ < SHOWN) {
                failures.add(name + " " + describe(states.get(i)) + "\n    " + d);
            }
        }
        compared += states.size();
        if (wrong > 0) {
            failures.add(name + ": " + wrong + " of " + states.size() + " differ");
        }
    }

    /** A difference is looked at again: on AMD processors a switch between processes loses the pointers if no exception is pending. */
    private MachineState once(byte[] code, int offset, MachineState before) throws IOException {
        List<MachineState> after = new ArrayList<>();
        processor.execute(code, offset, List.of(before), after);
        return after.get(0);
    }

    /** States compared so far. */
    long compared() {
        return compared;
    }

    void finish() {
        if (!failures.isEmpty()) {
            fail(failures.size() + " lines\n" + String.join("\n", failures.subList(0, Math.min(failures.size(), LINES))));
        }
    }

    private static String describe(MachineState m) {
        String x87 = String.format("fcw=%04x fsw=%04x tags=%02x st0=%04x:%016x st1=%04x:%016x", m.control(), m.status(), m.tags(),
                m.exponent(0), m.significand(0), m.exponent(1), m.significand(1));
        String sse = String.format("mxcsr=%04x xmm0=%016x:%016x xmm1=%016x:%016x", m.mxcsr(), m.xmm(1), m.xmm(0), m.xmm(3), m.xmm(2));
        return String.format("%s mem=%016x:%016x eax=%08x fl=%x", (m.xmm(0) | m.xmm(1) | m.xmm(2) | m.xmm(3)) == 0 ? x87 : sse,
                m.data().getLong(8), m.data().getLong(0), m.registers[0], m.registers[3]);
    }

    private String difference(MachineState before, MachineState a, MachineState b) {
        StringBuilder d = new StringBuilder();
        if (mayStayPending && !processor.amd && a.signal == 0 && b.signal != 0 && (a.status() & X87Status.ES) != 0) {
            return null;
        }
        boolean mmx = entersMmx && !processor.amd && a.signal == SIGSEGV && b.signal == SIGSEGV;
        if (a.signal != b.signal) {
            d.append(" signal ").append(a.signal).append(" got ").append(b.signal);
        }
        word(d, "at", a.faultedAt, b.faultedAt);
        boolean stackFault = (a.status() & ~before.status() & X87Status.SF) != 0;
        int rounded = rounding && !stackFault && (a.status() & X87Status.PE) != 0 ? X87Status.C1 : 0;
        int ignored = ignoredStatus | rounded | (mmx ? TOP : 0);
        if (tolerance > 0 && atUnderflow(a.exponent(0), b.exponent(0))) {
            ignored |= X87Status.UE;
        }
        word(d, "fsw", a.status() & ~ignored, b.status() & ~ignored);
        word(d, "fcw", a.control(), b.control());
        word(d, "tags", mmx ? 0 : a.tags(), mmx ? 0 : b.tags());
        word(d, "mxcsr", a.mxcsr(), b.mxcsr());
        for (int i = 0; i < 8 && !mmx; i++) {
            boolean same = a.exponent(i) == b.exponent(i) && Math.abs(a.significand(i) - b.significand(i)) <= tolerance || near(a, b, i);
            if (!same) {
                d.append(String.format(" st%d %04x:%016x got %04x:%016x", i, a.exponent(i), a.significand(i), b.exponent(i), b.significand(i)));
            }
        }
        for (int i = 0; i < 16; i++) {
            word(d, "xmm" + i / 2 + (i % 2 == 0 ? "lo" : "hi"), a.xmm(i), b.xmm(i));
        }
        for (int i = Arrays.mismatch(a.memory, b.memory); i >= 0 && i < MachineState.MEMORY; i++) {
            if (!ignoredMemory.get(i) && !(a.signal != 0 && !processor.amd && i < storedBeforeFault)) {
                word(d, "mem" + i, a.memory[i] & 0xff, b.memory[i] & 0xff);
            }
        }
        for (int i = 0; i < 3; i++) {
            word(d, "reg" + i, a.registers[i] & 0xffff_ffffL, b.registers[i]);
        }
        word(d, "flags", a.registers[3] & ARITHMETIC_FLAGS & ~ignoredFlags, b.registers[3] & ARITHMETIC_FLAGS & ~ignoredFlags);
        if (pointers) {
            pointers(d, a, b);
        }
        return d.isEmpty() ? null : d.toString();
    }

    /**
     * Instruction and data pointers. What this processor keeps less of than the manual (SDM vol. 1, 8.1.8 and 8.1.9) is left out:
     *
     * <pre>
     * after a signal                               Linux keeps no selectors, AMD processors no pointers unless an exception is pending
     * FCS, FDS                                     zeros if CPUID leaf 7 EBX bit 13 is set
     * FDP, FDS                                     only with unmasked exceptions, of that instruction, if CPUID leaf 7 EBX bit 6 is set
     * FOP                                          only with unmasked exceptions, except on AMD processors
     * </pre>
     */
    private void pointers(StringBuilder d, MachineState a, MachineState b) {
        boolean pending = (a.status() & X87Status.ES) != 0;
        if ((a.signal != 0 || pendingPointers) && !pending) {
            return;
        }
        boolean selectors = a.signal == 0 && (processor.leaf7 >> 13 & 1) == 0;
        boolean data = pending && !sequence || (processor.leaf7 >> 6 & 1) == 0;
        word(d, "fip", a.instructionOffset(), b.instructionOffset());
        if (selectors) {
            word(d, "fcs", a.instructionSelector(), b.instructionSelector());
        }
        if (data) {
            word(d, "fdp", a.dataOffset(), b.dataOffset());
        }
        if (data && selectors) {
            word(d, "fds", a.dataSelector(), b.dataSelector());
        }
        if (pending && !sequence || processor.amd) {
            word(d, "fop", a.opcode(), b.opcode());
        }
    }

    /** Whether one number is denormal and the other just not: they have one unit in the last place, and only one underflows. */
    private static boolean atUnderflow(int a, int b) {
        return (a ^ b) == 1 && ((a | b) & 0x7fff) == 1;
    }

    /** Neighbours across a power of two. */
    private boolean near(MachineState a, MachineState b, int i) {
        if (tolerance > 0 && atUnderflow(a.exponent(i), b.exponent(i))) {
            return Math.abs(a.significand(i) - b.significand(i)) <= tolerance;
        }
        if (tolerance == 0 || Math.abs(a.exponent(i) - b.exponent(i)) != 1) {
            return false;
        }
        long low = a.exponent(i) < b.exponent(i) ? a.significand(i) : b.significand(i);
        long high = a.exponent(i) < b.exponent(i) ? b.significand(i) : a.significand(i);
        return -low <= tolerance && low != 0 && low < 0 && high - Long.MIN_VALUE <= tolerance;
    }

    private static void word(StringBuilder d, String name, long real, long got) {
        if (real != got) {
            d.append(String.format(" %s %x got %x", name, real, got));
        }
    }
}
