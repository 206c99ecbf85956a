package org.gearshift.vmm.xen;

import org.gearshift.paging.PhysicalMemory;

/**
 * The page that hypervisor and domain share, struct shared_info of xen.h, and the vCPU's struct vcpu_info, which starts there and which the guest may move. The guest writes to both
 * at any time: whatever is read here may be anything.
 */
final class SharedInfo {
    private static final int VCPU_INFO_BYTES = 64;
    private static final int EVTCHN_PENDING = 0x800;
    private static final int EVTCHN_MASK = 0xa00;
    private static final int WC_VERSION = 0xc00;
    private static final int WC_SEC = 0xc04;
    private static final int WC_NSEC = 0xc08;
    private static final int WC_SEC_HI = 0xc0c;

    private static final int UPCALL_PENDING = 0;
    private static final int UPCALL_MASK = 1;
    private static final int PENDING_SEL = 8;
    private static final int CR2 = 16;
    private static final int TIME = 32;

    /** Fields of struct vcpu_time_info. */
    private static final int TIME_VERSION = 0;
    private static final int TSC_TIMESTAMP = 8;
    private static final int SYSTEM_TIME = 16;
    private static final int TSC_TO_SYSTEM_MUL = 24;
    private static final int TSC_SHIFT = 28;
    private static final int TIME_FLAGS = 29;
    static final int TIME_BYTES = 32;
    /** The counter is the same on all processors and never stops. */
    private static final int TSC_STABLE = 1;

    private static final long NANOS = 1_000_000_000L;

    private final PhysicalMemory memory;
    private final long page;
    private long vcpu;
    private boolean moved;

    /** @param frame the shared page */
    SharedInfo(PhysicalMemory memory, int frame) {
        this.memory = memory;
        this.page = (long) frame << 12;
        this.vcpu = page;
    }

    /** Machine address of the page. */
    long address() {
        return page;
    }

    boolean moved() {
        return moved;
    }

    /** Moves the vCPU's part to where the guest wants it, with everything marked pending, so that nothing gets lost (VCPUOP_register_vcpu_info). */
    void moveVcpuInfo(long machineAddress) {
        byte[] contents = new byte[VCPU_INFO_BYTES];
        memory.copyOut(vcpu, contents, 0, VCPU_INFO_BYTES);
        memory.copyIn(machineAddress, contents, 0, VCPU_INFO_BYTES);
        vcpu = machineAddress;
        moved = true;
        memory.write(vcpu + PENDING_SEL, -1, 64);
        setUpcallPending();
    }

    boolean upcallPending() {
        return memory.read(vcpu + UPCALL_PENDING, 8) != 0;
    }

    void setUpcallPending() {
        memory.write(vcpu + UPCALL_PENDING, 1, 8);
    }

    /** The guest's interrupt flag: not 0 holds events back. */
    int upcallMask() {
        return (int) memory.read(vcpu + UPCALL_MASK, 8);
    }

    void setUpcallMask(int mask) {
        memory.write(vcpu + UPCALL_MASK, mask, 8);
    }

    void setCr2(long va) {
        memory.write(vcpu + CR2, va, 64);
    }

    long cr2() {
        return memory.read(vcpu + CR2, 64);
    }

    private long word(int bits, int port) {
        return page + bits + (port >>> 6) * 8L;
    }

    private boolean test(int bits, int port) {
        return (memory.read(word(bits, port), 64) >>> (port & 63) & 1) != 0;
    }

    private boolean testAndSet(long at, int bit) {
        long w = memory.read(at, 64);
        memory.write(at, w | 1L << bit, 64);
        return (w >>> bit & 1) != 0;
    }

    private boolean testAndClear(long at, int bit) {
        long w = memory.read(at, 64);
        memory.write(at, w & ~(1L << bit), 64);
        return (w >>> bit & 1) != 0;
    }

    boolean pending(int port) {
        return test(EVTCHN_PENDING, port);
    }

    boolean masked(int port) {
        return test(EVTCHN_MASK, port);
    }

    /** Marks a port's event pending; true if that makes the upcall pending, which it was not for this word of ports. */
    boolean raise(int port) {
        return !testAndSet(word(EVTCHN_PENDING, port), port & 63) && !masked(port) && select(port);
    }

    /** Clears a port's mask; the result is as {@link #raise} gives it. */
    boolean unmask(int port) {
        return testAndClear(word(EVTCHN_MASK, port), port & 63) && pending(port) && select(port);
    }

    void clearPending(int port) {
        testAndClear(word(EVTCHN_PENDING, port), port & 63);
    }

    private boolean select(int port) {
        if (testAndSet(vcpu + PENDING_SEL, port >>> 6)) {
            return false;
        }
        setUpcallPending();
        return true;
    }

    /** Writes the calendar time at which the system time was 0. */
    void setWallClock(long epochNanos) {
        long version = memory.read(page + WC_VERSION, 32);
        memory.write(page + WC_VERSION, version + 1, 32);
        long seconds = Math.floorDiv(epochNanos, NANOS);
        memory.write(page + WC_SEC, seconds, 32);
        memory.write(page + WC_SEC_HI, seconds >>> 32, 32);
        memory.write(page + WC_NSEC, Math.floorMod(epochNanos, NANOS), 32);
        memory.write(page + WC_VERSION, version + 2, 32);
    }

    /** Writes the vCPU's time page. */
    void setTime() {
        writeTime(vcpu + TIME);
    }

    /**
     * Writes a struct vcpu_time_info. The machine's clock and its time-stamp counter are the same number of nanoseconds, so that one page is right for ever: system time is
     * ((TSC - 0) << 1) * 2^31 >> 32.
     */
    void writeTime(long machineAddress) {
        memory.write(machineAddress + TIME_VERSION, 2, 32);
        memory.write(machineAddress + TSC_TIMESTAMP, 0, 64);
        memory.write(machineAddress + SYSTEM_TIME, 0, 64);
        memory.write(machineAddress + TSC_TO_SYSTEM_MUL, 1L << 31, 32);
        memory.write(machineAddress + TSC_SHIFT, 1, 8);
        memory.write(machineAddress + TIME_FLAGS, TSC_STABLE, 8);
    }
}
