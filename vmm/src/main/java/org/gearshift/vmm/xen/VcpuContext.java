package org.gearshift.vmm.xen;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.gearshift.ir.GuestFault;
import org.gearshift.translator.x86.X86State;

/** The state in which a vCPU begins: struct vcpu_guest_context of arch-x86/xen.h, of which what a processor without FPU state in use needs is taken. */
abstract class VcpuContext {
    static final int IN_KERNEL = 1 << 2;
    static final int FAILSAFE_MASKS_EVENTS = 1 << 3;
    static final int SYSCALL_MASKS_EVENTS = 1 << 4;
    static final int[] DATA_SEGMENTS = {X86State.ES, X86State.DS, X86State.FS, X86State.GS};

    final ByteBuffer b;
    private int kernelBase;
    private int userBase;

    VcpuContext(byte[] bytes) {
        b = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Reads the structure at a guest address. */
    static VcpuContext read(GuestPointer guest, long at, Abi abi) {
        byte[] bytes = new byte[abi.is32() ? VcpuContext32.BYTES : VcpuContext64.BYTES];
        guest.read(at, bytes);
        return abi.is32() ? new VcpuContext32(bytes) : new VcpuContext64(bytes);
    }

    /** Checks it and takes what it uses of the domain; 0, or EINVAL with nothing taken. */
    abstract long take(Domain domain, VirtualCpu v);

    /** Puts the vCPU into this state, on the thread that runs it. */
    abstract void enter(VirtualCpu v);

    /** Takes page tables and descriptor table. @param userTables 0: none */
    final long take(Domain domain, VirtualCpu v, long kernelTables, long userTables, long[] gdt, long entries) {
        if (domain.tables.getPageAndUse(kernelTables, domain.tables.root()) != 0) {
            return Errno.EINVAL;
        }
        long rc = userTables != 0 ? domain.tables.getPageAndUse(userTables, domain.tables.root()) : 0;
        if (rc == 0) {
            rc = domain.mmu.setGdt(v, gdt, entries);
            if (rc != 0 && userTables != 0) {
                domain.tables.putPageAndUse((int) userTables);
            }
        }
        if (rc != 0) {
            domain.tables.putPageAndUse((int) kernelTables);
            return rc;
        }
        kernelBase = (int) kernelTables;
        userBase = (int) userTables;
        return 0;
    }

    /** Has the vCPU use the page tables that were taken. */
    final void useTables(VirtualCpu v) {
        v.setBases(kernelBase, userBase);
    }

    /** Loads the data segments; a selector that cannot be loaded becomes null. */
    static void loadData(VirtualCpu v, int[] selectors) {
        for (int i = 0; i < DATA_SEGMENTS.length; i++) {
            try {
                v.cpu.loadDataSegment(DATA_SEGMENTS[i], selectors[i]);
            } catch (GuestFault f) {
                v.cpu.loadDataSegment(DATA_SEGMENTS[i], 0);
            }
        }
    }

    /** Loads code and stack segment, or crashes the domain. */
    static void loadCodeAndStack(VirtualCpu v, int cs, int ss) {
        try {
            v.cpu.loadCodeAndStack(cs, ss);
        } catch (GuestFault f) {
            v.crash(String.format("vCPU %d cannot begin with code segment 0x%x and stack segment 0x%x", v.number, cs, ss));
        }
    }
}
