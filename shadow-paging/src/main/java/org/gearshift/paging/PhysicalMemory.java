package org.gearshift.paging;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
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
    /** Some of the frame is a device window: no inline access at all. */
    static final int MMIO = 8;

    private static final Logger LOG = System.getLogger(PhysicalMemory.class.getName());

    private record Window(long start, long length, MmioHandler handler) {
        boolean contains(long p) {
            return p - start >= 0 && p - start < length;
        }
    }

    /** {@link #CODE}, {@link #TRACED}, {@link #ROM}, {@link #MMIO} of each RAM frame. */
    final byte[] attributes;

    private final GuestRam ram;
    private final List<ShadowMmu> mmus = new ArrayList<>();
    private CodePages code;
    private Window[] windows = {};
    private Window lastWindow;
    private boolean a20 = true;
    private boolean holeReadLogged;
    private boolean holeWriteLogged;

    /** Address space with {@code ram} and otherwise holes. */
    public PhysicalMemory(GuestRam ram) {
        this.ram = ram;
        this.attributes = new byte[ram.frames()];
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
        for (int f = 0; f < attributes.length; f++) {
            attributes[f] &= ~MMIO;
        }
        for (Window w : now) {
            long last = Math.min((w.start + w.length - 1) >>> 12, attributes.length - 1);
            for (long f = w.start >>> 12; f <= last; f++) {
                attributes[(int) f] |= MMIO;
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
        if (start < 0 || length < 0 || ((start | length) & 0xfff) != 0 || start + length > ram.size()) {
            throw new IllegalArgumentException("not whole RAM frames: 0x" + Long.toHexString(start) + "+" + length);
        }
        for (long f = start >>> 12; f < (start + length) >>> 12; f++) {
            if (readOnly) {
                attributes[(int) f] |= ROM;
            } else {
                attributes[(int) f] &= ~ROM;
            }
        }
        flushAll();
    }

    private void flushAll() {
        for (ShadowMmu mmu : mmus) {
            mmu.flushAll();
        }
    }

    /** The handler of the window at {@code physical}, or null. */
    public MmioHandler mmioAt(long physical) {
        Window last = lastWindow;
        if (last != null && windows[0] == last && last.contains(physical)) {
            return last.handler;
        }
        for (Window w : windows) {
            if (w.contains(physical)) {
                lastWindow = w;
                return w.handler;
            }
        }
        return null;
    }

    /** Whether {@code physical} is backed by RAM (read-only or not) and not hidden by a device window. */
    public boolean isRam(long physical) {
        return physical >= 0 && physical < ram.size() && ((attributes[(int) (physical >>> 12)] & MMIO) == 0 || mmioAt(physical) == null);
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
        if (physical >= 0 && physical + bytes <= ram.size() && (physical & 0xfff) + bytes <= 0x1000 && (attributes[(int) (physical >>> 12)] & MMIO) == 0) {
            return readRam(physical, bits);
        }
        if ((physical & 0xfff) + bytes > 0x1000) {
            return readBytes(physical, bytes);
        }
        MmioHandler handler = mmioAt(physical);
        if (handler != null) {
            return handler.read(physical, bits) & ones(bits);
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
        if (physical >= 0 && physical + bytes <= ram.size() && (physical & 0xfff) + bytes <= 0x1000) {
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
            handler.write(physical, value & ones(bits), bits);
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

    private void written(long physical, int bytes, int a) {
        if ((a & TRACED) != 0) {
            for (int i = 0; i < mmus.size(); i++) {
                mmus.get(i).tracedStore(physical, bytes);
            }
        }
        if ((a & CODE) != 0) {
            code.written(physical, bytes);
        }
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
     * Sets accessed and dirty bits in a page-table entry, on top of what it holds now. Write traces do not see it: an entry that gains
     * these bits grants no less than before, so nothing derived from it is wrong.
     */
    void updateEntry(long physical, long set, int bits) {
        if (!isWritableRam(physical)) {
            write(physical, read(physical, bits) | set, bits);
            return;
        }
        writeRam(physical, readRam(physical, bits) | set, bits);
        if ((attributes[(int) (physical >>> 12)] & CODE) != 0) {
            code.written(physical, bits >>> 3);
        }
    }

    void attach(ShadowMmu mmu) {
        mmus.add(mmu);
    }

    void attachCode(CodePages pages) {
        if (code != null) {
            throw new IllegalStateException("one CodePages per PhysicalMemory");
        }
        code = pages;
    }

    /** Adds an attribute that forbids inline stores and takes the frame out of every write map. */
    void protect(int frame, int attribute) {
        attributes[frame] |= (byte) attribute;
        for (int i = 0; i < mmus.size(); i++) {
            mmus.get(i).frameProtected(frame);
        }
    }

    /** Drops an attribute; {@link #TRACED} stays while any vCPU still traces the frame. */
    void unprotect(int frame, int attribute) {
        if (attribute == TRACED) {
            for (int i = 0; i < mmus.size(); i++) {
                if (mmus.get(i).traces(frame)) {
                    return;
                }
            }
        }
        attributes[frame] &= (byte) ~attribute;
    }
}
