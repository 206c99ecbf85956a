package org.gearshift.vmm.xen;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.gearshift.paging.PhysicalMemory;

/**
 * A vCPU's part of what hypervisor and domain share, struct vcpu_info of xen.h: in the shared page at first, and where the guest wants it after that. The guest
 * writes to it at any time: whatever is read here may be anything.
 */
final class VcpuInfo {
    static final int BYTES = 64;

    private static final int UPCALL_PENDING = 0;
    private static final int UPCALL_MASK = 1;
    private static final int TIME = 32;

    /** Fields of struct vcpu_time_info. */
    private static final int TIME_VERSION = 0;
    private static final int TSC_TIMESTAMP = 8;
    private static final int SYSTEM_TIME = 16;
    private static final int TSC_TO_SYSTEM_MUL = 24;
    private static final int TSC_SHIFT = 28;
    private static final int TIME_FLAGS = 29;
    private static final int TIME_BYTES = 32;
    /** The counter is the same on all processors and never stops. */
    private static final int TSC_STABLE = 1;

    private final PhysicalMemory memory;
    private final SharedBits bits;
    private final Abi abi;
    private volatile long at;
    private boolean moved;

    /** @param machineAddress where it is at first */
    VcpuInfo(PhysicalMemory memory, long machineAddress, Abi abi) {
        this.memory = memory;
        this.abi = abi;
        this.bits = new SharedBits(memory);
        this.at = machineAddress;
    }

    /** Field evtchn_pending_sel: one word from the start. */
    private long pendingSel() {
        return at + abi.word();
    }

    /** Field arch.cr2, behind it. */
    private long cr2At() {
        return at + 2 * abi.word();
    }

    boolean moved() {
        return moved;
    }

    /** Moves it to where the guest wants it, with everything marked pending, so that nothing gets lost (VCPUOP_register_vcpu_info). */
    void move(long machineAddress) {
        byte[] contents = new byte[BYTES];
        memory.copyOut(at, contents, 0, BYTES);
        memory.copyIn(machineAddress, contents, 0, BYTES);
        at = machineAddress;
        moved = true;
        memory.write(pendingSel(), abi.is32() ? 0xffffffffL : -1, 8 * abi.word());
        setUpcallPending();
    }

    boolean upcallPending() {
        return memory.ram().get8(at + UPCALL_PENDING) != 0;
    }

    void setUpcallPending() {
        memory.write(at + UPCALL_PENDING, 1, 8);
        VarHandle.fullFence();
    }

    /** The guest's interrupt flag: not 0 holds events back. */
    int upcallMask() {
        return memory.ram().get8(at + UPCALL_MASK);
    }

    void setUpcallMask(int mask) {
        memory.write(at + UPCALL_MASK, mask, 8);
        if (memory.isShared()) {
            VarHandle.fullFence();
        }
    }

    void setCr2(long va) {
        memory.write(cr2At(), va, 8 * abi.word());
    }

    long cr2() {
        return memory.read(cr2At(), 8 * abi.word());
    }

    /** Says that a port of a word of ports has an event; true if that makes the upcall pending, which it was not for this word. */
    boolean select(int word) {
        if (bits.testAndSet(pendingSel(), word, abi.word())) {
            return false;
        }
        setUpcallPending();
        return true;
    }

    /** Writes the vCPU's time page. */
    void setTime() {
        memory.copyIn(at + TIME, time(), 0, TIME_BYTES);
    }

    /**
     * A struct vcpu_time_info. The machine's clock and its time-stamp counter are the same number of nanoseconds, so that one page is right for ever: system time is
     * ((TSC - 0) << 1) * 2^31 >> 32.
     */
    static byte[] time() {
        ByteBuffer b = ByteBuffer.allocate(TIME_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(TIME_VERSION, 2).putLong(TSC_TIMESTAMP, 0).putLong(SYSTEM_TIME, 0).putInt(TSC_TO_SYSTEM_MUL, (int) (1L << 31)).put(TSC_SHIFT, (byte) 1);
        return b.put(TIME_FLAGS, (byte) TSC_STABLE).array();
    }
}
