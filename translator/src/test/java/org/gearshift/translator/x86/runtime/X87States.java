package org.gearshift.translator.x86.runtime;

import java.util.ArrayList;
import java.util.List;

/** Random x87 states with what matters among them: every control word, full and empty registers, special numbers, exceptions that are pending. */
final class X87States {
    private X87States() {
    }

    static List<MachineState> random(long seed, int count) {
        Operands o = new Operands(seed);
        List<MachineState> list = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            list.add(random(o));
        }
        return list;
    }

    private static MachineState random(Operands o) {
        MachineState m = new MachineState();
        m.control(o.control());
        m.status(status(o));
        for (int r = 0; r < 8; r++) {
            o.extended(m, r);
        }
        if (o.random.nextInt(3) == 0) {
            int e = m.exponent(0) & 0x7fff;
            m.st(1, o.significand() | Long.MIN_VALUE, Math.max(0, e - 3 + o.random.nextInt(6)) & 0x7fff | o.random.nextInt(2) << 15);
        }
        switch (o.random.nextInt(8)) {
            case 0 -> m.tags(o.random.nextInt(256));
            case 1, 2, 3, 4 -> m.tags(m.tags() & ~(1 << ((m.status() >> 11) + 7 & 7)));
            default -> {
            }
        }
        m.pointers(o.random.nextInt(), o.random.nextInt(0x10000), o.random.nextInt(0x800), o.random.nextInt(), o.random.nextInt(0x10000));
        o.random.nextBytes(m.memory);
        m.data().putLong(0, switch (o.random.nextInt(3)) {
            case 0 -> o.special64();
            case 1 -> o.special32() & 0xffff_ffffL;
            default -> o.random.nextLong() >> o.random.nextInt(64);
        });
        if (o.random.nextInt(3) == 0) {
            MachineState t = new MachineState();
            o.extended(t, 0);
            m.data().putLong(0, t.significand(0)).putShort(8, (short) t.exponent(0));
        }
        m.registers[0] = o.random.nextInt() & 0xffff_ffffL;
        m.registers[1] = o.random.nextInt() & 0xffff_ffffL;
        m.registers[2] = o.random.nextInt() & 0xffff_ffffL;
        m.registers[3] = 0x202 | o.random.nextInt() & Comparison.ARITHMETIC_FLAGS;
        return m;
    }

    /** Any top and condition codes; now and then exception flags, pending where they are unmasked. */
    private static int status(Operands o) {
        int flags = o.random.nextInt(6) == 0 ? o.random.nextInt(128) : 0;
        return o.random.nextInt(8) << 11 | o.random.nextInt() & X87Conditions.ALL | flags;
    }

    /** The same states with other bytes in memory: environments and images that were never stored. */
    static List<MachineState> images(long seed, int count) {
        List<MachineState> list = random(seed, count);
        Operands o = new Operands(seed + 1);
        for (MachineState m : list) {
            o.random.nextBytes(m.memory);
            if (o.random.nextInt(2) == 0) {
                m.data().putShort(0, (short) o.control()).putShort(4, (short) status(o));
            }
        }
        return list;
    }
}
