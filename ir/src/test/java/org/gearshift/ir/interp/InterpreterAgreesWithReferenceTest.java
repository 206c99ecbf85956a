package org.gearshift.ir.interp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.Arrays;
import java.util.Random;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.RandomBlocks;
import org.gearshift.ir.ReferenceEvaluator;
import org.gearshift.ir.SampleContext;
import org.gearshift.testing.TestRam;
import org.junit.jupiter.api.Test;

/** Whatever a block does, the interpreter leaves slots, memory, budget, pc and the calls it made as the plain evaluation does. */
class InterpreterAgreesWithReferenceTest {
    private static final int BLOCKS = Integer.getInteger("blocks", 8_000);

    @Test
    void onNaiveBlocks() {
        compare(false, false);
    }

    @Test
    void onBlocksMadeByTheBuilder() {
        compare(true, false);
    }

    @Test
    void inTheLoopFor64BitCode() {
        compare(false, true);
        compare(true, true);
    }

    @Test
    void withRamOutsideTheHeap() {
        compare(false, false, TestRam.OUTSIDE);
        compare(true, true, TestRam.OUTSIDE);
    }

    @Test
    void withRamBeyondWhatAnArrayHolds() {
        compare(false, false, TestRam.LARGE);
        compare(true, true, TestRam.LARGE);
    }

    private static void compare(boolean withBuilder, boolean wide) {
        compare(withBuilder, wide, TestRam.ARRAY);
    }

    private static void compare(boolean withBuilder, boolean wide, TestRam ram) {
        Interpreter interpreter = new Interpreter(SampleContext.LAYOUT, SampleContext.RES, SampleContext.AUX, 1 << 14);
        SampleContext expected = new SampleContext();
        SampleContext actual = new SampleContext(ram);
        for (int seed = 0; seed < BLOCKS; seed++) {
            Block b = new RandomBlocks(seed).next(0x1000, withBuilder);
            set(expected, seed);
            set(actual, seed);
            boolean ok = new ReferenceEvaluator(expected).run(b);
            int handle = interpreter.prepare(b, wide);
            long before = interpreter.instructions();
            try {
                int exit = interpreter.run(actual, handle);
                assertEquals(!ok, exit == Interpreter.EXIT_FAULT, "fault");
                assertArrayEquals(Arrays.copyOf(expected.s, SampleContext.LAYOUT.slotCount()),
                        Arrays.copyOf(actual.s, SampleContext.LAYOUT.slotCount()), "slots");
                assertEquals(expected.budget, actual.budget, "budget");
                assertEquals(expected.log, actual.log, "monitor calls");
                assertEquals(-1, mismatch(expected, actual), "memory");
                assertEquals(100 - actual.budget, interpreter.instructions() - before, "instructions");
                if (!ok) {
                    assertEquals(expected.fault.vector, actual.fault.vector, "vector");
                }
            } catch (AssertionError | RuntimeException e) {
                fail("seed " + seed + ": " + e.getMessage() + "\nexpected " + Arrays.toString(Arrays.copyOf(expected.s, 12)) + "\nactual "
                        + Arrays.toString(Arrays.copyOf(actual.s, 12)) + "\n" + text(b) + interpreter.dump(handle), e);
            }
            interpreter.free(handle);
        }
    }

    private static int mismatch(SampleContext a, SampleContext b) {
        return a.ram.length == b.ram.length ? Arrays.mismatch(a.ram, b.ram) : b.mismatch(a.ram);
    }

    private static String text(Block b) {
        StringBuilder t = new StringBuilder();
        int i = 0;
        for (Insn v : b.insns()) {
            v.setIndex(i++);
            t.append('v').append(v.index()).append(" = ").append(v.op().text()).append(' ').append(v.type()).append(' ').append(v.imm());
            for (Insn a : v.args()) {
                t.append(" v").append(a.index());
            }
            t.append('\n');
        }
        t.append(b.terminator().kind());
        if (b.terminator().value() != null) {
            t.append(" v").append(b.terminator().value().index());
        }
        return t.append('\n').toString();
    }

    private static void set(SampleContext ctx, int seed) {
        Random random = new Random(seed * 7L + 1);
        for (int i = 0; i < SampleContext.PC; i++) {
            ctx.s[i] = switch (random.nextInt(4)) {
                case 0 -> random.nextInt(0x10000);
                case 1 -> random.nextInt();
                case 2 -> random.nextLong();
                default -> random.nextInt(16) - 8;
            };
        }
        ctx.s[4] = random.nextInt(0xd000);
        ctx.s[SampleContext.LIMIT] = random.nextInt(4) == 0 ? 0x4000 : 0xffffffffL;
        ctx.s[SampleContext.PC] = 77;
        if (seed % 50 == 0) {
            byte[] all = new byte[SampleContext.PAGES << 12];
            random.nextBytes(all);
            ctx.fill(all);
        }
        ctx.budget = 100;
        ctx.log.clear();
    }
}
