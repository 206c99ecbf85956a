package org.gearshift.ir;

/**
 * What translated code sees of a virtual CPU: its state slots, guest RAM behind page maps, the instruction budget, and the
 * slow paths. Interpreter, generated code and helpers all work on this and nothing else. One thread at a time.
 *
 * <p><b>Fast path of an access</b> of {@code n} bytes at 32-bit linear address {@code va}: let {@code f = map[va >>> 12] ^ va};
 * if {@code f >= 0 && (va & 0xfff) <= 0x1000 - n} the bytes are {@code ram[f ...]}, little-endian; otherwise the slow path ({@link FlatMap}). Loads use
 * {@link #readMap}, stores and {@link Op#LOAD_RMW} use {@link #writeMap}. By 64-bit address it is {@link #wideReadMap} and {@link #wideWriteMap}, as
 * {@link WideMap#find} says; a page below 4 GiB is present in the 32-bit maps too, if in any. The maps always belong to the current privilege and address space and
 * change only while no translated code runs or inside a slow path or service, and then in place; the array objects change only between runs.
 *
 * <p><b>Budget.</b> On entry to a block of n guest instructions: if {@code budget < n} leave with the pc slot at the block, else subtract n. An
 * instruction that faults, or calls the monitor, sees the budget as if only the instructions before it in the block had been subtracted;
 * after a monitor call that returns normally the rest is subtracted again.
 */
public abstract class GuestContext {
    /** Length of {@link #s}: room for the state slots and the interpreter's frame behind them. */
    public static final int FRAME_WORDS = 4096;

    /** State slots, numbered by the guest's {@link StateLayout}; what lies behind them is the interpreter's scratch, no guest state. */
    public final long[] s;
    /** Guest RAM from physical address 0, if it is an array, else an empty one. */
    public byte[] ram;
    /** The same RAM, whatever it is. */
    public Ram hostRam;
    /** Pages that may be read by 32-bit address: a {@link FlatMap}. */
    public int[] readMap;
    /** The same for writing. */
    public int[] writeMap;
    /** Pages that may be read by 64-bit address: a {@link WideMap}. Null in guests without such addresses. */
    public long[] wideReadMap;
    /** The same for writing. */
    public long[] wideWriteMap;
    /** Shift of both {@link WideMap}s; above all offsets in RAM. */
    public int wideShift;
    /** Guest instructions that may still be retired before control returns to the vCPU loop. */
    public int budget;
    /** True while the vCPU loop executes exactly one instruction whose effects may reach outside RAM. */
    public boolean exact;
    /**
     * Set by generated code that left because of a {@link GuestFault}: state, pc slot and budget are as the fault's documentation says and
     * {@link #fault} tells why. Whoever ran the code clears it.
     */
    public boolean faultPending;
    /** Number of the operation that generated code is about to leave its fast path for: private to the backend. */
    public int faultSite;
    /** What a helper that has two results gives besides the one it returns; good until another such helper is called. No guest state. */
    public int secondResult;
    /** The context's one fault object. */
    public final GuestFault fault = new GuestFault();

    protected GuestContext(StateLayout layout) {
        s = new long[FRAME_WORDS];
    }

    /** Sets {@link #hostRam}, and {@link #ram} to go with it. */
    public final void useRam(Ram r) {
        hostRam = r;
        ram = r.array();
    }

    /** The same for RAM that is an array. */
    public final void useRam(byte[] array) {
        useRam(new ArrayRam(array));
    }

    /**
     * A load that missed the fast path.
     *
     * @param va linear address; in code that addresses with 32 bits their zero- or sign-extension, both mean the same
     * @param bits 8, 16, 32 or 64
     * @param rmw true if the same instruction stores to it
     * @return the value, 8 and 16 bits zero-extended, 32 bits sign-extended
     * @throws GuestFault page fault, or restart in exact mode
     */
    public abstract long loadSlow(long va, int bits, boolean rmw);

    /** A store that missed the fast path; the low {@code bits} of {@code value} count. */
    public abstract void storeSlow(long va, long value, int bits);

    /**
     * The store of a locked read-modify-write operation that missed the fast path: writes {@code value} if the location still holds {@code expected}, in one step as
     * every other vCPU sees it. Contexts of a lone vCPU need not override it.
     *
     * @return whether it did
     */
    public boolean compareAndSwapSlow(long va, long expected, long value, int bits) {
        if ((loadSlow(va, bits, true) ^ expected) << Long.SIZE - bits != 0) {
            return false;
        }
        storeSlow(va, value, bits);
        return true;
    }

    /** The same for 16 bytes at an aligned address, in two halves; it has no fast path. */
    public boolean compareAndSwapPair(long va, long expectedLow, long expectedHigh, long low, long high) {
        if (loadSlow(va, Long.SIZE, true) != expectedLow || loadSlow(va + Long.BYTES, Long.SIZE, true) != expectedHigh) {
            return false;
        }
        storeSlow(va, low, Long.SIZE);
        storeSlow(va + Long.BYTES, high, Long.SIZE);
        return true;
    }

    /** Decides a {@link Op#SEGCHECK} that its limit slot did not pass: returns if the access is allowed after all, else throws. */
    public abstract void segmentCheckSlow(int segment, long offset, int bytes, boolean write);

    /** Offset in RAM of {@code bytes} bytes at a linear address (zero-extended if it has 32 bits) that may be accessed without further ado, or -1: for helpers. */
    public final long ramIndex(long va, int bytes, boolean write) {
        if (va >>> 32 != 0) {
            return wideReadMap == null ? -1 : wideIndex(va, bytes, write);
        }
        int found = FlatMap.find(write ? writeMap : readMap, (int) va, bytes);
        return found < 0 ? -1 : hostRam.offset(found, va);
    }

    /** The same through the maps for 64-bit addresses, which there must be. */
    public final long wideIndex(long va, int bytes, boolean write) {
        long found = WideMap.find(write ? wideWriteMap : wideReadMap, wideShift, va, bytes);
        return found < 0 ? -1 : hostRam.offset(found, va);
    }

    /** Service {@code number} of the monitor; see {@link Op#VMCALL}. */
    public abstract long vmcall(int number, long a, long b, long c);

    /** Throws exception {@code vector}; {@code errorCode} -1 if it has none. Returns nothing; typed so that callers can write {@code throw}. */
    public final GuestFault raise(int vector, int errorCode) {
        fault.kind = GuestFault.Kind.EXCEPTION;
        fault.vector = vector;
        fault.errorCode = errorCode;
        throw fault;
    }

    /** Abandons the current instruction until an interrupt has been taken; typed like {@link #raise}. */
    public final GuestFault waitForInterrupt() {
        fault.kind = GuestFault.Kind.WAIT_FOR_INTERRUPT;
        throw fault;
    }

    /** Lets the current instruction, of which nothing has been committed, begin anew; typed like {@link #raise}. */
    public final GuestFault retry() {
        fault.kind = GuestFault.Kind.RETRY;
        throw fault;
    }

    /** Abandons the current instruction, of which nothing has happened, so that it is executed in another way; typed like {@link #raise}. */
    public final GuestFault miss() {
        fault.kind = GuestFault.Kind.MISS;
        throw fault;
    }

    /** Throws the request to run the current instruction again in exact mode. */
    public final GuestFault restartExact() {
        fault.kind = GuestFault.Kind.RESTART_EXACT;
        throw fault;
    }
}
