package org.gearshift.vmm.virtio;

import java.util.Arrays;
import java.util.Objects;
import org.gearshift.paging.PhysicalMemory;

/**
 * One request from a virtqueue: buffers in guest memory, first those the device may read, then those it may write (VIRTIO 1.2, 2.7.4.2), each part seen as one
 * range of bytes from 0. All buffers lie in RAM.
 */
public final class DescriptorChain {
    private final PhysicalMemory memory;
    private final int head;
    private final int epoch;
    private long[] addresses = new long[4];
    private long[] lengths = new long[4];
    private int count;
    private int readableCount;
    private long readable;
    private long writable;

    DescriptorChain(PhysicalMemory memory, int head, int epoch) {
        this.memory = memory;
        this.head = head;
        this.epoch = epoch;
    }

    void add(long address, long length, boolean forDevice) {
        if (count == addresses.length) {
            addresses = Arrays.copyOf(addresses, 2 * count);
            lengths = Arrays.copyOf(lengths, 2 * count);
        }
        addresses[count] = address;
        lengths[count++] = length;
        if (forDevice) {
            writable += length;
        } else {
            readable += length;
            readableCount = count;
        }
    }

    int head() {
        return head;
    }

    int epoch() {
        return epoch;
    }

    /** Bytes the device may read: below 2^42. */
    public long readable() {
        return readable;
    }

    /** Bytes the device may write: below 2^42. */
    public long writable() {
        return writable;
    }

    /**
     * Copies {@code length} bytes from {@code offset} of the readable part.
     *
     * @throws IndexOutOfBoundsException if they do not lie in it, or not in {@code to}
     */
    public void read(long offset, byte[] to, int at, int length) {
        Objects.checkFromIndexSize(offset, length, readable);
        Objects.checkFromIndexSize(at, length, to.length);
        copy(0, readableCount, offset, length, (address, done, n) -> memory.copyOut(address, to, at + done, n));
    }

    /**
     * Copies {@code length} bytes to {@code offset} of the writable part.
     *
     * @throws IndexOutOfBoundsException if they do not lie in it, or not in {@code from}
     */
    public void write(long offset, byte[] from, int at, int length) {
        Objects.checkFromIndexSize(offset, length, writable);
        Objects.checkFromIndexSize(at, length, from.length);
        copy(readableCount, count, offset, length, (address, done, n) -> memory.copyIn(address, from, at + done, n));
    }

    /** The {@code bytes} (1 to 8) bytes at {@code offset} of the readable part, least significant first. */
    public long get(long offset, int bytes) {
        byte[] b = new byte[bytes];
        read(offset, b, 0, bytes);
        long value = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            value = value << 8 | b[i] & 0xff;
        }
        return value;
    }

    /** Stores the low {@code bytes} (1 to 8) bytes of {@code value} at {@code offset} of the writable part, least significant first. */
    public void put(long offset, long value, int bytes) {
        byte[] b = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            b[i] = (byte) (value >>> 8 * i);
        }
        write(offset, b, 0, bytes);
    }

    private interface Piece {
        void copy(long address, int done, int length);
    }

    private void copy(int from, int to, long offset, int length, Piece piece) {
        long skip = offset;
        int done = 0;
        for (int i = from; i < to && done < length; i++) {
            if (skip >= lengths[i]) {
                skip -= lengths[i];
                continue;
            }
            int n = (int) Math.min(length - done, lengths[i] - skip);
            piece.copy(addresses[i] + skip, done, n);
            done += n;
            skip = 0;
        }
    }
}
