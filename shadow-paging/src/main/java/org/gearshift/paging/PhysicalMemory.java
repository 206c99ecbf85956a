package org.gearshift.paging;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The physical address space of a VM: RAM from 0, device windows, read-only ranges, and holes that read as all ones and swallow writes.
 *
 * <p>Writes through this class are seen by write traces on guest page tables and by the tracking of translated code, so everything but the
 * inline stores of translated code must come here: slow-path stores, page-walk updates and devices' DMA.
 */
public final class PhysicalMemory {
    /** Attribute bits of a RAM frame; a frame with none of them may be stored to inline. */
    static final int CODE = 1;
    static final int TRACED = 2;
    static final int ROM = 4;
    /** Some of the frame is a device window, or all of it in the PCI hole: no inline access at all. */
    static final int MMIO = 8;
    /** A debugger watches stores to the frame; and {@link #WATCHED_LOADS}: no inline access at all. */
    static final int WATCHED = 16;
    static final int WATCHED_LOADS = 32;

    private static final Logger LOG = System.getLogger(PhysicalMemory.class.getName());

    private record Window(long start, long length, MmioHandler handler) {
        boolean contains(long p) {
            return p - start >= 0 && p - start < length;
        }
    }

    /** {@link #CODE}, {@link #TRACED}, {@link #ROM}, {@link #MMIO}, {@link #WATCHED}, {@link #WATCHED_LOADS} of each RAM frame. */
    final byte[] attributes;

    private final GuestRam ram;
    private final List<ShadowMmu> mmus = new ArrayList<>();
    private final List<CodePages> codes = new ArrayList<>();
    /** Null for a lone vCPU. */
    private Coherence coherence;
    private AtomicRam atomics;
    private DeviceGate gate = DeviceGate.OPEN;
    private volatile Window[] windows = {};
    private Window lastWindow;
    private boolean a20 = true;
    private boolean holeReadLogged;
    private boolean holeWriteLogged;

    /** Address space with {@code ram} and otherwise holes. */
    public PhysicalMemory(GuestRam ram) {
        this.ram = ram;
        this.attributes = new byte[ram.frames()];
        markHole();
    }

    /** The PCI hole is treated like a device window, even where there is none. */
    private void markHole() {
        for (int f = (int) (ram.lowEnd() >>> 12); f < attributes.length && ram.inHole(f); f++) {
            attributes[f] |= MMIO;
        }
    }

    /**
     * Says, once all vCPUs have their {@link ShadowMmu} and before any runs, that they run on several threads ({@link ShadowMmu#runOn}) and that each may change memory while the others run.
     *
     * @param ram changes page-table entries that others may change too
     * @param devices is passed by every access to a device window
     */
    public void share(AtomicRam ram, DeviceGate devices) {
        atomics = ram;
        gate = devices;
        coherence = new Coherence(mmus, attributes.length);
    }

    /** What is passed to reach devices, by whatever way. */
    public DeviceGate devices() {
        return gate;
    }

    /** Whether there are several vCPUs. */
    public boolean isShared() {
        return coherence != null;
    }

    /** The RAM. */
    public GuestRam ram() {
        return ram;
    }

    /**
     * Maps a device window; it hides RAM, and windows mapped before it, where they overlap.
     *
     * @param start first physical address
     * @param length bytes, positive
     */
    public void mapMmio(long start, long length, MmioHandler handler) {
        if (start < 0 || length <= 0 || start + length < 0) {
            throw new IllegalArgumentException("bad window 0x" + Long.toHexString(start) + "+" + length);
        }
        Window[] more = new Window[windows.length + 1];
        more[0] = new Window(start, length, handler);
        System.arraycopy(windows, 0, more, 1, windows.length);
        setWindows(more);
    }

    /** Removes the windows of {@code handler}, as when a PCI BAR moves. */
    public void unmapMmio(MmioHandler handler) {
        List<Window> rest = new ArrayList<>(List.of(windows));
        rest.removeIf(w -> w.handler == handler);
        setWindows(rest.toArray(new Window[0]));
    }

    private void setWindows(Window[] now) {
        windows = now;
        lastWindow = null;
        synchronized (attributes) {
            for (int f = 0; f < attributes.length; f++) {
                attributes[f] &= ~MMIO;
            }
            markHole();
            for (Window w : now) {
                long last = Math.min((w.start + w.length - 1) >>> 12, attributes.length - 1);
                for (long f = w.start >>> 12; f <= last; f++) {
                    attributes[(int) f] |= MMIO;
                }
            }
        }
        flushAll();
    }

    /** Makes RAM in whole frames from {@code start} read-only to the guest; {@link GuestRam} itself stays writable, to load a ROM image. */
    public void mapReadOnly(long start, long length) {
        setReadOnly(start, length, true);
    }

    /** Makes frames writable again, as a chipset does when it enables shadow RAM. */
    public void mapReadWrite(long start, long length) {
        setReadOnly(start, length, false);
    }

    private void setReadOnly(long start, long length, boolean readOnly) {
        if (start < 0 || length < 0 || ((start | length) & 0xfff) != 0 || start + length > ram.lowEnd()) {
            throw new IllegalArgumentException("not whole RAM frames: 0x" + Long.toHexString(start) + "+" + length);
        }
        synchronized (attributes) {
            for (long f = start >>> 12; f < (start + length) >>> 12; f++) {
                if (readOnly) {
                    attributes[(int) f] |= ROM;
                } else {
                    attributes[(int) f] &= ~ROM;
                }
            }
        }
        flushAll();
    }

    /**
     * Makes every store by code to a frame, or every access, take the slow path, wherever it is mapped; which changes nothing that the guest can see. While no vCPU runs.
     *
     * @param loads whether loads do, too
     */
    public void watch(int frame, boolean loads) {
        if (frame >= 0 && frame < attributes.length) {
            synchronized (attributes) {
                attributes[frame] |= (byte) (loads ? WATCHED | WATCHED_LOADS : WATCHED);
            }
            mmus.forEach(ShadowMmu::refill);
        }
    }

    /** Ends {@link #watch}. */
    public void unwatch(int frame) {
        if (frame >= 0 && frame < attributes.length) {
            synchronized (attributes) {
                attributes[frame] &= ~(WATCHED | WATCHED_LOADS);
            }
            mmus.forEach(ShadowMmu::refill);
        }
    }

    private void flushAll() {
        for (ShadowMmu mmu : mmus) {
            if (mmu.runsHere()) {
                mmu.flushAll();
            } else {
                mmu.inbox().flush();
            }
        }
    }

    /** The handler of the window at {@code physical}, or null. */
    public MmioHandler mmioAt(long physical) {
        Window last = lastWindow;
        Window[] all = windows;
        if (last != null && all[0] == last && last.contains(physical)) {
            return last.handler;
        }
        for (Window w : all) {
            if (w.contains(physical)) {
                lastWindow = w;
                return w.handler;
            }
        }
        return null;
    }

    /** Whether {@code physical} is backed by RAM (read-only or not) and not hidden by a device window. */
    public boolean isRam(long physical) {
        return physical >= 0 && physical < ram.end()
                && ((attributes[(int) (physical >>> 12)] & MMIO) == 0 || !ram.inHole(physical >>> 12) && mmioAt(physical) == null);
    }

    /** Whether {@code physical} is RAM that the guest may write. */
    public boolean isWritableRam(long physical) {
        return isRam(physical) && (attributes[(int) (physical >>> 12)] & ROM) == 0;
    }

    /** The A20 gate, as {@link ShadowMmu} applies it to every address a CPU puts on the bus. On after reset. */
    public void setA20(boolean enabled) {
        if (a20 != enabled) {
            a20 = enabled;
            flushAll();
        }
    }

    /** State of the A20 gate. */
    public boolean a20() {
        return a20;
    }

    /** Physical address as it leaves the A20 gate. */
    long gate(long physical) {
        return a20 ? physical : physical & ~(1L << 20);
    }

    /**
     * Reads without regard to the A20 gate.
     *
     * @param bits 8, 16, 32 or 64
     * @return the value, zero-extended
     */
    public long read(long physical, int bits) {
        int bytes = bits >>> 3;
        if (physical >= 0 && physical + bytes <= ram.end() && (physical & 0xfff) + bytes <= 0x1000 && (attributes[(int) (physical >>> 12)] & MMIO) == 0) {
            return readRam(physical, bits);
        }
        if ((physical & 0xfff) + bytes > 0x1000) {
            return readBytes(physical, bytes);
        }
        MmioHandler handler = mmioAt(physical);
        if (handler != null) {
            gate.enter();
            try {
                return handler.read(physical, bits) & ones(bits);
            } finally {
                gate.leave();
            }
        }
        if (isRam(physical)) {
            return readRam(physical, bits);
        }
        if (!holeReadLogged) {
            holeReadLogged = true;
            LOG.log(Level.DEBUG, () -> "read of unmapped physical 0x" + Long.toHexString(physical) + " gives all ones");
        }
        return ones(bits);
    }

    private long readRam(long physical, int bits) {
        switch (bits) {
            case 8: return ram.get8(physical);
            case 16: return ram.get16(physical);
            case 32: return ram.get32(physical) & 0xffffffffL;
            case 64: return ram.get64(physical);
            default: throw new IllegalArgumentException("width " + bits);
        }
    }

    private long readBytes(long physical, int bytes) {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= read(physical + i, 8) << (8 * i);
        }
        return value;
    }

    private static long ones(int bits) {
        return -1L >>> (64 - bits);
    }

    /** Writes the low {@code bits} (8, 16, 32 or 64) of {@code value} without regard to the A20 gate; write traces and code tracking see it. */
    public void write(long physical, long value, int bits) {
        int bytes = bits >>> 3;
        if (physical >= 0 && physical + bytes <= ram.end() && (physical & 0xfff) + bytes <= 0x1000) {
            int a = attributes[(int) (physical >>> 12)];
            if ((a & (MMIO | ROM)) == 0) {
                writeRam(physical, value, bits);
                if (a != 0) {
                    written(physical, bytes, a);
                }
                return;
            }
        }
        writeElsewhere(physical, value, bits);
    }

    /**
     * Writes an entry of eight bytes to a page table in RAM that all processors use, like {@link #write}, as one step: what mirrors the table takes the new one over where it can. For
     * monitors that have found it valid; of a store by the guest nobody knows whether it is the last to the entry.
     */
    public void writeEntry(long physical, long entry) {
        if (coherence != null || attributes[(int) (physical >>> 12)] != TRACED) {
            write(physical, entry, 64);
            return;
        }
        ram.put64(physical, entry);
        for (int i = 0; i < mmus.size(); i++) {
            ShadowMmu mmu = mmus.get(i);
            if (mmu.runsHere()) {
                mmu.entryChanged(physical, entry);
            } else {
                tellTraced(mmu, physical, Long.BYTES);
            }
        }
    }

    private void writeElsewhere(long physical, long value, int bits) {
        int bytes = bits >>> 3;
        if ((physical & 0xfff) + bytes > 0x1000) {
            for (int i = 0; i < bytes; i++) {
                write(physical + i, value >>> (8 * i), 8);
            }
            return;
        }
        MmioHandler handler = mmioAt(physical);
        if (handler != null) {
            gate.enter();
            try {
                handler.write(physical, value & ones(bits), bits);
            } finally {
                gate.leave();
            }
        } else if (isWritableRam(physical)) {
            writeRam(physical, value, bits);
            written(physical, bytes, attributes[(int) (physical >>> 12)]);
        } else if (!isRam(physical) && !holeWriteLogged) {
            holeWriteLogged = true;
            LOG.log(Level.DEBUG, () -> "write to unmapped physical 0x" + Long.toHexString(physical) + " dropped");
        }
    }

    private void writeRam(long physical, long value, int bits) {
        switch (bits) {
            case 8: ram.put8(physical, (int) value); break;
            case 16: ram.put16(physical, (int) value); break;
            case 32: ram.put32(physical, (int) value); break;
            case 64: ram.put64(physical, value); break;
            default: throw new IllegalArgumentException("width " + bits);
        }
    }

    private void written(long physical, int bytes, int before) {
        int a = before;
        if (coherence != null) {
            // Whoever begins to derive something from the frame protects it first and reads after that: one of the two sees the other.
            VarHandle.fullFence();
            a = attributes[(int) (physical >>> 12)];
        }
        if ((a & TRACED) != 0) {
            for (int i = 0; i < mmus.size(); i++) {
                tellTraced(mmus.get(i), physical, bytes);
            }
        }
        if ((a & CODE) != 0) {
            for (int i = 0; i < codes.size(); i++) {
                tellCode(codes.get(i), physical, bytes);
            }
            if (coherence != null) {
                coherence.codeWritten((int) (physical >>> 12));
            }
        }
    }

    private static void tellTraced(ShadowMmu mmu, long physical, int bytes) {
        if (mmu.runsHere()) {
            mmu.tracedStore(physical, bytes);
        } else if (mmu.traces((int) (physical >>> 12))) {
            mmu.inbox().stored(physical, bytes);
        }
    }

    private static void tellCode(CodePages code, long physical, int bytes) {
        if (code.runsHere()) {
            code.written(physical, bytes);
        } else if (code.overlapsCode(physical, bytes)) {
            code.mmu().inbox().codeWritten((int) (physical >>> 12));
        }
    }

    /**
     * A store by code of a vCPU, which may be to code: then no other vCPU runs anything translated from there any more when it returns, as the others wait for this one where
     * they store to its code. Otherwise like {@link #write}.
     *
     * @param self of the vCPU that stores
     */
    public void store(long physical, long value, int bits, ShadowMmu self) {
        boolean toCode = coherence != null && overlapsCode(physical, bits >>> 3);
        if (!toCode) {
            write(physical, value, bits);
            return;
        }
        coherence.codeWriteBegins(physical, bits >>> 3, self);
        write(physical, value, bits);
        coherence.codeWriteEnds(physical, bits >>> 3, self);
    }

    /** Whether any of {@code bytes} bytes at {@code physical} (not crossing a frame) may belong to code that some vCPU has translated. */
    public boolean overlapsCode(long physical, int bytes) {
        for (int i = 0; i < codes.size(); i++) {
            if (codes.get(i).overlapsCode(physical, bytes)) {
                return true;
            }
        }
        return false;
    }

    /** What {@link #isSettled} compares with; taken before memory is read that something is to be derived from. */
    public long settled() {
        return coherence == null ? Long.MAX_VALUE : coherence.settled();
    }

    /** Whether every store to a frame that this vCPU has protected is seen by it, since before {@code settled} was taken. */
    public boolean isSettled(int frame, long settled) {
        return coherence == null || frame < 0 || coherence.isSettled(frame, settled);
    }

    /**
     * Returns when no other vCPU uses a mapping any more that had been changed before the call, nor is in the middle of an access by such a one: each has been at a safe point, or rests and
     * will take the news before it goes on. Whoever waits for something that the caller holds must rest meanwhile.
     *
     * @param self the caller's vCPU, which is at a safe point; null if it runs none
     */
    public void awaitOthers(ShadowMmu self) {
        if (coherence != null) {
            coherence.awaitMappings(self);
        }
    }

    /** Changes with every store to a frame that has translated code, where there are other vCPUs; -1 while any such store is being made. */
    public int codeVersion(int frame) {
        return coherence == null ? 0 : coherence.codeVersion(frame);
    }

    /**
     * The store of a locked operation to RAM: one step for all vCPUs, if the bytes lie in one aligned group of eight.
     *
     * @param self of the vCPU that stores, if it may wait as {@link #store} does, else null
     * @return whether the location held {@code expected}; what cannot be written to, counts as if it did
     */
    public boolean compareAndSwap(long physical, long expected, long value, int bits, ShadowMmu self) {
        if (!isWritableRam(physical)) {
            write(physical, value, bits);
            return true;
        }
        int bytes = bits >>> 3;
        boolean toCode = self != null && overlapsCode(physical, bytes);
        if (toCode) {
            coherence.codeWriteBegins(physical, bytes, self);
        }
        boolean done = atomics.compareAndSwap(physical, expected, value, bits);
        int a = attributes[(int) (physical >>> 12)];
        if (done && a != 0) {
            written(physical, bytes, a);
        }
        if (toCode) {
            coherence.codeWriteEnds(physical, bytes, self);
        }
        return done;
    }

    /**
     * DMA from a device into memory. What is not writable RAM is skipped.
     *
     * @throws IndexOutOfBoundsException if {@code off, len} do not lie in {@code src}
     */
    public void copyIn(long physical, byte[] src, int off, int len) {
        Objects.checkFromIndexSize(off, len, src.length);
        for (int done = 0; done < len; ) {
            long p = physical + done;
            int n = (int) Math.min(len - done, 0x1000 - (p & 0xfff));
            if (isWritableRam(p)) {
                ram.copyIn(p, src, off + done, n);
                int a = attributes[(int) (p >>> 12)];
                if (a != 0) {
                    written(p, n, a);
                }
            }
            done += n;
        }
    }

    /** DMA from memory to a device. What is not RAM reads as all ones. */
    public void copyOut(long physical, byte[] dst, int off, int len) {
        Objects.checkFromIndexSize(off, len, dst.length);
        for (int done = 0; done < len; ) {
            long p = physical + done;
            int n = (int) Math.min(len - done, 0x1000 - (p & 0xfff));
            if (isRam(p)) {
                ram.copyOut(p, dst, off + done, n);
            } else {
                Arrays.fill(dst, off + done, off + done + n, (byte) 0xff);
            }
            done += n;
        }
    }

    /**
     * Sets accessed and dirty bits in a page-table entry. Write traces do not see it: an entry that gains
     * these bits grants no less than before, so nothing derived from it is wrong.
     *
     * @param held what the walk has read there
     * @return false if another vCPU has changed it since
     */
    boolean updateEntry(long physical, long held, long set, int bits) {
        if (!isWritableRam(physical)) {
            write(physical, read(physical, bits) | set, bits);
            return true;
        }
        if (coherence == null) {
            writeRam(physical, readRam(physical, bits) | set, bits);
        } else if (!atomics.compareAndSwap(physical, held, held | set, bits)) {
            return false;
        }
        if ((attributes[(int) (physical >>> 12)] & CODE) != 0) {
            written(physical, bits >>> 3, CODE);
        }
        return true;
    }

    void attach(ShadowMmu mmu) {
        mmus.add(mmu);
    }

    void attachCode(CodePages pages) {
        codes.add(pages);
    }

    /** Adds an attribute that forbids inline stores and takes the frame out of every write map. */
    void protect(int frame, int attribute) {
        synchronized (attributes) {
            boolean fresh = attributes[frame] == 0;
            attributes[frame] |= (byte) attribute;
            for (int i = 0; i < mmus.size(); i++) {
                ShadowMmu mmu = mmus.get(i);
                if (mmu.runsHere()) {
                    mmu.frameProtected(frame);
                }
            }
            if (fresh && coherence != null) {
                coherence.protect(frame);
            }
        }
    }

    /** Drops {@link #TRACED} or {@link #CODE}, which stays while any vCPU still traces the frame, or has code from there. */
    void unprotect(int frame, int attribute) {
        synchronized (attributes) {
            for (int i = 0; i < mmus.size(); i++) {
                if (attribute == TRACED && mmus.get(i).traces(frame)) {
                    return;
                }
            }
            for (int i = 0; i < codes.size(); i++) {
                if (attribute == CODE && codes.get(i).isProtected(frame)) {
                    return;
                }
            }
            attributes[frame] &= (byte) ~attribute;
        }
    }
}
