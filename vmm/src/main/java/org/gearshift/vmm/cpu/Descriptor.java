package org.gearshift.vmm.cpu;

/**
 * The eight bytes of a segment, gate or system descriptor, as a {@code long}, and what the fields mean: SDM vol. 3A
 * sections 3.4.5, 3.5, 5.8.3 and 6.11. Attributes are in the form of {@link org.gearshift.translator.x86.X86State#SEG_ATTR}.
 */
final class Descriptor {
    /** Attribute bits. */
    static final int ACCESSED = 1;
    /** Writable data, or readable code. */
    static final int WRITABLE = 1 << 1;
    static final int READABLE = 1 << 1;
    /** Expand-down data, or conforming code. */
    static final int EXPAND_DOWN = 1 << 2;
    static final int CONFORMING = 1 << 2;
    static final int CODE = 1 << 3;
    /** S: code or data; clear for system descriptors. */
    static final int SEGMENT = 1 << 4;
    static final int PRESENT = 1 << 7;
    static final int LONG = 1 << 13;
    static final int BIG = 1 << 14;
    static final int GRANULAR = 1 << 15;

    /** Types of system descriptors. */
    static final int TSS16_AVAILABLE = 1;
    static final int LDT = 2;
    static final int TSS16_BUSY = 3;
    static final int CALL_GATE16 = 4;
    static final int TASK_GATE = 5;
    static final int INTERRUPT_GATE16 = 6;
    static final int TRAP_GATE16 = 7;
    static final int TSS32_AVAILABLE = 9;
    static final int TSS32_BUSY = 11;
    static final int CALL_GATE32 = 12;
    static final int INTERRUPT_GATE32 = 14;
    static final int TRAP_GATE32 = 15;
    /** Set in the type of a busy TSS. */
    static final int BUSY = 2;
    /** Set in the type of 32-bit gates and TSSs. */
    static final int WIDE = 8;

    private Descriptor() {
    }

    static long base(long d) {
        return d >>> 16 & 0xffffff | d >>> 32 & 0xff000000L;
    }

    /** Last offset, granularity applied. */
    static long limit(long d) {
        long raw = d & 0xffff | d >>> 32 & 0xf0000;
        return (attributes(d) & GRANULAR) != 0 ? raw << 12 | 0xfff : raw;
    }

    static int attributes(long d) {
        return (int) (d >>> 40) & 0xf0ff;
    }

    /** Low four bits of the attributes: the type. */
    static int type(int attr) {
        return attr & 15;
    }

    static int dpl(int attr) {
        return attr >>> 5 & 3;
    }

    static boolean present(int attr) {
        return (attr & PRESENT) != 0;
    }

    static boolean isSegment(int attr) {
        return (attr & SEGMENT) != 0;
    }

    static boolean isCode(int attr) {
        return (attr & (SEGMENT | CODE)) == (SEGMENT | CODE);
    }

    static boolean isConforming(int attr) {
        return (attr & CONFORMING) != 0;
    }

    static boolean isWritableData(int attr) {
        return (attr & (SEGMENT | CODE | WRITABLE)) == (SEGMENT | WRITABLE);
    }

    static boolean isReadable(int attr) {
        return isSegment(attr) && (attr & (CODE | READABLE)) != CODE;
    }

    /** Gates: the selector they lead to. */
    static int gateSelector(long d) {
        return (int) (d >>> 16) & 0xffff;
    }

    /** Gates: the offset they lead to; 16 bits for 16-bit gates. */
    static long gateOffset(long d) {
        long offset = d & 0xffff;
        return (attributes(d) & WIDE) != 0 ? offset | d >>> 32 & 0xffff0000L : offset;
    }

    /** 64-bit gates: the offset, from both halves of the descriptor. */
    static long gateOffset(long low, long high) {
        return low & 0xffff | low >>> 32 & 0xffff0000L | high << 32;
    }

    /** 64-bit interrupt and trap gates: number of the interrupt stack, 0 for none (SDM vol. 3A figure 6-8). */
    static int gateStack(long low) {
        return (int) (low >>> 32) & 7;
    }

    /** 64-bit code: L set and D clear. */
    static boolean isCode64(int attr) {
        return isCode(attr) && (attr & (LONG | BIG)) == LONG;
    }

    /** Call gates: number of parameters to copy, 0..31. */
    static int gateParameters(long d) {
        return (int) (d >>> 32) & 31;
    }

    /** Whether {@code bytes} bytes at {@code offset} (0..2^32-1) lie within a segment of this limit, expand-down ones included. */
    static boolean holds(int attr, long limit, long offset, int bytes) {
        long last = offset + bytes - 1;
        if ((attr & (CODE | EXPAND_DOWN)) != EXPAND_DOWN) {
            // A segment of 4 GiB lets accesses wrap, as flat segments do.
            return last <= limit || limit == 0xffffffffL;
        }
        return offset > limit && last <= ((attr & BIG) != 0 ? 0xffffffffL : 0xffffL);
    }
}
