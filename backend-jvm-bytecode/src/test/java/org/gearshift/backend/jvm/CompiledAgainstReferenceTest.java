package org.gearshift.backend.jvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Random;
import java.util.function.IntConsumer;
import org.gearshift.ir.GuestFault;
import org.gearshift.ir.Region;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.util.CheckClassAdapter;

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
    @CsvSource({"FAST,false,600", "CHECKED,false,600", "FAST,true,300", "CHECKED,true,150"})
    void randomRegionsBehaveAsTheReference(BackendOptions.Ram ram, boolean large, int usualRegions) {
        int regions = Integer.getInteger("regions", usualRegions);
        start = new TestMachine(large);
        expected = new TestMachine(large);
        actual = new TestMachine(large);
        long firstSeed = Long.getLong("seed", 20261120);
        for (int n = 0; n < regions; n++) {
            long seed = firstSeed + n;
            Random random = new Random(seed);
            Region r = new RandomRegions(random).region();
            BackendOptions options = BackendOptions.defaults().withRam(ram).withReuseRmwLocation(random.nextInt(4) > 0).withWindows(random.nextInt(4) > 0)
                    .withDeferCarries(random.nextInt(4) > 0).withSlotsInPlace(random.nextBoolean()).withWideShift(TestMachine.SHIFT).withRamAddress(actual.hostRam.address());
            RegionCompiler compiler = new RegionCompiler(TestMachine.LAYOUT, options);
            if (n < VERIFIED) {
                verify(compiler.emit(r, BudgetPlan.of(r)), seed);
            }
            BudgetPlan plan = random.nextBoolean() ? BudgetPlan.of(r) : BudgetPlan.everyBlock(r);
            BoundArrays bound = random.nextBoolean() ? BoundArrays.NONE
                    : new BoundArrays(actual.s, large ? null : actual.ram, actual.readMap, actual.writeMap, actual.wideReadMap, actual.wideWriteMap, null);
            CompiledRegion c = compiler.compile(r, plan, "seed" + seed, bound);
            for (int k = 0; k < RUNS; k++) {
                compareOneRun(r, c, random, seed, large);
            }
        }
        assertTrue(retired > regions * 100L, "too little was executed to mean anything: " + retired);
        assertTrue(faults > regions, "faults are part of the test: " + faults);
    }

    /** Code that leaves at accesses without a fast path does so exactly where other code calls its slow path, with the state of that instruction's start. */
    @ParameterizedTest
    @CsvSource({"FAST,false,600", "CHECKED,false,600", "FAST,true,300"})
    void missesLeaveWhereSlowPathsWouldBeCalled(BackendOptions.Ram ram, boolean large, int usualRegions) {
        int regions = Integer.getInteger("regions", usualRegions);
        start = new TestMachine(large);
        expected = new TestMachine(large);
        actual = new TestMachine(large);
        long firstSeed = Long.getLong("seed", 20261129);
        int misses = 0;
        for (int n = 0; n < regions; n++) {
            long seed = firstSeed + n;
            Random random = new Random(seed);
            Region r = new RandomRegions(random).region();
            BackendOptions calling = BackendOptions.defaults().withRam(ram).withReuseRmwLocation(random.nextInt(4) > 0).withWindows(false)
                    .withSlotsInPlace(random.nextBoolean()).withWideShift(TestMachine.SHIFT).withRamAddress(expected.hostRam.address());
            BudgetPlan plan = random.nextBoolean() ? BudgetPlan.of(r) : BudgetPlan.everyBlock(r);
            CompiledRegion calls = new RegionCompiler(TestMachine.LAYOUT, calling).compile(r, plan, "calls" + seed);
            RegionCompiler compiler = new RegionCompiler(TestMachine.LAYOUT, calling.withMissesLeave(true).withSlotsInPlace(random.nextBoolean()).withRamAddress(actual.hostRam.address()));
            if (n < VERIFIED) {
                verify(compiler.emit(r, plan), seed);
            }
            CompiledRegion leaves = compiler.compile(r, plan, "leaves" + seed);
            for (int k = 0; k < RUNS; k++) {
                start.copyFrom(new TestMachineSeed(random, large).machine());
                expected.copyFrom(start);
                actual.copyFrom(start);
                int entry = random.nextInt(r.entries().size());
                // Behind a service, code calls its slow paths in any case.
                expected.refusing = true;
                actual.refusing = true;
                int called = actual.refusals;
                drive(r, expected, entry, e -> calls.runAndSettle(expected, e));
                drive(r, actual, entry, e -> leaves.runAndSettle(actual, e));
                misses += actual.faultPending && actual.fault.kind == GuestFault.Kind.MISS && actual.refusals == called ? 1 : 0;
                assertEquals(expected.describe(), actual.describe(), () -> "seed " + seed);
            }
        }
        expected.refusing = false;
        actual.refusing = false;
        assertTrue(misses > regions, "misses are what is tested: " + misses);
    }

    private void compareOneRun(Region r, CompiledRegion c, Random random, long seed, boolean large) {
        start.copyFrom(new TestMachineSeed(random, large).machine());
        expected.copyFrom(start);
        actual.copyFrom(start);
        int entry = random.nextInt(r.entries().size());
        drive(r, expected, entry, e -> {
            ReferenceInterpreter i = new ReferenceInterpreter(expected, r, TestMachine.PC);
            i.run(e);
            retired += i.retired;
        });
        finish(r, expected);
        drive(r, actual, entry, e -> c.runAndSettle(actual, e));
        finish(r, actual);
        faults += expected.faultPending ? 1 : 0;
        assertEquals(expected.describe(), actual.describe(), () -> "seed " + seed);
    }

    /** Runs until a fault, or until the pc is no entry, or the budget does not suffice: leaving a region early is not wrong. */
    private static void drive(Region r, TestMachine m, int entry, IntConsumer run) {
        int e = entry;
        while (e >= 0) {
            int before = m.budget;
            run.accept(e);
            e = m.faultPending || m.budget == before ? -1 : r.entries().indexOf(m.s[TestMachine.PC]);
        }
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

    private static void verify(byte[] classFile, long seed) {
        StringWriter messages = new StringWriter();
        CheckClassAdapter.verify(new ClassReader(classFile), RegionCompiler.class.getClassLoader(), false, new PrintWriter(messages));
        assertEquals("", messages.toString(), () -> "seed " + seed);
    }
}
