package org.gearshift.vmm.xen;

import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.cpu.Eflags;

/** That of a 64-bit kernel. */
final class VcpuContext64 extends VcpuContext {
    static final int BYTES = 5168;
    private static final int FLAGS = 512;
    private static final int REGISTERS = 520;
    private static final int TRAPS = 720;
    private static final int LDT_ENTRIES = 4824;
    private static final int GDT_FRAMES = 4832;
    private static final int GDT_ENTRIES = 4960;
    private static final int KERNEL_SP = 4976;
    private static final int CR1 = 4992;
    private static final int CR3 = 5008;
    private static final int EVENT_CALLBACK = 5112;
    private static final int FAILSAFE_CALLBACK = 5120;
    private static final int SYSCALL_CALLBACK = 5128;
    private static final int FS_BASE = 5144;
    private static final int GS_BASE_KERNEL = 5152;
    private static final int GS_BASE_USER = 5160;

    /** Offsets in struct cpu_user_regs. */
    private static final int RIP = 128;
    private static final int CS = 136;
    private static final int RFLAGS = 144;
    private static final int RSP = 152;
    private static final int SS = 160;
    private static final int FIRST_DATA_SEGMENT = 168;
    /** General registers in the order in which the structure has them. */
    private static final int[] ORDER = {15, 14, 13, 12, 5, 3, 11, 10, 9, 8, 0, 1, 2, 6, 7};

    private static final int IOPL_SHIFT = 12;

    VcpuContext64(byte[] bytes) {
        super(bytes);
    }

    @Override
    long take(Domain domain, VirtualCpu v) {
        boolean kernel = (b.getLong(FLAGS) & IN_KERNEL) != 0;
        for (int at : new int[] {REGISTERS + RIP, EVENT_CALLBACK, FAILSAFE_CALLBACK, SYSCALL_CALLBACK}) {
            if (!domain.abi.guestMayUse(b.getLong(at))) {
                return Errno.EINVAL;
            }
        }
        for (int at : new int[] {FS_BASE, GS_BASE_KERNEL, GS_BASE_USER}) {
            if (b.getLong(at) << 16 >> 16 != b.getLong(at)) {
                return Errno.EINVAL;
            }
        }
        if (!kernel || b.getLong(LDT_ENTRIES) != 0) {
            return Errno.EINVAL;
        }
        long[] gdt = new long[HypervisorSpace.GDT_PAGES];
        for (int i = 0; i < gdt.length; i++) {
            gdt[i] = b.getLong(GDT_FRAMES + 8 * i);
        }
        return take(domain, v, b.getLong(CR3) >>> 12, b.getLong(CR1) >>> 12, gdt, b.getLong(GDT_ENTRIES));
    }

    @Override
    void enter(VirtualCpu v) {
        DomainBuilder.resetSystemState(v);
        v.traps.set(b, TRAPS);
        long flags = b.getLong(FLAGS);
        set(v.eventCallback, EVENT_CALLBACK, false);
        set(v.failsafe, FAILSAFE_CALLBACK, (flags & FAILSAFE_MASKS_EVENTS) != 0);
        set(v.syscall, SYSCALL_CALLBACK, (flags & SYSCALL_MASKS_EVENTS) != 0);
        v.setKernelStack(0, b.getLong(KERNEL_SP));
        long rflags = b.getLong(REGISTERS + RFLAGS);
        v.iopl = (int) rflags & 3 << IOPL_SHIFT;
        useTables(v);
        // Before registers are: they have 32 bits outside 64-bit code.
        v.cpu.enterFlatUser64(Ring3Kernel.KERNEL_CS, Ring3Kernel.KERNEL_SS);
        long[] s = v.s;
        for (int i = 0; i < ORDER.length; i++) {
            s[X86State.GPR + ORDER[i]] = b.getLong(REGISTERS + 8 * i);
        }
        s[X86State.RSP] = b.getLong(REGISTERS + RSP);
        s[X86State.RIP] = b.getLong(REGISTERS + RIP);
        Eflags.set(s, (int) rflags & ~(Eflags.IOPL | Eflags.VM) | Eflags.IF, Eflags.ALL);
        loadSegments(v);
        s[X86State.SEG_BASE + X86State.FS] = b.getLong(FS_BASE);
        s[X86State.SEG_BASE + X86State.GS] = b.getLong(GS_BASE_KERNEL);
        s[X86State.KERNEL_GS_BASE] = b.getLong(GS_BASE_USER);
        v.cpu.refreshPaging();
        v.cpu.refreshMode();
    }

    private void set(VirtualCpu.Callback callback, int at, boolean masksEvents) {
        callback.address = b.getLong(at);
        callback.masksEvents = masksEvents;
    }

    private void loadSegments(VirtualCpu v) {
        int[] data = new int[DATA_SEGMENTS.length];
        for (int i = 0; i < data.length; i++) {
            data[i] = b.getShort(REGISTERS + FIRST_DATA_SEGMENT + 8 * i) & 0xffff;
        }
        loadData(v, data);
        loadCodeAndStack(v, b.getShort(REGISTERS + CS) & 0xffff | 3, b.getShort(REGISTERS + SS) & 0xffff | 3);
    }
}
