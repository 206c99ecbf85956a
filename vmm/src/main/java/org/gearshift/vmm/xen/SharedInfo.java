package org.gearshift.vmm.xen;

import org.gearshift.paging.PhysicalMemory;

/** The page that hypervisor and domain share, struct shared_info of xen.h. The guest writes to it at any time: whatever is read here may be anything. */
final class SharedInfo {
    /** Pending bits are behind the structures of 32 vCPUs, the mask's behind them, and then come version, seconds and nanoseconds of the wall clock. */
    private static final int EVTCHN_PENDING = 0x800;
    private static final int WC_SEC = 4;
    private static final int WC_NSEC = 8;
    private static final int WC_SEC_HI = 12;
    /** In 32-bit domains at the end of struct arch_shared_info. */
    private static final int WC_SEC_HI_32 = 36;

    private static final long NANOS = 1_000_000_000L;

    private final PhysicalMemory memory;
    private final long page;
    private final SharedBits bits;
    private final Abi abi;

    /** @param frame the shared page */
    SharedInfo(PhysicalMemory memory, int frame, Abi abi) {
        this.memory = memory;
        this.abi = abi;
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

    private int index(int port) {
        return port / (8 * abi.word());
    }

    private int bit(int port) {
        return port % (8 * abi.word());
    }

    private int arrayBytes() {
        return abi.eventPorts() / 8;
    }

    private long pendingWord(int port) {
        return page + EVTCHN_PENDING + (long) index(port) * abi.word();
    }

    private long maskWord(int port) {
        return pendingWord(port) + arrayBytes();
    }

    private boolean test(long word, int port) {
        return (memory.read(word, 8 * abi.word()) >>> bit(port) & 1) != 0;
    }

    boolean pending(int port) {
        return test(pendingWord(port), port);
    }

    boolean masked(int port) {
        return test(maskWord(port), port);
    }

    /** Marks a port's event pending; the vCPU of the port is told. @return whether the upcall is pending now and was not for this word of ports */
    boolean raise(int port, VcpuInfo target) {
        return !bits.testAndSet(pendingWord(port), bit(port), abi.word()) && !masked(port) && target.select(index(port));
    }

    /** Clears a port's mask; the result is as {@link #raise} gives it. */
    boolean unmask(int port, VcpuInfo target) {
        return bits.testAndClear(maskWord(port), bit(port), abi.word()) && pending(port) && target.select(index(port));
    }

    void clearPending(int port) {
        bits.testAndClear(pendingWord(port), bit(port), abi.word());
    }

    /** Writes the calendar time at which the system time was 0. */
    void setWallClock(long epochNanos) {
        long at = page + EVTCHN_PENDING + 2L * arrayBytes();
        long version = memory.read(at, 32);
        memory.write(at, version + 1, 32);
        long seconds = Math.floorDiv(epochNanos, NANOS);
        memory.write(at + WC_SEC, seconds, 32);
        memory.write(at + (abi.is32() ? WC_SEC_HI_32 : WC_SEC_HI), seconds >>> 32, 32);
        memory.write(at + WC_NSEC, Math.floorMod(epochNanos, NANOS), 32);
        memory.write(at, version + 2, 32);
    }
}
