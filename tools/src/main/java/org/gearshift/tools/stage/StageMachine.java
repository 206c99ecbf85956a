package org.gearshift.tools.stage;

import java.util.Map;
import java.util.TreeMap;
import org.gearshift.ir.FlatMap;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.WideMap;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;

/**
 * A processor with nothing around it, to run regions on: state slots, and memory of which only the pages exist that it was given. No page is in its maps, so that every
 * access comes here. An access to other memory is a page fault; what only a monitor could answer ends the run with {@link #stoppedAt}.
 */
final class StageMachine extends GuestContext {
    private static final int PAGE = 0x1000;
    private static final int WIDE_SHIFT = 18;
    private static final int PAGE_FAULT = 14;
    private static final int PROTECTION_FAULT = 13;
    private static final int STACK_FAULT = 12;
    private static final int WRITE_ERROR = 2;
    /** No vector of the architecture: the fault that ends a run at a service. */
    static final int NO_VECTOR = -2;
    private static final int[] NOTHING = FlatMap.empty();

    private final TreeMap<Long, byte[]> pages = new TreeMap<>(Long::compareUnsigned);
    private final boolean wide;
    private long faultAddress;
    private String stoppedAt;

    /** Where memory that has not been touched comes from. */
    interface Background {
        /** The page at an address, or null. */
        byte[] page(long address);
    }

    private Background background = address -> null;

    /** @param codeSize 16, 32 or 64 */
    StageMachine(int codeSize) {
        super(X86State.LAYOUT);
        wide = codeSize == 64;
        ram = new byte[PAGE];
        readMap = NOTHING;
        writeMap = NOTHING;
        wideShift = WIDE_SHIFT;
        wideReadMap = WideMap.empty(WIDE_SHIFT);
        wideWriteMap = wideReadMap;
        s[X86State.DF] = 1;
        s[X86State.CR0] = 0x11;
        for (int i = 0; i < 6; i++) {
            s[X86State.SEG_LIMIT + i] = 0xffffffffL;
            s[X86State.SEG_READ_LIMIT + i] = 0xffffffffL;
            s[X86State.SEG_WRITE_LIMIT + i] = i == X86State.CS ? -1 : 0xffffffffL;
        }
        s[X86State.X87_CONTROL] = 0x37f;
        s[X86State.X87_EMPTY] = 0xff;
        s[X86State.MXCSR] = 0x1f80;
    }

    void setBackground(Background b) {
        background = b;
    }

    /** Another machine with the same state and memory. */
    StageMachine copy() {
        StageMachine m = new StageMachine(wide ? 64 : 32);
        System.arraycopy(s, 0, m.s, 0, X86State.LAYOUT.slotCount());
        pages.forEach((at, p) -> m.pages.put(at, p.clone()));
        m.background = background;
        return m;
    }

    /** Makes memory there, holding these bytes. */
    void put(long address, byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            long a = address(address + i);
            pages.computeIfAbsent(a & -PAGE, k -> new byte[PAGE])[(int) a & PAGE - 1] = bytes[i];
        }
    }

    /** Makes memory there, holding zeros where there was none. */
    void make(long address, long bytes) {
        for (long a = address & -PAGE; a - address < bytes; a += PAGE) {
            pages.computeIfAbsent(address(a), k -> new byte[PAGE]);
        }
    }

    /** Memory by page address, ascending; what was only read from the background is in it too. */
    Map<Long, byte[]> pages() {
        return pages;
    }

    /** The address of the last page fault. */
    long faultAddress() {
        return faultAddress;
    }

    /** The service at which the run ended, or null. */
    String stoppedAt() {
        return stoppedAt;
    }

    private long address(long va) {
        return wide ? va : va & 0xffffffffL;
    }

    private byte[] page(long va, boolean write) {
        byte[] p = pages.get(va & -PAGE);
        if (p == null) {
            byte[] from = background.page(va & -PAGE);
            if (from == null) {
                faultAddress = va;
                raise(PAGE_FAULT, write ? WRITE_ERROR : 0);
            }
            p = from.clone();
            pages.put(va & -PAGE, p);
        }
        return p;
    }

    @Override
    public long loadSlow(long va, int bits, boolean rmw) {
        long v = 0;
        for (int i = 0; i < bits / 8; i++) {
            long a = address(va + i);
            v |= (page(a, rmw)[(int) a & PAGE - 1] & 0xffL) << 8 * i;
        }
        return bits == 32 ? (int) v : v;
    }

    @Override
    public void storeSlow(long va, long value, int bits) {
        int bytes = bits / 8;
        page(address(va), true);
        page(address(va + bytes - 1), true);
        for (int i = 0; i < bytes; i++) {
            long a = address(va + i);
            page(a, true)[(int) a & PAGE - 1] = (byte) (value >>> 8 * i);
        }
    }

    @Override
    public void segmentCheckSlow(int segment, long offset, int bytes, boolean write) {
        raise(segment == X86State.SS ? STACK_FAULT : PROTECTION_FAULT, 0);
    }

    @Override
    public long vmcall(int number, long a, long b, long c) {
        X86Service service = X86Service.of(number);
        if (service == X86Service.RAISE) {
            throw raise((int) a, (int) b);
        }
        stoppedAt = service.name();
        throw raise(NO_VECTOR, -1);
    }
}
