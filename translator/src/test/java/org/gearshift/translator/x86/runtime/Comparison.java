package org.gearshift.translator.x86.runtime;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Runs one instruction on many states, on the processor and emulated, and compares what is defined. */
final class Comparison {
    static final int ARITHMETIC_FLAGS = 0x8d5;
    /** C0, C2, C3: undefined after most x87 instructions. */
    static final int CONDITIONS = 0x4500;
    private static final int SHOWN = 6;

    private final Processor processor;
    private final Emulated emulated = new Emulated();
    private final List<String> failures = new ArrayList<>();
    /** Status-word bits and flags not compared; largest difference of x87 significands accepted. */
    int ignoredStatus;
    int ignoredFlags;
    /** Doublewords of memory not compared, bit by bit. */
    int ignoredMemory;
    long tolerance;

    Comparison(Processor processor) {
        this.processor = processor;
    }

    /** Bytes written as hexadecimal; spaces do not count. */
    void check(String name, String hex, List<MachineState> states) throws IOException {
        byte[] code = HexFormat.of().parseHex(hex.replace(" ", ""));
        List<MachineState> real = new ArrayList<>();
        processor.execute(code, states, real);
        emulated.load(code);
        int wrong = 0;
        for (int i = 0; i < states.size(); i++) {
            MachineState mine = emulated.execute(states.get(i));
            String d = difference(real.get(i), mine);
            if (d != null && wrong++ < SHOWN) {
                failures.add(name + " " + describe(states.get(i)) + "\n    " + d);
            }
        }
        if (wrong > 0) {
            failures.add(name + ": " + wrong + " of " + states.size() + " differ");
        }
    }

    void finish() {
        if (!failures.isEmpty()) {
            fail(failures.size() + " lines\n" + String.join("\n", failures));
        }
    }

    private static String describe(MachineState m) {
        return String.format("fcw=%04x fsw=%04x tags=%02x st0=%04x:%016x st1=%04x:%016x mxcsr=%04x xmm0=%016x:%016x xmm1=%016x:%016x mem=%016x:%016x eax=%08x fl=%x",
                m.control(), m.status(), m.tags(), m.exponent(0), m.significand(0), m.exponent(1), m.significand(1), m.mxcsr(),
                m.xmm(1), m.xmm(0), m.xmm(3), m.xmm(2), m.data().getLong(8), m.data().getLong(0), m.registers[0], m.registers[3]);
    }

    private String difference(MachineState a, MachineState b) {
        StringBuilder d = new StringBuilder();
        if (a.signal != b.signal) {
            d.append(" signal ").append(a.signal).append(" got ").append(b.signal);
        }
        word(d, "fsw", a.status() & ~ignoredStatus, b.status() & ~ignoredStatus);
        word(d, "fcw", a.control(), b.control());
        word(d, "tags", a.tags(), b.tags());
        word(d, "mxcsr", a.mxcsr(), b.mxcsr());
        for (int i = 0; i < 8; i++) {
            boolean same = a.exponent(i) == b.exponent(i) && Math.abs(a.significand(i) - b.significand(i)) <= tolerance || near(a, b, i);
            if (!same) {
                d.append(String.format(" st%d %04x:%016x got %04x:%016x", i, a.exponent(i), a.significand(i), b.exponent(i), b.significand(i)));
            }
        }
        for (int i = 0; i < 16; i++) {
            word(d, "xmm" + i / 2 + (i % 2 == 0 ? "lo" : "hi"), a.xmm(i), b.xmm(i));
        }
        for (int i = 0; i < 32; i++) {
            if ((ignoredMemory >> i & 1) == 0) {
                word(d, "mem" + i, a.data().getInt(4 * i), b.data().getInt(4 * i));
            }
        }
        for (int i = 0; i < 3; i++) {
            word(d, "reg" + i, a.registers[i] & 0xffff_ffffL, b.registers[i]);
        }
        word(d, "flags", a.registers[3] & ARITHMETIC_FLAGS & ~ignoredFlags, b.registers[3] & ARITHMETIC_FLAGS & ~ignoredFlags);
        return d.isEmpty() ? null : d.toString();
    }

    /** Neighbours across a power of two. */
    private boolean near(MachineState a, MachineState b, int i) {
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
