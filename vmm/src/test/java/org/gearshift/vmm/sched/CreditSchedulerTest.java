package org.gearshift.vmm.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What machines get of a simulated host. */
class CreditSchedulerTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long MILLI = 1_000_000L;
    /** Three percent. */
    private static final double TOLERANCE = 0.03;
    private static final int W = Share.DEFAULT_WEIGHT;

    private static void assertRatio(double wanted, Share a, Share b) {
        double got = (double) a.usedNanos() / b.usedNanos();
        assertEquals(wanted, got, wanted * TOLERANCE, () -> a.usedNanos() + " to " + b.usedNanos());
    }

    private static void assertPart(double wanted, Share s, long of) {
        assertEquals(wanted, (double) s.usedNanos() / of, TOLERANCE);
    }

    @ParameterizedTest
    @CsvSource({"256, 256", "256, 512", "256, 768", "1, 3", "65535, 21845", "100, 1000"})
    void oneSlotIsDividedByWeight(int first, int second) {
        SimulatedHost host = new SimulatedHost(1);
        Share a = host.scheduler.join(first, 0);
        Share b = host.scheduler.join(second, 0);
        host.busy(a);
        host.busy(b);
        host.run(20 * SECOND);
        assertRatio((double) first / second, a, b);
        assertEquals(20 * SECOND, a.usedNanos() + b.usedNanos(), "and none of it is lost");
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 60, 13})
    void sharesHoldOnALoadedHost(int percent) {
        SimulatedHost host = new SimulatedHost(1);
        host.percentOfHost = percent;
        Share a = host.scheduler.join(W, 0);
        Share b = host.scheduler.join(3 * W, 0);
        host.busy(a);
        host.busy(b);
        host.run(20 * SECOND);
        assertRatio(1 / 3.0, a, b);
    }

    @Test
    void aMachineWithManyProcessorsGetsNoMoreForThat() {
        SimulatedHost host = new SimulatedHost(2);
        Share one = host.scheduler.join(W, 0);
        Share many = host.scheduler.join(W, 0);
        host.busy(one);
        for (int i = 0; i < 6; i++) {
            host.busy(many);
        }
        host.run(20 * SECOND);
        assertRatio(1, one, many);
    }

    @Test
    void threeMachinesOnTwoSlots() {
        SimulatedHost host = new SimulatedHost(2);
        Share heavy = host.scheduler.join(4 * W, 0);
        Share middle = host.scheduler.join(2 * W, 0);
        Share light = host.scheduler.join(W, 0);
        host.busy(heavy);
        host.busy(middle);
        host.busy(light);
        host.run(20 * SECOND);
        // Four sevenths of two would be more than the one processor it can use: the others divide the other by weight.
        assertPart(1, heavy, 20 * SECOND);
        assertRatio(2, middle, light);
    }

    @Test
    void nobodyIsHeldBackWhileThereIsRoom() {
        SimulatedHost host = new SimulatedHost(2);
        Share light = host.scheduler.join(1, 0);
        Share heavy = host.scheduler.join(1000, 0);
        host.busy(light);
        host.busy(heavy);
        host.run(2 * SECOND);
        assertEquals(2 * SECOND, light.usedNanos());
        assertEquals(2 * SECOND, heavy.usedNanos());
    }

    @Test
    void whatOneLeavesTheOtherGets() {
        SimulatedHost host = new SimulatedHost(1);
        Share sleeper = host.scheduler.join(W, 0);
        Share busy = host.scheduler.join(W, 0);
        host.guest(sleeper, MILLI, 9 * MILLI);
        host.busy(busy);
        host.run(10 * SECOND);
        assertPart(0.1, sleeper, 10 * SECOND);
        assertPart(0.9, busy, 10 * SECOND);
    }

    @ParameterizedTest
    @CsvSource({"50, 1", "50, 2", "10, 1", "150, 2", "5, 1"})
    void aCapHoldsAloneOnTheHost(int cap, int processors) {
        SimulatedHost host = new SimulatedHost(2);
        Share s = host.scheduler.join(W, cap);
        for (int i = 0; i < processors; i++) {
            host.busy(s);
        }
        host.run(20 * SECOND);
        assertEquals(cap / 100.0, (double) s.usedNanos() / (20 * SECOND), cap / 100.0 * TOLERANCE);
    }

    @Test
    void aCapHoldsBesideOthersWhoGetTheRest() {
        SimulatedHost host = new SimulatedHost(1);
        Share capped = host.scheduler.join(3 * W, 50);
        Share free = host.scheduler.join(W, 0);
        host.busy(capped);
        host.busy(free);
        host.run(20 * SECOND);
        assertPart(0.5, capped, 20 * SECOND);
        assertEquals(20 * SECOND, capped.usedNanos() + free.usedNanos(), "work-conserving");
    }

    @Test
    void aCapThatIsMoreThanItsPartChangesNothing() {
        SimulatedHost host = new SimulatedHost(1);
        Share capped = host.scheduler.join(W, 50);
        Share free = host.scheduler.join(3 * W, 0);
        host.busy(capped);
        host.busy(free);
        host.run(20 * SECOND);
        assertRatio(1 / 3.0, capped, free);
    }

    @Test
    void whoWakesUpRunsAtOnceBesideBusyMachines() {
        SimulatedHost host = new SimulatedHost(1);
        Share io = host.scheduler.join(W, 0);
        SimulatedHost.Guest guest = host.guest(io, MILLI / 5, 4 * MILLI);
        for (int i = 0; i < 3; i++) {
            host.busy(host.scheduler.join(W, 0));
        }
        host.run(SECOND);
        guest.longestWait = 0;
        host.run(10 * SECOND);
        assertTrue(guest.longestWait <= 3 * SimulatedHost.STEP_NANOS, "longest wait " + guest.longestWait);
        assertPart(0.2 / 4.2, io, 11 * SECOND);
    }

    @Test
    void sleepingEarnsNothing() {
        SimulatedHost host = new SimulatedHost(1);
        Share sleeper = host.scheduler.join(W, 0);
        Share busy = host.scheduler.join(W, 0);
        host.guest(sleeper, 10 * SECOND, 10 * SECOND);
        host.run(10 * SECOND);
        host.busy(busy);
        host.run(10 * SECOND);
        long before = busy.usedNanos();
        long slept = sleeper.usedNanos();
        host.run(4 * SECOND);
        assertEquals(1, (double) (sleeper.usedNanos() - slept) / (busy.usedNanos() - before), 0.06);
    }

    @Test
    void whoComesLaterCannotMakeUpForWhatItMissed() {
        SimulatedHost host = new SimulatedHost(1);
        Share old = host.scheduler.join(W, 0);
        host.busy(old);
        host.run(30 * SECOND);
        Share young = host.scheduler.join(W, 0);
        host.busy(young);
        host.run(4 * SECOND);
        assertEquals(0.5, (double) young.usedNanos() / (4 * SECOND), TOLERANCE);
    }

    @Test
    void aPausedMachineDoesNotRun() {
        SimulatedHost host = new SimulatedHost(1);
        Share a = host.scheduler.join(W, 0);
        Share b = host.scheduler.join(W, 0);
        host.busy(a);
        host.busy(b);
        host.run(SECOND);
        a.pause();
        host.run(MILLI);
        long used = a.usedNanos();
        long others = b.usedNanos();
        host.run(SECOND);
        assertEquals(used, a.usedNanos());
        assertEquals(SECOND, b.usedNanos() - others);
        a.resume();
        host.run(SECOND);
        assertEquals(0.5, (double) (a.usedNanos() - used) / SECOND, TOLERANCE);
    }

    @Test
    void weightsAndCapsCanBeChanged() {
        SimulatedHost host = new SimulatedHost(1);
        Share a = host.scheduler.join(W, 0);
        Share b = host.scheduler.join(W, 0);
        host.busy(a);
        host.busy(b);
        host.run(2 * SECOND);
        a.adjust(3 * W, 0);
        long before = a.usedNanos();
        host.run(20 * SECOND);
        assertEquals(0.75, (double) (a.usedNanos() - before) / (20 * SECOND), TOLERANCE);
    }

    @Test
    void nonsenseIsRefused() {
        CreditScheduler s = new CreditScheduler(1);
        assertThrows(IllegalArgumentException.class, () -> s.join(0, 0));
        assertThrows(IllegalArgumentException.class, () -> s.join(65_536, 0));
        assertThrows(IllegalArgumentException.class, () -> s.join(1, -1));
        assertThrows(IllegalArgumentException.class, () -> s.join(1, 10_001));
        assertThrows(IllegalArgumentException.class, () -> new CreditScheduler(0));
    }
}
