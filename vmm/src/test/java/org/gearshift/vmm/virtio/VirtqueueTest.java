package org.gearshift.vmm.virtio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class VirtqueueTest {
    private static final int NEEDS_RESET = 64;
    private static final long BUFFERS = VirtioBench.BUFFERS;
    private static final int SIZE = 16;

    private final Probe probe = new Probe();
    private final VirtioBench bench = new VirtioBench(probe);
    private final Logger logger = Logger.getLogger(VirtioFunction.class.getName());
    private final List<String> warnings = new ArrayList<>();
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord r) {
            if (r.getLevel().intValue() >= Level.WARNING.intValue()) {
                warnings.add(r.getMessage());
            }
        }

        @Override
        public void flush() {
        }

        @Override
        public void close() {
        }
    };

    @BeforeEach
    void listen() {
        logger.setUseParentHandlers(false);
        logger.addHandler(handler);
    }

    @AfterEach
    void stopListening() {
        logger.removeHandler(handler);
        logger.setUseParentHandlers(true);
    }

    private void refused(VirtioBench.Ring ring) {
        ring.kick();
        assertEquals(NEEDS_RESET, bench.status() & NEEDS_RESET);
        assertEquals(2, bench.read(bench.isr, 8) & 2, "the driver is told by a configuration interrupt");
        int taken = probe.notifications;
        ring.kick();
        assertEquals(taken, probe.notifications, "a broken device hears nothing more");
        bench.start(0, SIZE);
        assertEquals(0xf, bench.status());
    }

    @Test
    void requestsAreTakenInOrderAroundTheRing() {
        VirtioBench.Ring ring = bench.start(0, SIZE).get(0);
        for (int i = 0; i < 5 * SIZE + 3; i++) {
            int head = ring.add(1, BUFFERS + i, 1, BUFFERS + 0x1000 + i, 3);
            ring.kick();
            assertArrayEquals(new long[] {head, 1}, ring.take());
        }
        assertEquals(5 * SIZE + 3, probe.requests.size());
    }

    @Test
    void indicesWrapAt65536() {
        VirtioBench.Ring ring = bench.start(Feature.RING_EVENT_IDX, SIZE).get(0);
        for (int i = 0; i < 0x10005; i++) {
            ring.usedEvent(i & 0xffff);
            ring.add(0, BUFFERS, 1);
            ring.kick();
            assertTrue(bench.intx, "at " + i);
            bench.read(bench.isr, 8);
        }
        assertEquals(5, ring.usedIndex());
    }

    @Test
    void scatteredBuffersReadAsOneRange() {
        VirtioBench.Ring ring = bench.start(0, SIZE).get(0);
        for (int i = 0; i < 12; i++) {
            bench.write(BUFFERS + i, 'a' + i, 8);
        }
        probe.completes = false;
        ring.add(3, BUFFERS, 1, BUFFERS + 1, 6, BUFFERS + 7, 5, BUFFERS + 0x1ffe, 4, BUFFERS + 0x5000, 2);
        ring.kick();
        DescriptorChain c = probe.requests.get(0);
        byte[] b = new byte[12];
        c.read(0, b, 0, 12);
        assertEquals("abcdefghijkl", new String(b));
        c.read(6, b, 2, 3);
        assertEquals("abghifghijkl", new String(b));
        c.write(2, new byte[] {1, 2, 3, 4}, 0, 4);
        assertArrayEquals(new byte[] {1, 2}, bench.bytes(BUFFERS + 0x2000, 2));
        assertArrayEquals(new byte[] {3, 4}, bench.bytes(BUFFERS + 0x5000, 2));
        assertEquals('b' | 'c' << 8, c.get(1, 2));
    }

    @Test
    void indirectTablesAreFollowed() {
        VirtioBench.Ring ring = bench.start(Feature.RING_INDIRECT_DESC, SIZE).get(0);
        ring.put(BUFFERS, BUFFERS + 0x1000, 8, 1, 2);
        ring.put(BUFFERS + 16, BUFFERS + 0x3000, 8, 2, 0);
        ring.put(BUFFERS + 32, BUFFERS + 0x2000, 8, 1, 1);
        ring.descriptor(3, BUFFERS, 48, 4, 0);
        ring.offer(3);
        ring.kick();
        assertArrayEquals(new long[] {3, 1}, ring.take());
        assertEquals(16, probe.requests.get(0).readable());
        assertEquals(8, probe.requests.get(0).writable());
    }

    @Test
    void theDeviceAsksForTheNextNotification() {
        VirtioBench.Ring ring = bench.start(Feature.RING_EVENT_IDX, SIZE).get(0);
        for (int i = 1; i <= 3; i++) {
            ring.add(0, BUFFERS, 1);
            ring.kick();
            assertEquals(i, ring.availableEvent());
        }
    }

    @Test
    void theDriverIsInterruptedWhereItAskedFor() {
        VirtioBench.Ring ring = bench.start(Feature.RING_EVENT_IDX, SIZE).get(0);
        ring.usedEvent(2);
        for (int i = 0; i < 2; i++) {
            ring.add(0, BUFFERS, 1);
            ring.kick();
            assertFalse(bench.intx);
        }
        ring.add(0, BUFFERS, 1);
        ring.kick();
        assertTrue(bench.intx);
        bench.read(bench.isr, 8);
        ring.add(0, BUFFERS, 1);
        ring.kick();
        assertFalse(bench.intx, "once, until it asks again");
    }

    @Test
    void badRingsStopTheDevice() {
        refusedWith(r -> bench.write(r.available + 2, SIZE + 1, 16));
        refusedWith(r -> r.offer(SIZE));
        refusedWith(r -> r.offer(0xffff));
        refusedWith(r -> chain(r, BUFFERS, 4, 1, SIZE));
        refusedWith(r -> chain(r, BUFFERS, 4, 1, 0));
        refusedWith(r -> chain(r, BUFFERS, 0, 0, 0));
        refusedWith(r -> chain(r, VirtioBench.RAM, 1, 0, 0));
        refusedWith(r -> chain(r, VirtioBench.RAM - 1, 2, 0, 0));
        refusedWith(r -> chain(r, -1, 0xffffffffL, 0, 0));
        refusedWith(r -> chain(r, 0xfffffffffffffff0L, 32, 2, 0));
        refusedWith(r -> chain(r, bench.common, 4, 2, 0));
        refusedWith(r -> chain(r, BUFFERS, 16, 4, 0), 0);
        refusedWith(r -> chain(r, BUFFERS, 15, 4, 0));
        refusedWith(r -> chain(r, BUFFERS, 0, 4, 0));
        refusedWith(r -> chain(r, BUFFERS, 16 * 1025, 4, 0));
        refusedWith(r -> chain(r, VirtioBench.RAM - 16, 32, 4, 0));
        refusedWith(r -> chain(r, BUFFERS, 16, 5, 0));
        refusedWith(r -> {
            r.put(BUFFERS, BUFFERS + 0x1000, 16, 4, 0);
            chain(r, BUFFERS, 16, 4, 0);
        });
        refusedWith(r -> {
            r.put(BUFFERS, BUFFERS + 0x1000, 16, 1, 1);
            chain(r, BUFFERS, 16, 4, 0);
        });
        refusedWith(r -> {
            r.descriptor(1, BUFFERS, 4, 0, 0);
            chain(r, BUFFERS, 4, 3, 1);
        });
    }

    private interface Crime {
        void commit(VirtioBench.Ring ring);
    }

    private void refusedWith(Crime crime) {
        refusedWith(crime, Feature.RING_INDIRECT_DESC);
    }

    private void refusedWith(Crime crime, long features) {
        VirtioBench.Ring ring = bench.start(features, SIZE).get(0);
        for (long a = ring.descriptors; a < ring.used + 0x200; a += 8) {
            bench.write(a, 0, 64);
        }
        crime.commit(ring);
        refused(ring);
    }

    private static void chain(VirtioBench.Ring r, long address, long length, int flags, int next) {
        r.descriptor(0, address, length, flags, next);
        r.offer(0);
    }

    @Test
    void ringsOutsideMemoryAreNotEnabled() {
        long[][] places = {{VirtioBench.RAM, 0x1000, 0x2000}, {0x1000, VirtioBench.RAM - 8, 0x2000}, {0x1000, 0x2000, -4L & ~3}, {0x1008, 0x2000, 0x3000},
            {0x1000, 0x2001, 0x3000}, {0x1000, 0x2000, 0x3002}, {0xe0004000L, 0x1000, 0x2000}};
        for (long[] p : places) {
            bench.status(0);
            bench.status(3);
            bench.accept(Feature.VERSION_1);
            bench.status(0xb);
            bench.select(0);
            bench.write(bench.common + 0x20, p[0], 64);
            bench.write(bench.common + 0x28, p[1], 64);
            bench.write(bench.common + 0x30, p[2], 64);
            bench.write(bench.common + 0x1c, 1, 16);
            assertEquals(0, bench.read(bench.common + 0x1c, 16));
            assertEquals(NEEDS_RESET, bench.status() & NEEDS_RESET);
        }
    }

    @Test
    void aBadDriverIsLoggedOnce() {
        for (int i = 0; i < 5; i++) {
            refusedWith(r -> r.offer(SIZE));
        }
        assertEquals(1, warnings.size(), () -> warnings.toString());
    }

    /** Rings full of random numbers, near the valid ones and far from them: the device goes on or stops, and nothing else happens. */
    @Test
    void randomRingsDoNoHarm() {
        Random random = new Random(20261129);
        int broken = 0;
        int taken = 0;
        for (int round = 0; round < 4000; round++) {
            probe.requests.clear();
            VirtioBench.Ring ring = bench.start(random.nextInt(4) << 28, SIZE).get(0);
            for (int i = 0; i < SIZE; i++) {
                ring.descriptor(i, address(random), length(random), flags(random), random.nextInt(random.nextInt(8) == 0 ? 0x10000 : SIZE));
                ring.put(BUFFERS + 16L * i, address(random), length(random), flags(random), random.nextInt(SIZE));
            }
            int offers = 1 + random.nextInt(4);
            for (int i = 0; i < offers; i++) {
                ring.offer(random.nextInt(random.nextInt(8) == 0 ? 0x10000 : SIZE));
            }
            if (random.nextInt(16) == 0) {
                bench.write(ring.available + 2, random.nextInt(0x10000), 16);
            }
            ring.kick();
            broken += (bench.status() & NEEDS_RESET) != 0 ? 1 : 0;
            taken += probe.requests.size();
        }
        assertTrue(broken > 1000 && taken > 1000, broken + " broken, " + taken + " requests taken");
    }

    private static long address(Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> random.nextLong();
            case 1 -> VirtioBench.RAM - random.nextInt(64);
            case 2 -> BUFFERS;
            default -> BUFFERS + 0x1000 + random.nextInt(0x10000);
        };
    }

    private static long length(Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> random.nextInt() & 0xffffffffL;
            case 1 -> 16L * random.nextInt(20);
            default -> 1 + random.nextInt(64);
        };
    }

    private static int flags(Random random) {
        return random.nextInt(8) == 0 ? random.nextInt(0x10000) : random.nextInt(4) == 0 ? 4 : random.nextInt(2) == 0 ? 1 : 2;
    }
}
