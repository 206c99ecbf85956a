package org.gearshift.paging;

/**
 * Which bytes of guest RAM hold code that a vCPU has translated, in granules of 64 bytes: one {@code long} per frame.
 *
 * <p>A frame with any code is write-protected in every {@link ShadowMmu}, so stores to it take the slow path. There {@link #overlapsCode}
 * separates stores to code from stores beside it, which may simply proceed.
 */
public final class CodePages {
    private static final int GRANULE_SHIFT = 6;

    private final PhysicalMemory memory;
    private final long[] granules;
    /** Frames that are protected because code is about to be translated there. */
    private final boolean[] watched;
    private CodeWriteListener listener = (physical, bytes) -> { };
    private ShadowMmu mmu;

    /** Tracking for {@code memory}, with no code yet. One for each vCPU, whose {@link ShadowMmu} is made with it. */
    public CodePages(PhysicalMemory memory) {
        this.memory = memory;
        this.granules = new long[memory.ram().frames()];
        this.watched = new boolean[granules.length];
        memory.attachCode(this);
    }

    /** Says which vCPU this is of: until then, that of every thread. */
    void belongsTo(ShadowMmu vcpu) {
        mmu = vcpu;
    }

    /** Whether the calling thread may use the listener. */
    boolean runsHere() {
        return mmu == null || mmu.runsHere();
    }

    ShadowMmu mmu() {
        return mmu;
    }

    /** Protects a frame in RAM that code will be fetched from, before any of it is read: see {@link PhysicalMemory#isSettled}. */
    public void watch(int frame) {
        if (!isProtected(frame)) {
            watched[frame] = true;
            memory.protect(frame, PhysicalMemory.CODE);
        }
    }

    /** Sets who is told of writes to code that reach {@link PhysicalMemory#write} or {@link PhysicalMemory#copyIn}. */
    public void setListener(CodeWriteListener listener) {
        this.listener = listener;
    }

    /**
     * Records translated code and write-protects its frames.
     *
     * @param physicalStart first byte, in RAM
     * @param length bytes, positive; may span frames that are physically adjacent
     */
    public void addCode(long physicalStart, int length) {
        long end = physicalStart + length;
        for (long p = physicalStart; p < end; ) {
            int frame = (int) (p >>> 12);
            int inFrame = (int) Math.min(end - p, 4096 - (p & 0xfff));
            boolean fresh = !isProtected(frame);
            granules[frame] |= mask(p, inFrame);
            if (fresh) {
                memory.protect(frame, PhysicalMemory.CODE);
            }
            p += inFrame;
        }
    }

    /** Forgets all code of {@code frame}: it may be written freely again. */
    public void removeFrame(int frame) {
        if (isProtected(frame)) {
            granules[frame] = 0;
            watched[frame] = false;
            memory.unprotect(frame, PhysicalMemory.CODE);
        }
    }

    /** Whether any of {@code bytes} bytes at {@code physical} (not crossing a frame) may belong to translated code. */
    public boolean overlapsCode(long physical, int bytes) {
        int frame = (int) (physical >>> 12);
        return physical >= 0 && frame >= 0 && frame < granules.length && granules[frame] != 0 && (granules[frame] & mask(physical, bytes)) != 0;
    }

    /** Whether {@code frame} holds any translated code. */
    public boolean isProtected(int frame) {
        return frame >= 0 && frame < granules.length && (granules[frame] != 0 || watched[frame]);
    }

    PhysicalMemory memory() {
        return memory;
    }

    void written(long physical, int bytes) {
        if (overlapsCode(physical, bytes)) {
            listener.codeWritten(physical, bytes);
        }
    }

    /** Bits of the granules that {@code bytes} bytes at {@code physical} touch, up to the end of the frame. */
    private static long mask(long physical, int bytes) {
        int offset = (int) physical & 0xfff;
        int first = offset >>> GRANULE_SHIFT;
        int last = Math.min(offset + bytes - 1, 0xfff) >>> GRANULE_SHIFT;
        return (-1L >>> (63 - (last - first))) << first;
    }
}
