package org.gearshift.backend.jvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.gearshift.ir.GuestFault;
import org.gearshift.ir.Region;
import org.gearshift.testing.TestRam;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Code that leaves at accesses without a fast path does so exactly where other code calls its slow path, with the state of that instruction's start. */
class MissesLeaveTest {
    private static final int RUNS = 40;
    private static final int VERIFIED = 150;

    @ParameterizedTest
    @CsvSource({"FAST,ARRAY,150", "CHECKED,ARRAY,200", "FAST,OUTSIDE,200", "FAST,LARGE,100"})
    void missesLeaveWhereSlowPathsWouldBeCalled(BackendOptions.Ram ram, TestRam kind, int usualRegions) {
        int regions = Integer.getInteger("regions", usualRegions);
        TestMachine start = new TestMachine(kind);
        TestMachine expected = new TestMachine(kind);
        TestMachine actual = new TestMachine(kind);
        long firstSeed = Long.getLong("seed", 20261129);
        int misses = 0;
        for (int n = 0; n < regions; n++) {
            long seed = firstSeed + n;
            Random random = new Random(seed);
            Region r = new RandomRegions(random).region();
            BackendOptions calling = BackendOptions.defaults().withRam(ram).withReuseRmwLocation(random.nextInt(4) > 0).withWindows(false)
                    .withSlotsInPlace(random.nextBoolean()).withWideShift(TestMachine.SHIFT).withGuestRam(expected.hostRam);
            BudgetPlan plan = random.nextBoolean() ? BudgetPlan.of(r) : BudgetPlan.everyBlock(r);
            CompiledRegion calls = new RegionCompiler(TestMachine.LAYOUT, calling).compile(r, plan, "calls" + seed);
            RegionCompiler compiler = new RegionCompiler(TestMachine.LAYOUT, calling.withMissesLeave(true).withSlotsInPlace(random.nextBoolean()).withGuestRam(actual.hostRam));
            if (n < VERIFIED) {
                RegionTrials.verify(compiler.emit(r, plan), seed);
            }
            CompiledRegion leaves = compiler.compile(r, plan, "leaves" + seed);
            for (int k = 0; k < RUNS; k++) {
                start.copyFrom(new TestMachineSeed(random, kind).machine());
                expected.copyFrom(start);
                actual.copyFrom(start);
                int entry = random.nextInt(r.entries().size());
                // Behind a service, code calls its slow paths in any case.
                expected.refusing = true;
                actual.refusing = true;
                int called = actual.refusals;
                RegionTrials.drive(r, expected, entry, e -> calls.runAndSettle(expected, e));
                RegionTrials.drive(r, actual, entry, e -> leaves.runAndSettle(actual, e));
                misses += actual.faultPending && actual.fault.kind == GuestFault.Kind.MISS && actual.refusals == called ? 1 : 0;
                assertEquals(expected.describe(), actual.describe(), () -> "seed " + seed);
            }
        }
        expected.refusing = false;
        actual.refusing = false;
        assertTrue(misses > regions, "misses are what is tested: " + misses);
    }
}
