package org.gearshift.vmm.xen;

import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.cpu.Eflags;

/** That of a 32-bit kernel. */
final class VcpuContext32 extends VcpuContext {
    static final int BYTES = 2800;
    private static final int FLAGS = 512;
    private static final int REGISTERS = 516;
    private static final int TRAPS = 584;
    private static final int LDT_ENTRIES = 2636;
    private static final int GDT_FRAMES = 2640;
    private static final int GDT_ENTRIES = 2704;
    private static final int KERNEL_SS = 2708;
    private static final int KERNEL_SP = 2712;
    private static final int CR3 = 2728;
    private static final int EVENT_CALLBACK = 2780;
    private static final int FAILSAFE_CALLBACK = 2788;

    /** Offsets in struct cpu_user_regs. */
    private static final int EIP = 32;
    private static final int CS = 36;
    private static final int EFLAGS = 40;
    private static final int ESP = 44;
    private static final int SS = 48;
    private static final int FIRST_DATA_SEGMENT = 52;
    /** General registers in the order in which the structure has them. */
    private static final int[] ORDER = {X86State.RBX, X86State.RCX, X86State.RDX, X86State.RSI, X86State.RDI, X86State.RBP, X86State.RAX};

    VcpuContext32(byte[] bytes) {
        super(bytes);
    }

    private long word(int at) {
        return b.getInt(at) & 0xffffffffL;
    }

    private int selector(int at) {
        return b.getShort(at) & 0xffff;
    }

    @Override
    long take(Domain domain, VirtualCpu v) {
        boolean kernel = (word(FLAGS) & IN_KERNEL) != 0;
        for (int at : new int[] {REGISTERS + EIP, EVENT_CALLBACK + 4, FAILSAFE_CALLBACK + 4}) {
            if (!domain.abi.guestMayUse(word(at))) {
                return Errno.EINVAL;
            }
        }
        for (int at : new int[] {EVENT_CALLBACK, FAILSAFE_CALLBACK}) {
            if (!Descriptors.isGuestCode(selector(at))) {
                return Errno.EINVAL;
            }
        }
        if (!kernel || word(LDT_ENTRIES) != 0) {
            return Errno.EINVAL;
        }
        long[] gdt = new long[HypervisorSpace.GDT_PAGES];
        for (int i = 0; i < gdt.length; i++) {
            gdt[i] = word(GDT_FRAMES + 4 * i);
        }
        return take(domain, v, domain.abi.frameOfBase(word(CR3)), 0, gdt, word(GDT_ENTRIES));
    }

    @Override
    void enter(VirtualCpu v) {
        DomainBuilder.resetSystemState(v);
        v.traps.set(b, TRAPS);
        set(v.eventCallback, EVENT_CALLBACK, false);
        set(v.failsafe, FAILSAFE_CALLBACK, (word(FLAGS) & FAILSAFE_MASKS_EVENTS) != 0);
        v.setKernelStack(selector(KERNEL_SS), word(KERNEL_SP));
        v.iopl = (int) word(REGISTERS + EFLAGS) & Eflags.IOPL;
        useTables(v);
        // So that there is a level before selectors are checked against it.
        v.firstSegments();
        long[] s = v.s;
        for (int i = 0; i < ORDER.length; i++) {
            s[ORDER[i]] = b.getInt(REGISTERS + 4 * i);
        }
        s[X86State.RSP] = b.getInt(REGISTERS + ESP);
        s[X86State.RIP] = word(REGISTERS + EIP);
        Eflags.set(s, (int) word(REGISTERS + EFLAGS) & ~(Eflags.IOPL | Eflags.VM) | Eflags.IF, Eflags.ALL);
        int[] data = new int[DATA_SEGMENTS.length];
        for (int i = 0; i < data.length; i++) {
            data[i] = selector(REGISTERS + FIRST_DATA_SEGMENT + 4 * i);
        }
        loadCodeAndStack(v, Descriptors.fixed(selector(REGISTERS + CS)), Descriptors.fixed(selector(REGISTERS + SS)));
        loadData(v, data);
        v.cpu.refreshPaging();
        v.cpu.refreshMode();
    }

    private void set(VirtualCpu.Callback callback, int at, boolean masksEvents) {
        callback.selector = selector(at);
        callback.address = word(at + 4);
        callback.masksEvents = masksEvents;
    }
}
