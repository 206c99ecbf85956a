package org.gearshift.backend.jvm;

/**
 * Choices of code generation; all combinations mean the same to the guest.
 *
 * @param ram how generated code reaches guest RAM
 * @param maxMethodBytes largest bytecode size of a region's method; HotSpot never compiles a method of more than 8,000 bytes
 * @param reuseRmwLocation a store to the location its own instruction loaded for modification skips the second address check
 * @param windows accesses at constant offsets from one base share a translation within a block; see {@link MemoryWindows}
 * @param wideShift {@link org.gearshift.ir.GuestContext#wideShift} of the contexts that code runs on; of no effect on regions without 64-bit addresses
 * @param missesLeave accesses without a fast path leave the region (see {@link Misses}); otherwise they call their slow path
 * @param ramAddress {@link org.gearshift.ir.Ram#address} of the contexts that code runs on: 0 if RAM is an array
 * @param compact {@link org.gearshift.ir.Ram#isCompact}, which decides how page maps are read
 * @param ordered other threads run code on the same memory: all accesses keep their order, but for loads before earlier stores (x86-TSO)
 * @param deferCarries carry vectors are computed where they are wanted; see {@link DeferredCarries}
 * @param slotsInPlace state slots are read and written where they are, in the state array; otherwise a region holds those it uses in locals from its start to its end. C2 makes
 *     registers of locals. C1 makes copies of each on every way into a loop, and code that is short for it is code without state of its own
 * @param breadth of attempts at helpers that know their usual case apart ({@link org.gearshift.ir.Helper.Attempt#usual}): what is not within it leaves the region, if misses do
 */
public record BackendOptions(Ram ram, int maxMethodBytes, boolean reuseRmwLocation, boolean windows, int wideShift, boolean missesLeave, long ramAddress, boolean compact,
        boolean ordered, boolean deferCarries, boolean slotsInPlace, Breadth breadth) {

    /** How generated code reaches guest RAM. */
    public enum Ram {
        /** Through a VarHandle view of the array, or {@link org.gearshift.ir.Ram}: every access is bounds-checked. */
        CHECKED,
        /**
         * Through {@code sun.misc.Unsafe}: bounds follow from the page map, whose entries the monitor guarantees to
         * be frames inside RAM. On JDK 24 and later wants {@code --sun-misc-unsafe-memory-access=allow}.
         */
        FAST
    }

    /** How much of an operation that has a usual case is in line. */
    public enum Breadth {
        /** The usual case: what does not leave is one straight line of code. */
        USUAL,
        /** Zeros as well. */
        ZERO,
        /** All that attempts know. */
        FULL;

        /** The next broader one; of the broadest itself. */
        public Breadth more() {
            return this == USUAL ? ZERO : FULL;
        }
    }

    /** HotSpot's limit ({@code -XX:HugeMethodLimit}). */
    public static final int HUGE_METHOD_LIMIT = 8000;

    private static final int LARGEST_SHIFT = 31;

    /** The measured best, for RAM of any size, but for what {@link Without} takes out. */
    public static BackendOptions defaults() {
        return new BackendOptions(Without.FAST_RAM.set() ? Ram.CHECKED : Ram.FAST, HUGE_METHOD_LIMIT, !Without.RMW_REUSE.set(), !Without.WINDOWS.set(), LARGEST_SHIFT, false, 0, true, false,
                !Without.DEFERRED_CARRIES.set(), false, Breadth.FULL);
    }

    public BackendOptions withRam(Ram r) {
        return new BackendOptions(r, maxMethodBytes, reuseRmwLocation, windows, wideShift, missesLeave, ramAddress, compact, ordered, deferCarries, slotsInPlace, breadth);
    }

    public BackendOptions withMaxMethodBytes(int bytes) {
        return new BackendOptions(ram, bytes, reuseRmwLocation, windows, wideShift, missesLeave, ramAddress, compact, ordered, deferCarries, slotsInPlace, breadth);
    }

    public BackendOptions withReuseRmwLocation(boolean reuse) {
        return new BackendOptions(ram, maxMethodBytes, reuse, windows, wideShift, missesLeave, ramAddress, compact, ordered, deferCarries, slotsInPlace, breadth);
    }

    public BackendOptions withWindows(boolean on) {
        return new BackendOptions(ram, maxMethodBytes, reuseRmwLocation, on, wideShift, missesLeave, ramAddress, compact, ordered, deferCarries, slotsInPlace, breadth);
    }

    public BackendOptions withWideShift(int shift) {
        return new BackendOptions(ram, maxMethodBytes, reuseRmwLocation, windows, shift, missesLeave, ramAddress, compact, ordered, deferCarries, slotsInPlace, breadth);
    }

    public BackendOptions withMissesLeave(boolean leave) {
        return new BackendOptions(ram, maxMethodBytes, reuseRmwLocation, windows, wideShift, leave, ramAddress, compact, ordered, deferCarries, slotsInPlace, breadth);
    }

    /** RAM of the contexts that code runs on. */
    public BackendOptions withGuestRam(org.gearshift.ir.Ram r) {
        return new BackendOptions(ram, maxMethodBytes, reuseRmwLocation, windows, wideShift, missesLeave, r.address(), r.isCompact(), ordered, deferCarries, slotsInPlace, breadth);
    }

    public BackendOptions withOrdered(boolean on) {
        return new BackendOptions(ram, maxMethodBytes, reuseRmwLocation, windows, wideShift, missesLeave, ramAddress, compact, on, deferCarries, slotsInPlace, breadth);
    }

    public BackendOptions withDeferCarries(boolean defer) {
        return new BackendOptions(ram, maxMethodBytes, reuseRmwLocation, windows, wideShift, missesLeave, ramAddress, compact, ordered, defer, slotsInPlace, breadth);
    }

    public BackendOptions withSlotsInPlace(boolean on) {
        return new BackendOptions(ram, maxMethodBytes, reuseRmwLocation, windows, wideShift, missesLeave, ramAddress, compact, ordered, deferCarries, on, breadth);
    }

    public BackendOptions withBreadth(Breadth b) {
        return new BackendOptions(ram, maxMethodBytes, reuseRmwLocation, windows, wideShift, missesLeave, ramAddress, compact, ordered, deferCarries, slotsInPlace, b);
    }
}
