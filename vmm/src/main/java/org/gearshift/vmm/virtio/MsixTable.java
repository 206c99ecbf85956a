package org.gearshift.vmm.virtio;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import org.gearshift.paging.MmioHandler;
import org.gearshift.vmm.bus.MessageSink;

/** An MSI-X table and its pending bits in one window (PCI Local Bus Specification 3.0, section 6.8.2). */
final class MsixTable implements MmioHandler {
    /** Size of the window: table in the first half, pending bits in the second. */
    static final int WINDOW = 0x1000;
    /** Offset of the pending bit array. */
    static final int PENDING = 0x800;
    /** What a driver writes for "no interrupt" (VIRTIO 1.2, 4.1.5.1.2). */
    static final int NO_VECTOR = 0xffff;
    /** Most entries the window has room for. */
    static final int MAX_VECTORS = 64;

    private static final int ENTRY_WORDS = 4;
    private static final int DATA = 2;
    private static final int CONTROL = 3;
    private static final int MASKED = 1;

    private final MessageSink messages;
    private final int[] words;
    private long pending;
    private boolean enabled;
    private boolean allMasked;

    /** @param vectors 1 to {@link #MAX_VECTORS} */
    MsixTable(int vectors, MessageSink messages) {
        if (vectors < 1 || vectors > MAX_VECTORS) {
            throw new IllegalArgumentException("vectors: " + vectors);
        }
        this.messages = messages;
        words = new int[ENTRY_WORDS * vectors];
        reset();
    }

    void reset() {
        Arrays.fill(words, 0);
        for (int v = 0; v < vectors(); v++) {
            words[ENTRY_WORDS * v + CONTROL] = MASKED;
        }
        pending = 0;
        enabled = false;
        allMasked = false;
    }

    int vectors() {
        return words.length / ENTRY_WORDS;
    }

    /** The message control register's two bits. */
    void control(boolean enable, boolean maskAll) {
        enabled = enable;
        allMasked = maskAll;
        deliverPending();
    }

    boolean isEnabled() {
        return enabled;
    }

    /** Sends the message of {@code vector}, or remembers it while it is masked. Numbers without an entry are no vectors. */
    void raise(int vector) {
        if (vector < vectors()) {
            pending |= 1L << vector;
            deliverPending();
        }
    }

    private void deliverPending() {
        if (!enabled || allMasked) {
            return;
        }
        for (long rest = pending; rest != 0; rest &= rest - 1) {
            int vector = Long.numberOfTrailingZeros(rest);
            int at = ENTRY_WORDS * vector;
            if ((words[at + CONTROL] & MASKED) == 0) {
                pending &= ~(1L << vector);
                messages.message(words[at] & 0xffffffffL | (long) words[at + 1] << 32, words[at + DATA]);
            }
        }
    }

    @Override
    public long read(long physical, int bits) {
        int offset = (int) physical & WINDOW - 1;
        if (bits == 64) {
            return word(offset) & 0xffffffffL | (long) word(offset + 4) << 32;
        }
        return (word(offset) & 0xffffffffL) >>> 8 * (offset & 3);
    }

    private int word(int offset) {
        if (offset >= PENDING) {
            return offset < PENDING + 8 ? (int) (pending >>> 8 * (offset & 4)) : 0;
        }
        int at = offset >>> 2;
        return at < words.length ? words[at] : 0;
    }

    /** Takes aligned writes of 32 and 64 bits; others are not allowed to software and are dropped. */
    @Override
    public void write(long physical, long value, int bits) {
        int offset = (int) physical & WINDOW - 1;
        if (bits < 32 || (offset & bits / 8 - 1) != 0) {
            return;
        }
        for (int i = 0; i < bits / 32; i++) {
            int at = (offset >>> 2) + i;
            if (at < words.length) {
                int v = (int) (value >>> 32 * i);
                words[at] = at % ENTRY_WORDS == CONTROL ? v & MASKED : at % ENTRY_WORDS == 0 ? v & ~3 : v;
            }
        }
        deliverPending();
    }

    void save(DataOutput out) throws IOException {
        for (int w : words) {
            out.writeInt(w);
        }
        out.writeLong(pending);
        out.writeBoolean(enabled);
        out.writeBoolean(allMasked);
    }

    void restore(DataInput in) throws IOException {
        for (int i = 0; i < words.length; i++) {
            words[i] = in.readInt();
        }
        pending = in.readLong() & (vectors() == Long.SIZE ? -1 : (1L << vectors()) - 1);
        enabled = in.readBoolean();
        allMasked = in.readBoolean();
    }
}
