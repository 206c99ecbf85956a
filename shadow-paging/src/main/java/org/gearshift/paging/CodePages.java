package org.gearshift.paging;

/**
 * Which bytes of guest RAM hold translated code, in granules of 64 bytes: one {@code long} per frame, shared by the vCPUs of a VM.
 *
 * <p>A frame with any code is write-protected in every {@link ShadowMmu}, so stores to it take the slow path. There {@link #overlapsCode}
 * separates stores to code from stores beside it, which may simply proceed.
 */
public final class CodePages {
    private static final int GRANULE_SHIFT = 6;

    private final PhysicalMemory memory;
    private final long[] granules;
    private CodeWriteListener listener = (physical, bytes) -> { };

    /** Tracking for {@code memory}, with no code yet. One per VM. */
    public CodePages(PhysicalMemory memory) {
        this.memory = memory;
        this.granules = new long[memory.ram().frames()];
        memory.attachCode(this);
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
            boolean fresh = granules[frame] == 0;
            granules[frame] |= mask(p, inFrame);
            if (fresh) {
                memory.protect(frame, PhysicalMemory.CODE);
            }
            p += inFrame;
        }
    }

    /** Forgets all code of {@code frame}: it may be written freely again. */
    public void removeFrame(int frame) {
        if (granules[frame] != 0) {
            granules[frame] = 0;
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
        return frame >= 0 && frame < granules.length && granules[frame] != 0;
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
