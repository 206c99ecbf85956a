package org.gearshift.backend.jvm;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Type;

/**
 * Groups the memory accesses of a block that go to constant offsets from one base value (a stack frame, a structure, one page of
 * globals): they share one translation, made at the first of them, for as long as all of their bytes lie in one page.
 *
 * <p>A group ends at calls that may touch memory other than to look whether it is accessible, since mappings may change there. Other slow paths change no mapping without leaving the region, except
 * that a load may make the monitor protect a frame: {@link org.gearshift.ir.GuestContext#loadSlow} then restarts the instruction outside.
 */
final class MemoryWindows {
    /** Bytes a group spans at the most: the more, the likelier it reaches over a page's end, where every access is checked by itself. */
    private static final int MAX_SPAN = 512;
    private static final int PAGE_SHIFT = 12;
    private static final int PAGE_SIZE = 0x1000;

    /** One group. */
    static final class Window {
        /** The common part of the addresses; null for absolute addresses in one page. */
        final Insn base;
        private final List<Insn> accesses = new ArrayList<>();
        private long low;
        private long high;
        private boolean writes;
        private int left;
        /** Local that holds the RAM index of {@link #low}, or a negative number; or {@link MemoryAccess#NO_INDEX} before the first access. */
        int local = MemoryAccess.NO_INDEX;
        /** The first access has left the region unless the window covers it: so it covers all. */
        boolean covers;

        private Window(Insn base) {
            this.base = base;
        }

        /** Lowest offset from the base; of an absolute window the address of its page. */
        long low() {
            return low;
        }

        /** Bytes from the lowest to the end of the highest access. */
        int span() {
            return (int) (high - low);
        }

        /** True if some access stores: all then need a writable page. */
        boolean writes() {
            return writes;
        }

        /** Counts an access as emitted; true if it was the last. */
        boolean finish() {
            return --left == 0;
        }

        private boolean accepts(long offset, int bytes) {
            return base == null || Math.max(high, offset + bytes) - Math.min(low, offset) <= MAX_SPAN;
        }

        private void add(Insn access, long offset, int bytes) {
            if (base != null) {
                low = accesses.isEmpty() ? offset : Math.min(low, offset);
                high = accesses.isEmpty() ? offset + bytes : Math.max(high, offset + bytes);
            }
            writes |= access.op() != Op.LOAD;
            accesses.add(access);
        }

        /** Accesses that each would translate by themselves: a store behind its own load would not. */
        private int translations() {
            int n = 0;
            Insn previous = null;
            for (Insn i : accesses) {
                boolean pair = i.op() == Op.STORE && previous != null && previous.op() == Op.LOAD_RMW && previous.arg(0) == i.arg(0);
                n += pair ? 0 : 1;
                previous = i;
            }
            return n;
        }
    }

    private final Map<Insn, Window> windows = new IdentityHashMap<>();
    private final List<Insn> bases = new ArrayList<>();
    private final Map<Insn, Window> openByBase = new IdentityHashMap<>();
    private final Map<Long, Window> openByPage = new HashMap<>();

    /** Finds the groups of a block. */
    void begin(Block b, boolean enabled) {
        windows.clear();
        bases.clear();
        if (!enabled) {
            return;
        }
        for (Insn i : b.insns()) {
            switch (i.op()) {
                case LOAD, LOAD_RMW, STORE -> place(i);
                case CALL -> {
                    if (i.helper().mayFault() && !i.helper().isCheck()) {
                        close();
                    }
                }
                case VMCALL -> {
                    // What follows works on the state array and mostly leaves: it is not worth a window.
                    close();
                    return;
                }
                default -> { }
            }
        }
        close();
    }

    /** The group an access belongs to, or null. */
    Window of(Insn access) {
        return windows.get(access);
    }

    /** The base of every group that has one: each is used once more, by the group. */
    List<Insn> bases() {
        return bases;
    }

    /** Offset of an access from its window's base; of an absolute one its address. */
    static long offset(Insn access) {
        long offset = 0;
        for (Insn a = access.arg(0);; a = a.arg(0)) {
            if (a.isConst()) {
                return address(access, offset + a.imm());
            }
            if (a.op() != Op.ADD || !a.arg(1).isConst()) {
                return offset;
            }
            offset += a.arg(1).imm();
        }
    }

    /** An absolute address, zero-extended if it is one of 32 bits. */
    private static long address(Insn access, long sum) {
        return access.arg(0).resultType() == Type.I32 ? sum & 0xffffffffL : sum;
    }

    private static Insn base(Insn access) {
        Insn a = access.arg(0);
        while (!a.isConst() && a.op() == Op.ADD && a.arg(1).isConst()) {
            a = a.arg(0);
        }
        return a.isConst() ? null : a;
    }

    private void place(Insn i) {
        int bytes = (int) i.imm() / 8;
        long offset = offset(i);
        Insn base = base(i);
        if (base != null) {
            Window w = openByBase.get(base);
            if (w == null || !w.accepts(offset, bytes)) {
                if (w != null) {
                    close(w);
                }
                w = new Window(base);
                openByBase.put(base, w);
            }
            w.add(i, offset, bytes);
        } else if ((offset & PAGE_SIZE - 1) <= PAGE_SIZE - bytes) {
            Window w = openByPage.computeIfAbsent(offset >>> PAGE_SHIFT, page -> {
                Window created = new Window(null);
                created.low = page << PAGE_SHIFT;
                return created;
            });
            w.add(i, offset, bytes);
        }
    }

    private void close() {
        openByBase.values().forEach(this::close);
        openByBase.clear();
        openByPage.values().forEach(this::close);
        openByPage.clear();
    }

    private void close(Window w) {
        // A lone absolute access gains too: neither its page nor whether it crosses a page's end need be computed.
        if (w.base == null || w.translations() > 1) {
            w.left = w.accesses.size();
            if (w.base != null) {
                bases.add(w.base);
            }
            for (Insn i : w.accesses) {
                windows.put(i, w);
            }
        }
    }
}
