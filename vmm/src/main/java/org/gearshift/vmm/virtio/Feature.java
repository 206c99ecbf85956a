package org.gearshift.vmm.virtio;

/** Feature bits of transport and queues (VIRTIO 1.2, ch. 6). */
public final class Feature {
    /** A descriptor may point to a table of descriptors. */
    public static final long RING_INDIRECT_DESC = 1L << 28;
    /** Both sides say from which ring index on they want to be told. */
    public static final long RING_EVENT_IDX = 1L << 29;
    /** The driver follows version 1 of the specification. */
    public static final long VERSION_1 = 1L << 32;
    /** Legacy interface only: descriptors may be laid out at will. */
    public static final long ANY_LAYOUT = 1L << 27;

    /** What every device offers to modern drivers. */
    static final long MODERN = RING_INDIRECT_DESC | RING_EVENT_IDX | VERSION_1;
    /** What every device offers to legacy drivers. */
    static final long LEGACY = RING_INDIRECT_DESC | RING_EVENT_IDX | ANY_LAYOUT;

    private Feature() {
    }
}
