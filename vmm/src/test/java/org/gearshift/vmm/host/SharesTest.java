package org.gearshift.vmm.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.engine.EngineOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What machines that always compute really get, in processor time of their threads, of one slot that they share: relations hold however much of the host others
 * use. The simulated host of {@code CreditSchedulerTest} is exact; this shows that threads do as it does. {@code -Dgearshift.shares.seconds=20} measures for
 * longer and prints more digits.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class SharesTest {
    private static final double TOLERANCE = 0.03;
    /** How often a host that others use as well is looked at. */
    private static final int WINDOWS = 8;
    /** A thread that gets so much of a processor beside the capped machine shows that this could have had its part. */
    private static final double FREE = 0.9;
    private static final long SECONDS = Long.getLong("gearshift.shares.seconds", 2);
    private static final long MEASURED = SECONDS * 1_000_000_000L;
    /** inc eax; jmp back to it, at 1 MiB. */
    private static final byte[] LOOP = {0x40, (byte) 0xeb, (byte) 0xfd};

    private static byte[] kernel() {
        ByteBuffer b = ByteBuffer.allocate(0x1000 + LOOP.length).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(0, 0x464c457f).put(4, (byte) 1).put(5, (byte) 1).put(6, (byte) 1).putShort(16, (short) 2).putShort(18, (short) 3);
        b.putInt(24, 0x100000).putInt(28, 52).putShort(42, (short) 32).putShort(44, (short) 1);
        b.putInt(52, 1).putInt(56, 0x1000).putInt(60, 0x100000).putInt(64, 0x100000).putInt(68, LOOP.length).putInt(72, LOOP.length);
        return b.put(0x1000, LOOP).array();
    }

    private static HostedVm busy(VmHost host, String name, int weight, int cap) throws Exception {
        VmConsole console = new VmConsole(null);
        Vm vm = new Vm(new VmConfig(8 << 20, VmConfig.Clock.HOST, EngineOptions.of(EngineOptions.Backend.JVM)), console);
        vm.load(new KernelImage(name, kernel()), new byte[0], "", "");
        return host.add(new VmProfile(name, "full", 1, 8 << 20, weight, cap), vm, console, () -> { });
    }

    private static long used(HostedVm... machines) {
        long all = 0;
        for (HostedVm m : machines) {
            all += m.share().usedNanos();
        }
        return all;
    }

    /** Lets machines run until they have used so much together. @return what each has used in that time */
    private static long[] measure(long nanos, HostedVm... machines) throws InterruptedException {
        long[] before = new long[machines.length];
        for (int i = 0; i < before.length; i++) {
            before[i] = machines[i].share().usedNanos();
        }
        long from = used(machines);
        while (used(machines) - from < nanos) {
            Thread.sleep(5);
        }
        for (int i = 0; i < before.length; i++) {
            before[i] = machines[i].share().usedNanos() - before[i];
        }
        return before;
    }

    @Test
    void busyMachinesGetTheirWeightsPart() throws Exception {
        try (VmHost host = new VmHost(1)) {
            HostedVm one = busy(host, "one", 256, 0);
            HostedVm two = busy(host, "two", 512, 0);
            HostedVm three = busy(host, "three", 768, 0);
            host.start(one);
            long[] alone = measure(MEASURED / 4, one);
            assertTrue(alone[0] >= MEASURED / 4);
            host.start(two);
            host.start(three);
            // Until compilers are done, and all have had a turn.
            measure(MEASURED / 4, one, two, three);
            long[] used = measure(MEASURED, one, two, three);
            double all = used[0] + used[1] + used[2];
            System.out.printf("weights 1:2:3 of one slot: %.4f %.4f %.4f%n", used[0] / all, used[1] / all, used[2] / all);
            assertEquals(1 / 6.0, used[0] / all, TOLERANCE);
            assertEquals(2 / 6.0, used[1] / all, TOLERANCE);
            assertEquals(3 / 6.0, used[2] / all, TOLERANCE);
            three.destroy();
            two.share().adjust(256, 0);
            used = measure(MEASURED / 2, one, two);
            System.out.printf("weights 1:1: %.4f%n", (double) used[0] / (used[0] + used[1]));
            assertEquals(0.5, (double) used[0] / (used[0] + used[1]), TOLERANCE);
        }
    }

    @Test
    void aCapHoldsThoughTheHostHasMore() throws Exception {
        try (VmHost host = new VmHost(2)) {
            HostedVm capped = busy(host, "capped", 256, 50);
            host.start(capped);
            measure(MEASURED / 10, capped);
            boolean reached = false;
            boolean had = false;
            for (int i = 0; i < WINDOWS && !reached; i++) {
                Window w = window(capped);
                System.out.printf("cap 50 %%: %.4f of a processor; beside it a thread without one had %.4f%n", w.capped, w.free);
                assertTrue(w.capped <= 0.5 + TOLERANCE, "part " + w.capped);
                reached = w.capped >= 0.5 - TOLERANCE;
                had |= w.free >= FREE;
            }
            assertTrue(reached || !had, "less than its cap, though the host had it to give");
        }
    }

    /** Parts of a processor: what the capped machine has used, and what a thread got that took all that it could get. */
    private record Window(double capped, double free) {
    }

    private static Window window(HostedVm capped) throws InterruptedException {
        AtomicBoolean over = new AtomicBoolean();
        AtomicLong used = new AtomicLong();
        Thread free = new Thread(() -> {
            while (!over.get()) {
                Thread.onSpinWait();
            }
            used.set(ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime());
        });
        free.start();
        long start = System.nanoTime();
        long before = capped.share().usedNanos();
        Thread.sleep(500 * SECONDS);
        double wall = System.nanoTime() - start;
        double part = (capped.share().usedNanos() - before) / wall;
        over.set(true);
        free.join();
        return new Window(part, used.get() / wall);
    }
}
