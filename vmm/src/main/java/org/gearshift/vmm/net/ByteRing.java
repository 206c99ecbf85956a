package org.gearshift.vmm.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/**
 * A queue of bytes that grows as it is needed, up to {@link NetworkLimits#TCP_BUFFER} and as far as the budget goes. Bytes may also be put behind its end
 * ({@link #putBehind}): they join it when {@link #extend} closes the gap before them.
 */
final class ByteRing {
    private static final int SMALLEST = 8 << 10;
    private static final int LARGEST = NetworkLimits.TCP_BUFFER;

    private final BufferBudget budget;
    /** Length 0 or a power of two. */
    private byte[] data = {};
    private int head;
    private int size;
    private boolean starved;

    ByteRing(BufferBudget budget) {
        this.budget = budget;
    }

    int size() {
        return size;
    }

    /** How many bytes may be added, if the budget allows. */
    int room() {
        return LARGEST - size;
    }

    /** True if the budget did not allow it to grow when it last should have. */
    boolean starved() {
        return starved;
    }

    /** Adds bytes at the end. @return how many fitted */
    int append(byte[] from, int at, int length) {
        int count = putBehind(0, from, at, length);
        size += count;
        return count;
    }

    /** Puts bytes {@code gap} bytes behind the end without adding them. @return how many fitted */
    int putBehind(int gap, byte[] from, int at, int length) {
        int count = Math.min(length, Math.max(0, capacityFor(size + gap + length) - size - gap));
        if (count > 0) {
            int start = index(size + gap);
            int first = Math.min(count, data.length - start);
            System.arraycopy(from, at, data, start, first);
            System.arraycopy(from, at + first, data, 0, count - first);
        }
        return count;
    }

    /** Adds bytes that {@link #putBehind} has put there. */
    void extend(int count) {
        size += count;
    }

    /** Copies bytes from {@code offset} on without removing them. */
    void copy(int offset, byte[] to, int at, int length) {
        if (length > 0) {
            int start = index(offset);
            int first = Math.min(length, data.length - start);
            System.arraycopy(data, start, to, at, first);
            System.arraycopy(data, 0, to, at + first, length - first);
        }
    }

    /** Removes bytes at the front. */
    void drop(int count) {
        size -= count;
        head = data.length == 0 ? 0 : index(count);
    }

    /** Reads what a non-blocking channel has, as far as there is room. @return bytes read; -1 at its end if there were none before */
    int readFrom(ReadableByteChannel channel) throws IOException {
        int total = 0;
        while (size < LARGEST) {
            int capacity = size < data.length ? data.length : capacityFor(size + 1);
            if (capacity == size) {
                break;
            }
            int start = index(size);
            int length = Math.min(capacity - size, capacity - start);
            int count = channel.read(ByteBuffer.wrap(data, start, length));
            if (count < 0) {
                return total > 0 ? total : -1;
            }
            size += count;
            total += count;
            if (count < length) {
                break;
            }
        }
        return total;
    }

    /** Moves what a non-blocking channel takes from the front to it. @return bytes moved */
    int writeTo(WritableByteChannel channel) throws IOException {
        int total = 0;
        while (size > 0) {
            int length = Math.min(size, data.length - head);
            int count = channel.write(ByteBuffer.wrap(data, head, length));
            drop(count);
            total += count;
            if (count < length) {
                break;
            }
        }
        return total;
    }

    /** Forgets everything and gives the memory back. */
    void free() {
        budget.release(data.length);
        data = new byte[0];
        head = 0;
        size = 0;
    }

    /** Makes room for {@code needed} bytes if possible. @return how many there is room for */
    private int capacityFor(int needed) {
        if (needed <= data.length || data.length == LARGEST) {
            return data.length;
        }
        int wanted = Math.max(SMALLEST, Integer.highestOneBit(Math.min(needed, LARGEST) - 1) << 1);
        starved = !budget.reserve(wanted - data.length);
        if (starved) {
            return data.length;
        }
        byte[] larger = new byte[wanted];
        copy(0, larger, 0, data.length);
        head = 0;
        data = larger;
        return wanted;
    }

    private int index(int offset) {
        return head + offset & data.length - 1;
    }
}
