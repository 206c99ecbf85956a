package org.gearshift.vmm.net;

/**
 * An Ethernet frame without FCS, and what its sender left for the receiver to do: the two offloads every virtual network interface has
 * (virtio 1.2, 5.1.6; Xen: io/netif.h). Mutable, made to be reused.
 */
public final class Frame {
    /** Room for an Ethernet header and the longest IPv4 datagram. */
    public static final int MAX_LENGTH = EthernetHeader.SIZE + Ipv4Header.MAX_LENGTH;

    private final byte[] bytes = new byte[MAX_LENGTH];
    private int length;
    private boolean checksumPartial;
    private int checksumStart;
    private int checksumOffset;
    private int segmentSize;

    /** The storage: {@link #MAX_LENGTH} bytes, of which {@link #length} count. */
    public byte[] bytes() {
        return bytes;
    }

    /** Length in bytes, 0..{@link #MAX_LENGTH}. */
    public int length() {
        return length;
    }

    /** Begins a frame of {@code length} bytes without offloads. */
    public void begin(int length) {
        if (length < 0 || length > MAX_LENGTH) {
            throw new IllegalArgumentException("frame of " + length + " bytes");
        }
        this.length = length;
        checksumPartial = false;
        segmentSize = 0;
    }

    /**
     * Says that the transport checksum is not filled in: it is to be computed from {@code start} to the end of the frame and stored at
     * {@code start + offset}, where the sum over the pseudo-header stands until then.
     *
     * @throws IllegalArgumentException if the place is not inside the frame
     */
    public void partialChecksum(int start, int offset) {
        if (start < 0 || offset < 0 || (long) start + offset + 2 > length) {
            throw new IllegalArgumentException("checksum at " + start + " + " + offset + " in a frame of " + length + " bytes");
        }
        checksumPartial = true;
        checksumStart = start;
        checksumOffset = offset;
    }

    /** Says that this is a TCP segment over IPv4 to be cut into pieces of {@code size} payload bytes where it goes on a wire; 0: not. */
    public void segmentSize(int size) {
        segmentSize = size;
    }

    /** True if the transport checksum is not filled in. */
    public boolean checksumPartial() {
        return checksumPartial;
    }

    /** Where the bytes summed begin; only with {@link #checksumPartial}. */
    public int checksumStart() {
        return checksumStart;
    }

    /** Where the checksum is, from {@link #checksumStart}; only with {@link #checksumPartial}. */
    public int checksumOffset() {
        return checksumOffset;
    }

    /** Payload bytes of each piece of a large TCP segment, or 0. */
    public int segmentSize() {
        return segmentSize;
    }

    /** Makes this a copy of {@code other}. */
    public void copyFrom(Frame other) {
        System.arraycopy(other.bytes, 0, bytes, 0, other.length);
        length = other.length;
        checksumPartial = other.checksumPartial;
        checksumStart = other.checksumStart;
        checksumOffset = other.checksumOffset;
        segmentSize = other.segmentSize;
    }

    int u8(int at) {
        return bytes[at] & 0xff;
    }

    int u16(int at) {
        return (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
    }

    int i32(int at) {
        return u16(at) << 16 | u16(at + 2);
    }

    long u48(int at) {
        return (long) u16(at) << 32 | i32(at + 2) & 0xffffffffL;
    }

    void put8(int at, int value) {
        bytes[at] = (byte) value;
    }

    void put16(int at, int value) {
        bytes[at] = (byte) (value >>> 8);
        bytes[at + 1] = (byte) value;
    }

    void put32(int at, int value) {
        put16(at, value >>> 16);
        put16(at + 2, value);
    }

    void put48(int at, long value) {
        put16(at, (int) (value >>> 32));
        put32(at + 2, (int) value);
    }
}
