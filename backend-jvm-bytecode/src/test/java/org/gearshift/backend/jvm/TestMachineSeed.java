package org.gearshift.backend.jvm;

import java.util.Random;

/** Random initial states of {@link TestMachine}; the page maps are those of a new machine. */
final class TestMachineSeed {
    private static final TestMachine BLANK = new TestMachine();

    private final Random random;

    TestMachineSeed(Random random) {
        this.random = random;
    }

    /** A machine to copy from; the same object every time. */
    TestMachine machine() {
        TestMachine m = BLANK;
        for (int i = 0; i < TestMachine.NARROW_COUNT; i++) {
            m.s[TestMachine.NARROW + i] = random.nextInt() >> random.nextInt(32);
        }
        for (int i = 0; i < TestMachine.WIDE_COUNT; i++) {
            m.s[TestMachine.WIDE + i] = random.nextLong() >> random.nextInt(64);
        }
        m.s[TestMachine.PC] = 0x77;
        m.s[TestMachine.LIMIT] = random.nextInt(3) == 0 ? -1 : random.nextInt() & 0xffffffffL;
        m.s[TestMachine.HIDDEN] = 1;
        random.nextBytes(m.ram);
        m.budget = random.nextInt(400);
        m.trace = random.nextLong();
        return m;
    }
}
