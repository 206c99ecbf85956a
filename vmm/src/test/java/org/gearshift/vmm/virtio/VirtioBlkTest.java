package org.gearshift.vmm.virtio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.gearshift.vmm.clock.HostClock;
import org.gearshift.vmm.disk.DiskImage;
import org.junit.jupiter.api.Test;

class VirtioBlkTest {
    private static final long HEADER = VirtioBench.BUFFERS;
    private static final long STATUS = HEADER + 0x100;
    private static final long DATA = HEADER + 0x1000;
    private static final int DISK = 1 << 20;

    /** A disk in memory that says what was done to it. */
    private static final class Memory implements DiskImage {
        final byte[] bytes = new byte[DISK];
        final List<String> log = new ArrayList<>();
        boolean readOnly;
        IOException failure;
        CountDownLatch gate = new CountDownLatch(0);

        private void note(String what) throws IOException {
            try {
                assertTrue(gate.await(20, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            log.add(what);
            if (failure != null) {
                throw failure;
            }
        }

        @Override
        public long size() {
            return DISK;
        }

        @Override
        public boolean isReadOnly() {
            return readOnly;
        }

        @Override
        public void read(long offset, byte[] to, int at, int length) throws IOException {
            note("read " + offset + "+" + length);
            System.arraycopy(bytes, (int) offset, to, at, length);
        }

        @Override
        public void write(long offset, byte[] from, int at, int length) throws IOException {
            note("write " + offset + "+" + length);
            System.arraycopy(from, at, bytes, (int) offset, length);
        }

        @Override
        public void writeZeroes(long offset, long length, boolean mayFree) throws IOException {
            note("zero " + offset + "+" + length + (mayFree ? " free" : ""));
        }

        @Override
        public void discard(long offset, long length) throws IOException {
            note("discard " + offset + "+" + length);
        }

        @Override
        public void flush() throws IOException {
            note("flush");
        }

        @Override
        public void close() {
            log.add("close");
        }
    }

    private final Memory disk = new Memory();
    private VirtioBlk device;
    private VirtioBench bench;
    private VirtioBench.Ring ring;

    private void start(IoExecutor executor, long features) {
        device = new VirtioBlk(0, disk, executor, "SERIAL", 512);
        bench = executor instanceof IoExecutor.Worker ? new VirtioBench(device, new HostClock()) : new VirtioBench(device);
        ring = bench.start(features, 64).get(0);
    }

    private void start() {
        start(IoExecutor.inline(), VirtioBlk.F_FLUSH);
    }

    private void header(int type, long sector) {
        bench.write(HEADER, type, 32);
        bench.write(HEADER + 8, sector, 64);
        bench.write(STATUS, 0xee, 8);
    }

    private int in(long sector, int length) {
        header(VirtioBlk.T_IN, sector);
        ring.add(1, HEADER, 16, DATA, length, STATUS, 1);
        ring.kick();
        return (int) bench.read(STATUS, 8);
    }

    private int out(long sector, int length) {
        header(VirtioBlk.T_OUT, sector);
        ring.add(2, HEADER, 16, DATA, length, STATUS, 1);
        ring.kick();
        return (int) bench.read(STATUS, 8);
    }

    private int plain(int type) {
        header(type, 0);
        ring.add(1, HEADER, 16, STATUS, 1);
        ring.kick();
        return (int) bench.read(STATUS, 8);
    }

    private int range(int type, long sector, long count, int flags) {
        header(type, 0);
        bench.write(DATA, sector, 64);
        bench.write(DATA + 8, count, 32);
        bench.write(DATA + 12, flags, 32);
        ring.add(2, HEADER, 16, DATA, 16, STATUS, 1);
        ring.kick();
        return (int) bench.read(STATUS, 8);
    }

    @Test
    void theConfigurationDescribesTheDisk() {
        start();
        assertEquals(DISK / 512, bench.read(bench.device, 64));
        assertEquals(VirtioBlk.SIZE_MAX, bench.read(bench.device + 8, 32));
        assertEquals(VirtioBlk.SEG_MAX, bench.read(bench.device + 12, 32));
        assertEquals(DISK / 512 / 16 / 63, bench.read(bench.device + 16, 16));
        assertEquals(512, bench.read(bench.device + 20, 32));
        assertEquals(3, bench.read(bench.device + 24, 8), "8 blocks to a physical one");
        assertEquals(0, bench.offered() & VirtioBlk.F_RO);
    }

    @Test
    void sectorsAreReadAndWritten() {
        start();
        new Random(1).nextBytes(disk.bytes);
        assertEquals(0, in(3, 1024));
        assertArrayEquals(Arrays.copyOfRange(disk.bytes, 1536, 2560), bench.bytes(DATA, 1024));
        assertArrayEquals(new long[] {0, 1025}, ring.take());
        assertTrue(bench.intx);
        bench.memory.copyIn(DATA, new byte[] {1, 2, 3}, 0, 3);
        assertEquals(0, out(5, 512));
        assertEquals(3, disk.bytes[5 * 512 + 2]);
        assertEquals(List.of("read 1536+1024", "write 2560+512"), disk.log);
    }

    @Test
    void requestsMayBeCutUpAnyhow() {
        start();
        new Random(2).nextBytes(disk.bytes);
        header(VirtioBlk.T_IN, 1);
        ring.add(2, HEADER, 5, HEADER + 5, 11, DATA, 100, DATA + 0x1000, 412, DATA + 0x2000, 513);
        ring.kick();
        assertArrayEquals(Arrays.copyOfRange(disk.bytes, 512, 612), bench.bytes(DATA, 100));
        assertArrayEquals(Arrays.copyOfRange(disk.bytes, 612, 1024), bench.bytes(DATA + 0x1000, 412));
        assertArrayEquals(Arrays.copyOfRange(disk.bytes, 1024, 1536), bench.bytes(DATA + 0x2000, 512));
        assertEquals(0, bench.read(DATA + 0x2200, 8), "the status is the last byte");
    }

    @Test
    void placesOutsideTheDiskAreErrors() {
        start();
        long sectors = DISK / 512;
        for (long sector : new long[] {sectors, sectors - 1, -1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 55}) {
            assertEquals(VirtioBlk.S_IOERR, in(sector, 1024));
            assertEquals(VirtioBlk.S_IOERR, out(sector, 1024));
            assertEquals(VirtioBlk.S_IOERR, range(VirtioBlk.T_DISCARD, sector, 2, 0));
        }
        assertEquals(VirtioBlk.S_IOERR, in(0, 511));
        assertEquals(VirtioBlk.S_IOERR, range(VirtioBlk.T_WRITE_ZEROES, 0, 0xffffffffL, 0));
        assertEquals(List.of(), disk.log);
        assertEquals(0, in(sectors - 2, 1024));
    }

    @Test
    void requestsThatAreNoneBreakTheDevice() {
        start();
        ring.add(1, HEADER, 15, STATUS, 1);
        ring.kick();
        assertEquals(64, bench.status() & 64);
        ring = bench.start(0, 64).get(0);
        ring.add(1, HEADER, 16);
        ring.kick();
        assertEquals(64, bench.status() & 64);
    }

    @Test
    void tooMuchAtOnceIsAnError() {
        start();
        header(VirtioBlk.T_IN, 0);
        long[] buffers = new long[2 * 40];
        Arrays.setAll(buffers, i -> i % 2 == 0 ? DATA : 1 << 20);
        buffers[0] = HEADER;
        buffers[1] = 16;
        buffers[78] = STATUS;
        buffers[79] = 1;
        ring.add(1, buffers);
        ring.kick();
        assertEquals(VirtioBlk.S_IOERR, bench.read(STATUS, 8));
    }

    @Test
    void flushesAreHonoured() {
        start();
        assertEquals(0, out(0, 512));
        assertEquals(0, plain(VirtioBlk.T_FLUSH));
        assertEquals(List.of("write 0+512", "flush"), disk.log);
    }

    @Test
    void aDriverThatNeverFlushesIsServedWriteThrough() {
        start(IoExecutor.inline(), 0);
        assertEquals(0, out(0, 512));
        assertEquals(List.of("write 0+512", "flush"), disk.log);
    }

    @Test
    void theSerialNumberIsTold() {
        start();
        header(VirtioBlk.T_GET_ID, 0);
        ring.add(1, HEADER, 16, DATA, 20, STATUS, 1);
        ring.kick();
        assertEquals("SERIAL", new String(bench.bytes(DATA, 20)).trim());
        assertEquals(0, bench.read(STATUS, 8));
    }

    @Test
    void rangesAreZeroedAndDiscarded() {
        start();
        assertEquals(0, range(VirtioBlk.T_WRITE_ZEROES, 2, 4, 0));
        assertEquals(0, range(VirtioBlk.T_WRITE_ZEROES, 2, 4, 1));
        assertEquals(0, range(VirtioBlk.T_DISCARD, 8, 8, 0));
        assertEquals(VirtioBlk.S_UNSUPP, range(VirtioBlk.T_DISCARD, 8, 8, 1));
        assertEquals(VirtioBlk.S_UNSUPP, range(VirtioBlk.T_WRITE_ZEROES, 8, 8, 2));
        assertEquals(List.of("zero 1024+2048", "zero 1024+2048 free", "discard 4096+4096"), disk.log);
    }

    @Test
    void unknownRequestsAreUnsupported() {
        start();
        assertEquals(VirtioBlk.S_UNSUPP, plain(99));
    }

    @Test
    void aReadOnlyDiskSaysSoAndIsLeftAlone() {
        disk.readOnly = true;
        start();
        assertEquals(VirtioBlk.F_RO, bench.offered() & (VirtioBlk.F_RO | VirtioBlk.F_DISCARD | VirtioBlk.F_WRITE_ZEROES));
        assertEquals(VirtioBlk.S_IOERR, out(0, 512));
        assertEquals(VirtioBlk.S_IOERR, range(VirtioBlk.T_WRITE_ZEROES, 0, 1, 0));
        assertEquals(0, in(0, 512));
    }

    @Test
    void failuresOfTheHostAreErrorsOfTheDisk() {
        start();
        disk.failure = new IOException("no space left");
        assertEquals(VirtioBlk.S_IOERR, out(0, 512));
        assertEquals(VirtioBlk.S_IOERR, in(0, 512));
        assertEquals(VirtioBlk.S_IOERR, plain(VirtioBlk.T_FLUSH));
        disk.failure = null;
        assertEquals(0, out(0, 512));
    }

    private void settle() {
        byte[] state = bench.save();
        assertTrue(state.length > 0);
        bench.hostWork.run();
        assertFalse(bench.hostWork.isExpected());
    }

    @Test
    void theMachineGoesOnWhileAThreadWorks() throws IOException {
        disk.gate = new CountDownLatch(1);
        start(IoExecutor.thread("disk"), VirtioBlk.F_FLUSH);
        assertEquals(0xee, out(0, 512));
        assertEquals(0xee, plain(VirtioBlk.T_FLUSH));
        assertNull(ring.take());
        assertTrue(bench.hostWork.isExpected(), "an idle machine must wait for this");
        disk.gate.countDown();
        settle();
        assertArrayEquals(new long[] {0, 1}, ring.take());
        assertArrayEquals(new long[] {3, 1}, ring.take());
        assertTrue(bench.intx);
        assertEquals(List.of("write 0+512", "flush"), disk.log);
        device.close();
        assertEquals("close", disk.log.get(2));
    }

    @Test
    void aResetForgetsWhatIsUnderWay() throws IOException {
        disk.gate = new CountDownLatch(1);
        start(IoExecutor.thread("disk"), VirtioBlk.F_FLUSH);
        Arrays.fill(disk.bytes, (byte) 7);
        in(0, 512);
        ring = bench.start(VirtioBlk.F_FLUSH, 64).get(0);
        disk.gate.countDown();
        settle();
        assertEquals(0, bench.read(DATA, 8), "nothing is written to memory after the reset");
        assertEquals(0, ring.usedIndex());
        in(0, 512);
        settle();
        assertEquals(7, bench.read(DATA, 8));
        device.close();
    }

    /** More data than may be under way at once: the rest is taken as it drains. */
    @Test
    void muchIsTakenInPortions() throws IOException {
        disk.gate = new CountDownLatch(1);
        start(IoExecutor.thread("disk"), VirtioBlk.F_FLUSH);
        int requests = 10;
        for (int i = 0; i < requests; i++) {
            long[] buffers = new long[2 * 3];
            Arrays.setAll(buffers, k -> 0);
            buffers[0] = HEADER;
            buffers[1] = 16;
            buffers[2] = DATA;
            buffers[3] = DISK;
            buffers[4] = STATUS;
            buffers[5] = 1;
            header(VirtioBlk.T_IN, 0);
            ring.add(1, buffers);
        }
        ring.kick();
        disk.gate.countDown();
        settle();
        assertEquals(requests, ring.usedIndex());
        device.close();
    }
}
