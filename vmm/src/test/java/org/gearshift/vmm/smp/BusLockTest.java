package org.gearshift.vmm.smp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.gearshift.paging.CodePages;
import org.gearshift.paging.DeviceGate;
import org.gearshift.paging.GuestRam;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.vmm.cpu.VCpu;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** While one processor has the bus, no other is between safe points. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BusLockTest {
    private static final int PROCESSORS = 4;
    private static final int TURNS = 300;

    private final PhysicalMemory memory = new PhysicalMemory(new GuestRam(16 * 4096L));
    private final BusLock bus = new BusLock();
    private final List<ShadowMmu> processors = new ArrayList<>();

    private void power(int count) {
        for (int i = 0; i < count; i++) {
            ShadowMmu m = new ShadowMmu(memory, new CodePages(memory));
            m.rest();
            processors.add(m);
            bus.add(m);
        }
        memory.share(VCpu.translatedRam(memory.ram())::compareAndSwap, DeviceGate.OPEN);
    }

    @Test
    void theLastReadAndTheWriteAreOneStep() throws Exception {
        power(PROCESSORS);
        int[] counter = new int[1];
        AtomicInteger running = new AtomicInteger();
        AtomicInteger notAlone = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (ShadowMmu self : processors) {
            Thread t = new Thread(() -> {
                self.runOn(Thread.currentThread());
                bus.wake(self);
                for (int i = 0; i < TURNS; i++) {
                    running.incrementAndGet();
                    Thread.onSpinWait();
                    running.decrementAndGet();
                    bus.safePoint(self);
                    bus.run(self, () -> {
                        notAlone.addAndGet(running.get());
                        counter[0]++;
                        return true;
                    });
                }
                self.rest();
            });
            threads.add(t);
            t.start();
        }
        for (Thread t : threads) {
            t.join();
        }
        assertEquals(0, notAlone.get());
        assertEquals(PROCESSORS * TURNS, counter[0]);
    }

    @Test
    void whoRestsIsNotWaitedForButDoesNotGoOnEither() throws Exception {
        power(2);
        ShadowMmu first = processors.get(0);
        ShadowMmu second = processors.get(1);
        first.runOn(Thread.currentThread());
        AtomicBoolean woken = new AtomicBoolean();
        Thread sleeper = new Thread(() -> {
            second.runOn(Thread.currentThread());
            bus.wake(second);
            woken.set(true);
        });
        assertTrue(bus.run(first, () -> {
            assertTrue(bus.isWanted());
            sleeper.start();
            for (long until = System.nanoTime() + 20_000_000; System.nanoTime() < until; ) {
                assertFalse(woken.get(), "a rest ends only when nobody has the bus");
            }
            return true;
        }));
        assertFalse(bus.isWanted());
        sleeper.join();
        assertTrue(woken.get());
    }

    @Test
    void theActionsResultIsReturned() {
        power(1);
        processors.get(0).runOn(Thread.currentThread());
        assertFalse(bus.run(processors.get(0), () -> false));
        assertTrue(bus.run(processors.get(0), () -> true));
    }
}
