package org.gearshift.vmm.virtio;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.lang.invoke.VarHandle;
import org.gearshift.paging.PhysicalMemory;

/**
 * A split virtqueue (VIRTIO 1.2, 2.7), from the device's side: descriptor table, available ring and used ring in guest memory, with indirect descriptors and
 * event indices where negotiated.
 */
public final class Virtqueue {
    /** Largest queue size of a split virtqueue. */
    public static final int MAX_SIZE = 32768;
    /** Longest chain taken, over all its indirect descriptors: no driver needs more, and one that loops is found. */
    static final int MAX_CHAIN = 1024;

    private static final int DESCRIPTOR = 16;
    private static final int F_NEXT = 1;
    private static final int F_WRITE = 2;
    private static final int F_INDIRECT = 4;
    private static final int AVAIL_F_NO_INTERRUPT = 1;
    private static final int RING = 4;
    private static final int USED_ELEMENT = 8;
    private static final int INDEX_MASK = 0xffff;

    /** Whom the queue tells. */
    interface Owner {
        void interrupt(Virtqueue queue);
    }

    private final PhysicalMemory memory;
    private final Owner owner;
    private final int index;
    private final int maxSize;
    private int size;
    private long descriptors;
    private long available;
    private long used;
    private boolean enabled;
    private boolean eventIndex;
    private boolean indirect;
    private int nextAvailable;
    private int nextUsed;
    /** Value of {@link #nextUsed} when the driver was last considered for an interrupt. */
    private int toldUsed;
    /** Interrupt vector of the MSI-X table. */
    private int vector;
    private int epoch;
    private long taken;
    private long interrupts;

    Virtqueue(PhysicalMemory memory, Owner owner, int index, int maxSize) {
        if (maxSize < 1 || maxSize > MAX_SIZE || Integer.bitCount(maxSize) != 1) {
            throw new IllegalArgumentException("queue size " + maxSize);
        }
        this.memory = memory;
        this.owner = owner;
        this.index = index;
        this.maxSize = maxSize;
        reset();
    }

    void reset() {
        size = maxSize;
        descriptors = 0;
        available = 0;
        used = 0;
        enabled = false;
        eventIndex = false;
        indirect = false;
        nextAvailable = 0;
        nextUsed = 0;
        toldUsed = 0;
        vector = MsixTable.NO_VECTOR;
        epoch++;
    }

    /** Number of the queue in its device. */
    public int index() {
        return index;
    }

    /** Entries of the ring. */
    public int size() {
        return size;
    }

    /** Sets the size; anything but a power of two up to the largest is not taken. */
    void setSize(int entries) {
        if (!enabled && entries > 0 && entries <= maxSize && Integer.bitCount(entries) == 1) {
            size = entries;
        }
    }

    /** Whether the driver has set the queue up. */
    public boolean isEnabled() {
        return enabled;
    }

    long descriptors() {
        return descriptors;
    }

    long available() {
        return available;
    }

    long used() {
        return used;
    }

    void place(long descriptorTable, long availableRing, long usedRing) {
        if (!enabled) {
            descriptors = descriptorTable;
            available = availableRing;
            used = usedRing;
        }
    }

    void useFeatures(boolean eventIndices, boolean indirectDescriptors) {
        eventIndex = eventIndices;
        indirect = indirectDescriptors;
    }

    int vector() {
        return vector;
    }

    void setVector(int number) {
        vector = number;
    }

    /** Turns the queue on, if its three parts are aligned and lie in RAM. */
    void enable() throws MalformedQueueException {
        require("descriptor table", descriptors, (long) DESCRIPTOR * size, DESCRIPTOR);
        require("available ring", available, RING + 2L * size + 2, 2);
        require("used ring", used, RING + (long) USED_ELEMENT * size + 2, 4);
        enabled = true;
    }

    void disable() {
        enabled = false;
        epoch++;
    }

    private void require(String what, long address, long length, int alignment) throws MalformedQueueException {
        if ((address & alignment - 1) != 0) {
            throw malformed(what + " at 0x" + Long.toHexString(address) + " is not aligned to " + alignment);
        }
        requireRam(what, address, length);
    }

    private void requireRam(String what, long address, long length) throws MalformedQueueException {
        if (address < 0 || address + length < address || !memory.isRam(address) || !memory.isRam(address + length - 1)) {
            throw malformed(what + " at 0x" + Long.toHexString(address) + "+" + length + " is not in RAM");
        }
    }

    private MalformedQueueException malformed(String why) {
        return new MalformedQueueException("queue " + index + ": " + why);
    }

    /**
     * Whether the driver has made requests available that were not taken. If not, the driver is asked to notify the device of the next one.
     *
     * @throws MalformedQueueException if the driver claims more than the ring holds
     */
    public boolean hasNext() throws MalformedQueueException {
        if (!enabled) {
            return false;
        }
        if (pending() > 0) {
            return true;
        }
        if (!eventIndex) {
            return false;
        }
        memory.write(used + RING + (long) USED_ELEMENT * size, nextAvailable, 16);
        // The driver may have added one just before: its index must be read after the request to notify is visible.
        VarHandle.fullFence();
        return pending() > 0;
    }

    private int pending() throws MalformedQueueException {
        int n = (int) memory.read(available + 2, 16) - nextAvailable & INDEX_MASK;
        if (n > size) {
            throw malformed("the available index is " + n + " entries ahead in a ring of " + size);
        }
        return n;
    }

    /**
     * Takes the next request, or null if there is none.
     *
     * @throws MalformedQueueException if the ring or a descriptor makes no sense
     */
    public DescriptorChain next() throws MalformedQueueException {
        if (!hasNext()) {
            return null;
        }
        // What the index announces is read after the index.
        VarHandle.acquireFence();
        int head = (int) memory.read(available + RING + 2L * (nextAvailable & size - 1), 16);
        nextAvailable = nextAvailable + 1 & INDEX_MASK;
        if (head >= size) {
            throw malformed("descriptor " + head + " in a table of " + size);
        }
        taken++;
        DescriptorChain chain = new DescriptorChain(memory, head, epoch);
        walk(chain, head);
        return chain;
    }

    private void walk(DescriptorChain chain, int head) throws MalformedQueueException {
        long table = descriptors;
        long entries = size;
        long at = head;
        boolean inIndirect = false;
        for (int count = 0; ; ) {
            long d = table + DESCRIPTOR * at;
            long address = memory.read(d, 64);
            long length = memory.read(d + 8, 32);
            int flags = (int) memory.read(d + 12, 16);
            int next = (int) memory.read(d + 14, 16);
            if ((flags & F_INDIRECT) != 0) {
                if (!indirect || inIndirect || (flags & F_NEXT) != 0) {
                    throw malformed("an indirect descriptor where none may be");
                }
                if (length == 0 || length % DESCRIPTOR != 0 || length / DESCRIPTOR > MAX_CHAIN) {
                    throw malformed("an indirect table of " + length + " bytes");
                }
                requireRam("indirect table", address, length);
                inIndirect = true;
                table = address;
                entries = length / DESCRIPTOR;
                at = 0;
                continue;
            }
            if (++count > MAX_CHAIN) {
                throw malformed("a chain of more than " + MAX_CHAIN + " descriptors");
            }
            add(chain, address, length, (flags & F_WRITE) != 0);
            if ((flags & F_NEXT) == 0) {
                return;
            }
            if (next >= entries) {
                throw malformed("descriptor " + next + " in a table of " + entries);
            }
            at = next;
        }
    }

    private void add(DescriptorChain chain, long address, long length, boolean forDevice) throws MalformedQueueException {
        if (length == 0) {
            throw malformed("a buffer of no bytes");
        }
        requireRam("buffer", address, length);
        if (!forDevice && chain.writable() > 0) {
            throw malformed("a readable buffer after a writable one");
        }
        chain.add(address, length, forDevice);
    }

    /** Whether the request may still be answered: not after the queue was reset or the device stopped using it. */
    public boolean accepts(DescriptorChain chain) {
        return chain.epoch() == epoch && enabled;
    }

    /**
     * Gives a request back to the driver; {@link #interruptDriver} later lets it know. No effect if the queue was reset since the request was taken.
     *
     * @param written bytes written to its buffers, from the first writable one on
     */
    public void complete(DescriptorChain chain, long written) {
        if (!accepts(chain)) {
            return;
        }
        long element = used + RING + (long) USED_ELEMENT * (nextUsed & size - 1);
        memory.write(element, chain.head(), 32);
        memory.write(element + 4, written, 32);
        nextUsed = nextUsed + 1 & INDEX_MASK;
        // The driver sees the element when it sees the index.
        VarHandle.releaseFence();
        memory.write(used + 2, nextUsed, 16);
    }

    /** Interrupts the driver if requests were completed since the last call, and if it wants to hear of them (VIRTIO 1.2, 2.7.7). */
    public void interruptDriver() {
        if (!enabled || nextUsed == toldUsed) {
            return;
        }
        // What the driver asks for is read after the index it looks at was written.
        VarHandle.fullFence();
        int before = toldUsed;
        toldUsed = nextUsed;
        boolean wanted;
        if (eventIndex) {
            int event = (int) memory.read(available + RING + 2L * size, 16);
            wanted = (nextUsed - event - 1 & INDEX_MASK) < (nextUsed - before & INDEX_MASK);
        } else {
            wanted = (memory.read(available, 16) & AVAIL_F_NO_INTERRUPT) == 0;
        }
        if (wanted) {
            interrupts++;
            owner.interrupt(this);
        }
    }

    /** Requests taken since power-on. */
    public long requestsTaken() {
        return taken;
    }

    /** Interrupts sent since power-on. */
    public long interruptsSent() {
        return interrupts;
    }

    void save(DataOutput out) throws IOException {
        out.writeInt(size);
        out.writeLong(descriptors);
        out.writeLong(available);
        out.writeLong(used);
        out.writeBoolean(enabled);
        out.writeBoolean(eventIndex);
        out.writeBoolean(indirect);
        out.writeShort(nextAvailable);
        out.writeShort(nextUsed);
        out.writeShort(toldUsed);
        out.writeShort(vector);
    }

    void restore(DataInput in) throws IOException {
        reset();
        int entries = in.readInt();
        if (entries < 1 || entries > maxSize || Integer.bitCount(entries) != 1) {
            throw new IOException("virtqueue of " + entries + " entries");
        }
        size = entries;
        descriptors = in.readLong();
        available = in.readLong();
        used = in.readLong();
        enabled = in.readBoolean();
        eventIndex = in.readBoolean();
        indirect = in.readBoolean();
        nextAvailable = in.readUnsignedShort();
        nextUsed = in.readUnsignedShort();
        toldUsed = in.readUnsignedShort();
        vector = in.readUnsignedShort();
    }
}
