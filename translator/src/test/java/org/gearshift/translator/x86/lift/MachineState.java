package org.gearshift.translator.x86.lift;

import java.util.Arrays;

/** What an instruction can change in the comparison with a real processor. */
final class MachineState {
    /** Linear address and size of the memory window; it crosses a page boundary in its middle. */
    static final int WINDOW = 0x20000f80;
    static final int WINDOW_BYTES = 256;

    final long[] registers = new long[16];
    long flags;
    byte[] memory = new byte[WINDOW_BYTES];

    MachineState copy() {
        MachineState m = new MachineState();
        System.arraycopy(registers, 0, m.registers, 0, 16);
        m.flags = flags;
        m.memory = memory.clone();
        return m;
    }

    /** Differences to an outcome, looking only at the flags in the mask; empty if there are none. */
    String difference(MachineState expected, long flagMask) {
        StringBuilder b = new StringBuilder();
        for (int i = 0; i < 16; i++) {
            if (registers[i] != expected.registers[i]) {
                b.append(String.format(" r%d=%x not %x", i, registers[i], expected.registers[i]));
            }
        }
        if (((flags ^ expected.flags) & flagMask) != 0) {
            b.append(String.format(" flags=%s not %s", flagNames(flags & flagMask), flagNames(expected.flags & flagMask)));
        }
        int at = Arrays.mismatch(memory, expected.memory);
        if (at >= 0) {
            b.append(String.format(" memory+%d=%02x not %02x", at, memory[at], expected.memory[at]));
        }
        return b.toString();
    }

    static String flagNames(long f) {
        StringBuilder b = new StringBuilder("[");
        String names = "c.p.a.zs..do";
        for (int i = 0; i < names.length(); i++) {
            if ((f >> i & 1) != 0) {
                b.append(names.charAt(i));
            }
        }
        return b.append(']').toString();
    }

    @Override
    public String toString() {
        StringBuilder b = new StringBuilder();
        for (int i = 0; i < 16; i++) {
            b.append(String.format("%x ", registers[i]));
        }
        return b + flagNames(flags);
    }
}
