package org.gearshift.vmm.virtio;

import java.io.Closeable;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.gearshift.vmm.device.Device;
import org.gearshift.vmm.disk.DiskImage;

/**
 * The block device (VIRTIO 1.2, 5.2) over a {@link DiskImage}. Requests are read from guest memory and answered there on the machine's thread; what the image
 * does for them is an {@link IoExecutor}'s.
 */
public final class VirtioBlk implements VirtioDevice, Closeable {
    /** Longest serial number in bytes. */
    public static final int ID_BYTES = 20;

    static final long F_SIZE_MAX = 1L << 1;
    static final long F_SEG_MAX = 1L << 2;
    static final long F_GEOMETRY = 1L << 4;
    static final long F_RO = 1L << 5;
    static final long F_BLK_SIZE = 1L << 6;
    static final long F_FLUSH = 1L << 9;
    static final long F_TOPOLOGY = 1L << 10;
    static final long F_DISCARD = 1L << 13;
    static final long F_WRITE_ZEROES = 1L << 14;

    static final int T_IN = 0;
    static final int T_OUT = 1;
    static final int T_FLUSH = 4;
    static final int T_GET_ID = 8;
    static final int T_DISCARD = 11;
    static final int T_WRITE_ZEROES = 13;
    static final int S_OK = 0;
    static final int S_IOERR = 1;
    static final int S_UNSUPP = 2;

    /** Largest single buffer and most of them in a request; more bytes than their product are refused. */
    static final int SIZE_MAX = 256 << 10;
    static final int SEG_MAX = 126;
    static final int REQUEST_MAX = SEG_MAX * SIZE_MAX;
    /** Sectors of one discard or write-zeroes request: 1 GiB, so that none holds up others for long. */
    static final int MAX_ZERO_SECTORS = 1 << 21;

    private static final Logger LOG = System.getLogger(VirtioBlk.class.getName());
    private static final int TYPE = 2;
    private static final int CLASS_SCSI = 0x010000;
    private static final int QUEUE_SIZE = 128;
    private static final int HEADER = 16;
    private static final int RANGE = 16;
    private static final int RANGE_UNMAP = 1;
    private static final int CONFIGURATION = 60;
    private static final int HEADS = 16;
    private static final int TRACK = 63;
    private static final int MAX_CYLINDERS = 16383;
    private static final int PHYSICAL_BLOCK = 4096;
    /** Data of requests under way, in bytes, from which on no more are taken. */
    private static final long BYTES_UNDER_WAY = 64L << 20;

    private final String name;
    private final DiskImage image;
    private final IoExecutor executor;
    private final byte[] id = new byte[ID_BYTES];
    private final byte[] configuration = new byte[CONFIGURATION];
    private VirtioTransport transport;
    private long bytesUnderWay;
    private int requestsUnderWay;
    private boolean failureLogged;
    private final long[] counts = new long[Counter.values().length];

    private enum Counter { READS, BYTES_READ, WRITES, BYTES_WRITTEN, FLUSHES, ZEROED, DISCARDED, FAILED }

    /**
     * A disk.
     *
     * @param number tells disks of a machine apart, from 0
     * @param executor where the image is accessed
     * @param serial at most {@value #ID_BYTES} bytes of ASCII
     * @param blockSize what the driver is to take for a block: 512 or 4096
     */
    public VirtioBlk(int number, DiskImage image, IoExecutor executor, String serial, int blockSize) {
        byte[] ascii = serial.getBytes(StandardCharsets.US_ASCII);
        if (ascii.length > ID_BYTES || blockSize != DiskImage.SECTOR && blockSize != PHYSICAL_BLOCK) {
            throw new IllegalArgumentException("serial " + serial + ", block size " + blockSize);
        }
        name = "virtio-blk" + number;
        this.image = image;
        this.executor = executor;
        System.arraycopy(ascii, 0, id, 0, ascii.length);
        configure(blockSize);
    }

    /** The device configuration layout of 5.2.4. */
    private void configure(int blockSize) {
        long sectors = image.size() / DiskImage.SECTOR;
        field(0, sectors, 8);
        field(8, SIZE_MAX, 4);
        field(12, SEG_MAX, 4);
        field(16, Math.min(sectors / (HEADS * TRACK), MAX_CYLINDERS), 2);
        field(18, HEADS, 1);
        field(19, TRACK, 1);
        field(20, blockSize, 4);
        field(24, Integer.numberOfTrailingZeros(PHYSICAL_BLOCK / blockSize), 1);
        field(26, PHYSICAL_BLOCK / blockSize, 2);
        field(34, 1, 2);
        field(36, MAX_ZERO_SECTORS, 4);
        field(40, 1, 4);
        field(44, PHYSICAL_BLOCK / DiskImage.SECTOR, 4);
        field(48, MAX_ZERO_SECTORS, 4);
        field(52, 1, 4);
        field(56, 1, 1);
    }

    private void field(int offset, long value, int bytes) {
        for (int i = 0; i < bytes; i++) {
            configuration[offset + i] = (byte) (value >>> 8 * i);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public int classCode() {
        return CLASS_SCSI;
    }

    @Override
    public int[] queueSizes() {
        return new int[] {QUEUE_SIZE};
    }

    @Override
    public long deviceFeatures() {
        return F_SIZE_MAX | F_SEG_MAX | F_GEOMETRY | F_BLK_SIZE | F_FLUSH | F_TOPOLOGY | (image.isReadOnly() ? F_RO : F_DISCARD | F_WRITE_ZEROES);
    }

    @Override
    public int configurationSize() {
        return CONFIGURATION;
    }

    @Override
    public int readConfiguration(int offset) {
        return configuration[offset] & 0xff;
    }

    @Override
    public void attach(VirtioTransport to) {
        transport = to;
    }

    @Override
    public void notified(int index) throws MalformedQueueException {
        Virtqueue queue = transport.queue(index);
        while (bytesUnderWay < BYTES_UNDER_WAY) {
            DescriptorChain request = queue.next();
            if (request == null) {
                break;
            }
            take(queue, request);
        }
        queue.interruptDriver();
    }

    private void take(Virtqueue queue, DescriptorChain request) throws MalformedQueueException {
        if (request.readable() < HEADER || request.writable() < 1) {
            throw new MalformedQueueException("a block request without room for header and status");
        }
        int type = (int) request.get(0, 4);
        long sector = request.get(8, 8);
        switch (type) {
            case T_IN -> in(queue, request, sector);
            case T_OUT -> out(queue, request, sector);
            case T_FLUSH -> {
                counts[Counter.FLUSHES.ordinal()]++;
                submit(queue, request, new byte[0], 0, image::flush);
            }
            case T_GET_ID -> {
                int length = (int) Math.min(ID_BYTES, request.writable() - 1);
                request.write(0, id, 0, length);
                finish(queue, request, length, S_OK);
            }
            case T_DISCARD, T_WRITE_ZEROES -> zero(queue, request, type);
            default -> finish(queue, request, 0, S_UNSUPP);
        }
    }

    /** Whether {@code length} bytes of data are a request's that the image can serve. */
    private boolean valid(long sector, long length) {
        long sectors = image.size() / DiskImage.SECTOR;
        return length <= REQUEST_MAX && length % DiskImage.SECTOR == 0 && sector >= 0 && sector <= sectors && length / DiskImage.SECTOR <= sectors - sector;
    }

    private void in(Virtqueue queue, DescriptorChain request, long sector) {
        long length = request.writable() - 1;
        if (!valid(sector, length)) {
            finish(queue, request, 0, S_IOERR);
            return;
        }
        byte[] data = new byte[(int) length];
        counts[Counter.READS.ordinal()]++;
        counts[Counter.BYTES_READ.ordinal()] += length;
        submit(queue, request, data, data.length, () -> image.read(sector * DiskImage.SECTOR, data, 0, data.length));
    }

    private void out(Virtqueue queue, DescriptorChain request, long sector) {
        long length = request.readable() - HEADER;
        if (!valid(sector, length) || image.isReadOnly()) {
            finish(queue, request, 0, S_IOERR);
            return;
        }
        byte[] data = new byte[(int) length];
        request.read(HEADER, data, 0, data.length);
        counts[Counter.WRITES.ordinal()]++;
        counts[Counter.BYTES_WRITTEN.ordinal()] += length;
        submit(queue, request, data, 0, stored(() -> image.write(sector * DiskImage.SECTOR, data, 0, data.length)));
    }

    /** A driver that does not know of flushing takes for stored what has been answered (5.2.5.2). */
    private IoExecutor.Work stored(IoExecutor.Work work) {
        if ((transport.features() & F_FLUSH) != 0) {
            return work;
        }
        return () -> {
            work.run();
            image.flush();
        };
    }

    private void zero(Virtqueue queue, DescriptorChain request, int type) {
        long ranges = request.readable() - HEADER;
        if (image.isReadOnly() || ranges != RANGE) {
            finish(queue, request, 0, ranges == RANGE ? S_IOERR : S_UNSUPP);
            return;
        }
        long sector = request.get(HEADER, 8);
        long count = request.get(HEADER + 8, 4);
        int flags = (int) request.get(HEADER + 12, 4);
        long sectors = image.size() / DiskImage.SECTOR;
        if ((flags & ~(type == T_DISCARD ? 0 : RANGE_UNMAP)) != 0) {
            finish(queue, request, 0, S_UNSUPP);
        } else if (count > MAX_ZERO_SECTORS || sector < 0 || sector > sectors || count > sectors - sector) {
            finish(queue, request, 0, S_IOERR);
        } else {
            long offset = sector * DiskImage.SECTOR;
            long length = count * DiskImage.SECTOR;
            counts[(type == T_DISCARD ? Counter.DISCARDED : Counter.ZEROED).ordinal()] += length;
            submit(queue, request, new byte[0], 0,
                    stored(type == T_DISCARD ? () -> image.discard(offset, length) : () -> image.writeZeroes(offset, length, flags != 0)));
        }
    }

    /** @param answer how many bytes of {@code data} go into the request's buffer if the work succeeds */
    private void submit(Virtqueue queue, DescriptorChain request, byte[] data, int answer, IoExecutor.Work work) {
        bytesUnderWay += data.length;
        requestsUnderWay++;
        executor.submit(transport.hostWork(), work, failure -> {
            bytesUnderWay -= data.length;
            requestsUnderWay--;
            if (failure != null) {
                failed(failure);
                finish(queue, request, 0, S_IOERR);
            } else if (queue.accepts(request)) {
                request.write(0, data, 0, answer);
                finish(queue, request, answer, S_OK);
            }
            goOn(queue, data.length);
        });
    }

    /** After a completion that came by way of the host's thread: tell the driver, and take what had to wait. */
    private void goOn(Virtqueue queue, int freed) {
        boolean waited = bytesUnderWay < BYTES_UNDER_WAY && bytesUnderWay + freed >= BYTES_UNDER_WAY;
        if (waited && transport.isRunning()) {
            try {
                notified(queue.index());
            } catch (MalformedQueueException e) {
                transport.broken(e.getMessage());
            }
        } else {
            queue.interruptDriver();
        }
    }

    private void failed(IOException failure) {
        counts[Counter.FAILED.ordinal()]++;
        LOG.log(failureLogged ? Level.DEBUG : Level.ERROR, "{0}: {1}: {2}; the guest is told of an I/O error", name, image, failure.getMessage());
        failureLogged = true;
    }

    private void finish(Virtqueue queue, DescriptorChain request, int written, int status) {
        if (queue.accepts(request)) {
            request.put(request.writable() - 1, status, 1);
            queue.complete(request, written + 1L);
        }
    }

    /** Requests under way are completed into the void. */
    @Override
    public void reset() {
        failureLogged = false;
    }

    @Override
    public void save(DataOutput out) throws IOException {
        while (requestsUnderWay > 0) {
            executor.drain();
            transport.hostWork().run();
        }
        out.write(id);
    }

    @Override
    public void restore(DataInput in) throws IOException {
        byte[] saved = new byte[ID_BYTES];
        in.readFully(saved);
        if (!Arrays.equals(saved, id)) {
            throw new IOException(name + ": the snapshot is of another disk");
        }
    }

    /** Finishes what is under way and closes the image. */
    @Override
    public void close() throws IOException {
        executor.close();
        image.close();
    }

    @Override
    public void counters(Device.CounterSink sink) {
        for (Counter c : Counter.values()) {
            sink.count(c.name().toLowerCase(Locale.ROOT).replace('_', '.'), counts[c.ordinal()]);
        }
    }
}
