package org.gearshift.backend.jvm;

import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import org.gearshift.testing.TestRam;

/** Random initial states of {@link TestMachine}; the page maps are those of a new machine. */
final class TestMachineSeed {
    private static final Map<TestRam, TestMachine> BLANK = new EnumMap<>(TestRam.class);

    private final Random random;
    private final TestMachine blank;

    TestMachineSeed(Random random, TestRam ram) {
        this.random = random;
        this.blank = BLANK.computeIfAbsent(ram, TestMachine::new);
    }

    /** A machine to copy from; the same object every time. */
    TestMachine machine() {
        TestMachine m = blank;
        for (int i = 0; i < TestMachine.NARROW_COUNT; i++) {
            m.s[TestMachine.NARROW + i] = random.nextInt() >> random.nextInt(32);
        }
        for (int i = 0; i < TestMachine.WIDE_COUNT; i++) {
            m.s[TestMachine.WIDE + i] = random.nextLong() >> random.nextInt(64);
        }
        m.s[TestMachine.PC] = 0x77;
        m.s[TestMachine.LIMIT] = random.nextInt(3) == 0 ? -1 : random.nextInt() & 0xffffffffL;
        m.s[TestMachine.HIDDEN] = 1;
        m.fill(random);
        m.budget = random.nextInt(400);
        m.trace = random.nextLong();
        return m;
    }
}
