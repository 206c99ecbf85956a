package org.gearshift.backend.jvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.gearshift.ir.Region;
import org.gearshift.testing.TestRam;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Random regions mean the same compiled as interpreted literally: state, RAM, budget, pc, faults, and every question to the monitor. */
class CompiledAgainstReferenceTest {
    private static final int RUNS = 40;
    private static final int VERIFIED = 150;

    private TestMachine start;
    private TestMachine expected;
    private TestMachine actual;
    private long retired;
    private long faults;

    @ParameterizedTest
    @CsvSource({"FAST,ARRAY,150", "CHECKED,ARRAY,200", "FAST,OUTSIDE,200", "CHECKED,OUTSIDE,60", "FAST,LARGE,100", "CHECKED,LARGE,60"})
    void randomRegionsBehaveAsTheReference(BackendOptions.Ram ram, TestRam kind, int usualRegions) {
        int regions = Integer.getInteger("regions", usualRegions);
        start = new TestMachine(kind);
        expected = new TestMachine(kind);
        actual = new TestMachine(kind);
        long firstSeed = Long.getLong("seed", 20261120);
        for (int n = 0; n < regions; n++) {
            long seed = firstSeed + n;
            Random random = new Random(seed);
            Region r = new RandomRegions(random).region();
            BackendOptions options = BackendOptions.defaults().withRam(ram).withReuseRmwLocation(random.nextInt(4) > 0).withWindows(random.nextInt(4) > 0)
                    .withDeferCarries(random.nextInt(4) > 0).withSlotsInPlace(random.nextBoolean()).withWideShift(TestMachine.SHIFT).withGuestRam(actual.hostRam);
            RegionCompiler compiler = new RegionCompiler(TestMachine.LAYOUT, options);
            if (n < VERIFIED) {
                RegionTrials.verify(compiler.emit(r, BudgetPlan.of(r)), seed);
            }
            BudgetPlan plan = random.nextBoolean() ? BudgetPlan.of(r) : BudgetPlan.everyBlock(r);
            BoundArrays bound = random.nextBoolean() ? BoundArrays.NONE
                    : new BoundArrays(actual.s, kind == TestRam.ARRAY ? actual.ram : null, actual.readMap, actual.writeMap, actual.wideReadMap, actual.wideWriteMap, null);
            CompiledRegion c = compiler.compile(r, plan, "seed" + seed, bound);
            for (int k = 0; k < RUNS; k++) {
                compareOneRun(r, c, random, seed, kind);
            }
        }
        assertTrue(retired > regions * 100L, "too little was executed to mean anything: " + retired);
        assertTrue(faults > regions, "faults are part of the test: " + faults);
    }

    private void compareOneRun(Region r, CompiledRegion c, Random random, long seed, TestRam kind) {
        start.copyFrom(new TestMachineSeed(random, kind).machine());
        expected.copyFrom(start);
        actual.copyFrom(start);
        int entry = random.nextInt(r.entries().size());
        RegionTrials.drive(r, expected, entry, e -> {
            ReferenceInterpreter i = new ReferenceInterpreter(expected, r, TestMachine.PC);
            i.run(e);
            retired += i.retired;
        });
        finish(r, expected);
        RegionTrials.drive(r, actual, entry, e -> c.runAndSettle(actual, e));
        finish(r, actual);
        faults += expected.faultPending ? 1 : 0;
        assertEquals(expected.describe(), actual.describe(), () -> "seed " + seed);
    }

    /** What the region left over of the budget, as the vCPU loop would: literally. */
    private static void finish(Region r, TestMachine m) {
        while (!m.faultPending && r.blockAt(m.s[TestMachine.PC]) != null) {
            int before = m.budget;
            new ReferenceInterpreter(m, r, TestMachine.PC).runFrom(m.s[TestMachine.PC]);
            if (m.budget == before) {
                return;
            }
        }
    }
}
