package org.gearshift.vmm.xen;

import org.gearshift.paging.PhysicalMemory;

/** The page that hypervisor and domain share, struct shared_info of xen.h. The guest writes to it at any time: whatever is read here may be anything. */
final class SharedInfo {
    private static final int EVTCHN_PENDING = 0x800;
    private static final int EVTCHN_MASK = 0xa00;
    private static final int WC_VERSION = 0xc00;
    private static final int WC_SEC = 0xc04;
    private static final int WC_NSEC = 0xc08;
    private static final int WC_SEC_HI = 0xc0c;

    private static final long NANOS = 1_000_000_000L;

    private final PhysicalMemory memory;
    private final long page;
    private final SharedBits bits;

    /** @param frame the shared page */
    SharedInfo(PhysicalMemory memory, int frame) {
        this.memory = memory;
        this.page = (long) frame << 12;
        this.bits = new SharedBits(memory);
    }

    /** Machine address of the page. */
    long address() {
        return page;
    }

    /** Where a vCPU's struct vcpu_info is at first. */
    long vcpuInfo(int vcpu) {
        return page + (long) vcpu * VcpuInfo.BYTES;
    }

    private long word(int array, int port) {
        return page + array + (port >>> 6) * 8L;
    }

    private boolean test(int array, int port) {
        return (memory.read(word(array, port), 64) >>> (port & 63) & 1) != 0;
    }

    boolean pending(int port) {
        return test(EVTCHN_PENDING, port);
    }

    boolean masked(int port) {
        return test(EVTCHN_MASK, port);
    }

    /** Marks a port's event pending; the vCPU of the port is told. @return whether the upcall is pending now and was not for this word of ports */
    boolean raise(int port, VcpuInfo target) {
        return !bits.testAndSet(word(EVTCHN_PENDING, port), port & 63) && !masked(port) && target.select(port >>> 6);
    }

    /** Clears a port's mask; the result is as {@link #raise} gives it. */
    boolean unmask(int port, VcpuInfo target) {
        return bits.testAndClear(word(EVTCHN_MASK, port), port & 63) && pending(port) && target.select(port >>> 6);
    }

    void clearPending(int port) {
        bits.testAndClear(word(EVTCHN_PENDING, port), port & 63);
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
}
