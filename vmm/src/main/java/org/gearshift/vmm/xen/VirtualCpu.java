package org.gearshift.vmm.xen;

import static org.gearshift.translator.x86.X86State.RCX;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.gearshift.translator.x86.X86State.RSP;
import static org.gearshift.translator.x86.X86State.SEG_BASE;
import static org.gearshift.translator.x86.X86State.SEG_SELECTOR;

import java.lang.invoke.VarHandle;
import java.util.Map;
import java.util.function.Function;
import org.gearshift.ir.GuestFault;
import org.gearshift.paging.DeviceGate;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;
import org.gearshift.vmm.cpu.CpuExit;
import org.gearshift.vmm.cpu.Eflags;
import org.gearshift.vmm.cpu.InterruptSource;
import org.gearshift.vmm.cpu.Paravirtualization;
import org.gearshift.vmm.cpu.SystemService;
import org.gearshift.vmm.cpu.VCpu;

/**
 * A domain's vCPU as its kernel sees it: kernel mode and user mode, both at CPL 3 and each with page tables of its own; traps, events and system calls, which arrive as frames on the kernel's
 * stack; and the hypercall iret, which leaves them (arch-x86/xen-x86_64.h; frames as Xen's create_bounce_frame lays them out).
 *
 * <p>Whether an event is delivered is decided when one arrives, and whenever the hypervisor was entered, as Xen does when it returns to the guest; not when the guest clears its mask, after which
 * it looks for itself. So an event comes at the same instruction whatever executes the code.
 */
final class VirtualCpu implements Paravirtualization, InterruptSource {
    static final int KERNEL_CS = 0xe033;
    static final int KERNEL_SS = 0xe02b;
    /** VGCF_in_syscall: the frame was made by a system call, and need not restore what SYSRET does not. */
    private static final int IN_SYSCALL = 1 << 8;

    private static final int VECTOR_DB = 1;
    private static final int VECTOR_UD = 6;
    private static final int VECTOR_NM = 7;
    private static final int VECTOR_GP = 13;
    private static final int VECTOR_PF = 14;
    private static final int ERROR_USER = 4;
    private static final int ERROR_IDT = 2;
    private static final int NO_ERROR_CODE = -1;

    private static final int R11 = X86State.GPR + 11;
    private static final int GS_BASE = SEG_BASE + X86State.GS;
    private static final int CLEARED_ON_ENTRY = Eflags.TF | Eflags.NT | Eflags.AC | Eflags.RF | Eflags.VM | Eflags.IOPL;
    private static final long CR0_TS = 8;

    /** An entry point of the kernel. */
    static final class Callback {
        long address;
        boolean masksEvents;
    }

    private final Domain domain;
    /** 0.. */
    final int number;
    final VCpu cpu;
    final ShadowMmu mmu;
    final long[] s;
    final VcpuInfo info;
    final Runstate runstate;
    final VcpuTimers timers;
    /** The guest's memory as this vCPU sees it; {@link Domain#guest} is as that one does which has the domain. */
    final GuestPointer guest;
    final TrapTable traps = new TrapTable();
    final Callback eventCallback = new Callback();
    final Callback failsafe = new Callback();
    final Callback syscall = new Callback();
    final Callback syscall32 = new Callback();
    final Callback sysenter = new Callback();
    private final PrivilegedOperations privileged;
    final TrapCounters counters = new TrapCounters();

    private boolean kernel = true;
    private long kernelStack;
    /** Frames of the level-4 tables of kernel and user mode. */
    private int kernelBase;
    private int userBase;
    /** I/O privilege level in its place in EFLAGS. */
    int iopl;
    /** Pages of the GDT and the LDT in force. */
    int gdtPages;
    int ldtPages;
    private boolean deliver;
    /** Another thread has raised an event: it is to be looked at. */
    private volatile boolean notice;
    /** What else that thread has to do, so that it is looked at soon; null if no other thread does so. */
    private Runnable kick;
    private Runnable stop = () -> { };
    private DeviceGate gate = DeviceGate.OPEN;
    /** Ports a SCHEDOP_poll waits for, any if there are none; null if no such call is under way. */
    private int[] polled;
    private volatile boolean pollOver;
    private boolean initialised;
    private volatile boolean up;
    /** State to begin with, until it has begun. */
    private VcpuContext begin;

    VirtualCpu(Domain domain, int number, VCpu cpu, ShadowMmu mmu, GuestClock clock, EventQueue events) {
        this.domain = domain;
        this.number = number;
        this.cpu = cpu;
        this.mmu = mmu;
        this.s = cpu.s;
        this.info = new VcpuInfo(domain.memory, domain.shared.vcpuInfo(number));
        this.guest = new GuestPointer(mmu, domain.memory);
        this.runstate = new Runstate(clock, guest, number == 0);
        this.timers = new VcpuTimers(this, domain, clock, events);
        this.privileged = new PrivilegedOperations(domain, this);
        this.initialised = number == 0;
        this.up = number == 0;
        info.setUpcallMask(1);
    }

    /** Says how other threads are kept away from the domain, and how this vCPU's own is told of events: before any runs. */
    void share(DeviceGate entrance, Runnable kicked) {
        gate = entrance;
        kick = kicked;
    }

    /** Says how to make this vCPU's run return. */
    void onStop(Runnable action) {
        stop = action;
    }

    /** Takes the domain for this vCPU: until {@link #leave}, no other changes it. */
    void enter() {
        gate.enter();
        domain.select(this);
    }

    void leave() {
        gate.leave();
    }

    void crash(String why) {
        domain.crash(why);
    }

    boolean isInitialised() {
        return initialised;
    }

    /** Whether it runs or waits: VCPUOP_is_up. */
    boolean isUp() {
        return up;
    }

    /** Gives it the state in which it begins when it is brought up. */
    void initialise(VcpuContext context) {
        begin = context;
        initialised = true;
    }

    void bringUp() {
        up = true;
        runstate.online(true);
        if (kick != null) {
            kick.run();
        }
    }

    void takeDown() {
        up = false;
        runstate.online(false);
        stop.run();
        if (kick != null) {
            kick.run();
        }
    }

    /** Whether it has code to run; begins if it is to. On the thread that runs it. */
    boolean ready() {
        if (!up) {
            return false;
        }
        VcpuContext first = begin;
        if (first != null) {
            begin = null;
            first.enter(this);
        }
        return true;
    }

    @Override
    public Map<X86Service, SystemService> services(Function<X86Service, SystemService> own) {
        Map<X86Service, SystemService> table = privileged.services(own);
        table.put(X86Service.SYSCALL, (next, b, c) -> syscall(next));
        table.put(X86Service.SYSENTER, (next, b, c) -> sysenter());
        table.put(X86Service.INTERRUPT, (kind, vector, next) -> softwareInterrupt((int) kind, (int) vector & 0xff, next));
        return table;
    }

    @Override
    public boolean kernel() {
        return kernel;
    }

    int kernelBase() {
        return kernelBase;
    }

    int userBase() {
        return userBase;
    }

    long kernelStack() {
        return kernelStack;
    }

    void setKernelStack(long pointer) {
        kernelStack = pointer;
    }

    /** Goes on with other page tables, which the caller holds a use of. User tables 0: none. */
    void setBases(int kernelTables, int userTables) {
        kernelBase = kernelTables;
        userBase = userTables;
        useTables();
    }

    private void useTables() {
        cpu.selectMaps(!kernel);
        s[X86State.CR3] = (long) (kernel ? kernelBase : userBase) << 12;
        cpu.refreshPaging();
    }

    /** Changes between kernel and user mode, and with it tables and the base of GS. */
    private boolean toggle() {
        if (kernel && userBase == 0) {
            domain.crash("it returns to user mode without page tables for it");
            return false;
        }
        kernel = !kernel;
        long base = s[GS_BASE];
        s[GS_BASE] = s[X86State.KERNEL_GS_BASE];
        s[X86State.KERNEL_GS_BASE] = base;
        useTables();
        return true;
    }

    @Override
    public boolean pending() {
        if (notice) {
            notice = false;
            VarHandle.fullFence();
            checkUpcall();
        }
        return deliver;
    }

    @Override
    public int acknowledge() {
        return 0;
    }

    /** Decides whether the event callback is due. */
    void checkUpcall() {
        deliver = info.upcallPending() && info.upcallMask() == 0;
        if (cpu.halted && (deliver || pollOver)) {
            wake();
        }
    }

    /** Its upcall has become pending, or what it polls for has come. Any thread that has the domain. */
    void raised() {
        if (kick == null) {
            checkUpcall();
        } else {
            notice = true;
            kick.run();
        }
    }

    /** Waits for an event. */
    void block() {
        polled = null;
        pollOver = false;
        sleep();
    }

    /** Waits for an event, or for one of these ports to be pending, any if there are none. */
    void poll(int[] ports) {
        polled = ports;
        pollOver = false;
        sleep();
    }

    private void sleep() {
        cpu.halted = true;
        cpu.exit = CpuExit.HALT;
        runstate.blocked();
    }

    /** Ends a {@link #poll} if that waits for a port. */
    void portRaised(int port) {
        int[] ports = polled;
        boolean meant = ports != null && ports.length == 0;
        for (int i = 0; ports != null && i < ports.length; i++) {
            meant |= ports[i] == port;
        }
        if (meant) {
            endPoll();
        }
    }

    /** Ends a {@link #poll}, if there is one. */
    void endPoll() {
        if (polled != null) {
            polled = null;
            pollOver = true;
            raised();
        }
    }

    private void wake() {
        cpu.halted = false;
        pollOver = false;
        runstate.running();
    }

    @Override
    public void event() {
        deliver = false;
        if (!info.upcallPending() || info.upcallMask() != 0) {
            return;
        }
        if (eventCallback.address == 0) {
            domain.crash("an event arrived before it had set an event callback");
            return;
        }
        counters.events++;
        enterKernel(eventCallback.address, true, NO_ERROR_CODE, false);
    }

    @Override
    public void exception(int vector, int errorCode) {
        if (vector == VECTOR_UD && privileged.forcedCpuid()) {
            return;
        }
        counters.exceptions[vector]++;
        int code = errorCode;
        if (vector == VECTOR_PF) {
            info.setCr2(s[X86State.CR2]);
            code = kernel ? code & ~ERROR_USER : code | ERROR_USER;
        } else if (vector == VECTOR_NM) {
            s[X86State.CR0] &= ~CR0_TS;
        }
        trap(vector, code);
        checkUpcall();
    }

    private void trap(int vector, int errorCode) {
        long handler = traps.handler(vector);
        if (handler == 0) {
            domain.crash(String.format("exception %d at 0x%x, for which it has no handler%s", vector, s[RIP],
                    vector == VECTOR_PF ? String.format("; address 0x%x, error code %d", s[X86State.CR2], errorCode) : ""));
            return;
        }
        enterKernel(handler, traps.masksEvents(vector), errorCode, false);
    }

    /** Enters the kernel with a frame of the state as it is. */
    private void enterKernel(long entry, boolean maskEvents, int errorCode, boolean withSegments) {
        enterKernel(entry, maskEvents, errorCode, withSegments, (int) s[SEG_SELECTOR + X86State.CS], (int) s[SEG_SELECTOR + X86State.SS]);
    }

    private void enterKernel(long entry, boolean maskEvents, int errorCode, boolean withSegments, int cs, int ss) {
        long pointer = cpu.stackPointer();
        boolean fromKernel = kernel;
        cpu.enterFlatUser64(KERNEL_CS, KERNEL_SS);
        if (!fromKernel) {
            toggle();
        }
        int mask = info.upcallMask();
        long flags = Eflags.get(s) & ~(Eflags.IF | Eflags.IOPL) | (mask == 0 ? Eflags.IF : 0) | (domain.architecturalIopl ? iopl : 0);
        long sp = (fromKernel ? pointer : kernelStack) & ~15L;
        try {
            sp = push(sp, ss & 0xffff);
            sp = push(sp, pointer);
            sp = push(sp, flags & 0xffffffffL);
            sp = push(sp, (fromKernel ? cs & 0xfffc : cs & 0xffff) | (long) (mask & 0xff) << 32);
            sp = push(sp, s[RIP]);
            if (errorCode != NO_ERROR_CODE) {
                sp = push(sp, errorCode & 0xffffffffL);
            }
            if (withSegments) {
                for (int seg : new int[] {X86State.GS, X86State.FS, X86State.ES, X86State.DS}) {
                    sp = push(sp, s[SEG_SELECTOR + seg] & 0xffff);
                }
            }
            sp = push(sp, s[R11]);
            sp = push(sp, s[RCX]);
        } catch (GuestPointerFault f) {
            domain.crash(String.format("no frame can be put on its kernel stack at 0x%x; it was at 0x%x", sp, s[RIP]));
            return;
        }
        if (maskEvents) {
            info.setUpcallMask(1);
        }
        Eflags.set(s, Eflags.IF, CLEARED_ON_ENTRY | Eflags.IF);
        s[RSP] = sp;
        s[RIP] = entry;
        cpu.refreshMode();
    }

    private long push(long sp, long value) {
        guest.write64(sp - 8, value);
        return sp - 8;
    }

    private long syscall(long next) {
        if (!X86Mode.is(cpu.mode(), X86Mode.CODE64)) {
            throw cpu.raise(VECTOR_UD, -1);
        }
        s[RCX] = next;
        s[R11] = Eflags.get(s) & 0xffffffffL;
        s[RIP] = next;
        if (kernel) {
            domain.hypercalls.enter(this);
        } else if (syscall.address == 0) {
            domain.crash("a system call, for which it has no callback");
        } else {
            counters.systemCalls++;
            enterKernel(syscall.address, syscall.masksEvents, NO_ERROR_CODE, false, KERNEL_CS, KERNEL_SS);
        }
        checkUpcall();
        return 0;
    }

    private long sysenter() {
        if (sysenter.address == 0 || kernel) {
            throw cpu.raise(VECTOR_GP, 0);
        }
        counters.systemCalls++;
        // The instruction leaves no trace of where it came from; the kernel knows its caller.
        s[RIP] = 0;
        enterKernel(sysenter.address, sysenter.masksEvents, NO_ERROR_CODE, false, 3, KERNEL_SS);
        checkUpcall();
        return 0;
    }

    private long softwareInterrupt(int kind, int vector, long next) {
        boolean checked = kind == 0;
        if (kind == 2 && vector == 0) {
            s[RIP] = next;
            return 0;
        }
        if (checked && !traps.permits(vector, kernel)) {
            throw cpu.raise(VECTOR_GP, vector << 3 | ERROR_IDT);
        }
        counters.softwareInterrupts++;
        s[RIP] = next;
        trap(kind == 3 ? VECTOR_DB : vector, NO_ERROR_CODE);
        checkUpcall();
        return 0;
    }

    /** The hypercall iret: goes on as the frame at the stack pointer says. @return what RAX is to hold */
    long iret() {
        try {
            return iret(s[RSP]);
        } catch (GuestPointerFault f) {
            domain.crash(String.format("the frame for iret at 0x%x cannot be read", s[RSP]));
            return 0;
        }
    }

    private long iret(long at) {
        long rax = guest.read64(at);
        long r11 = guest.read64(at + 8);
        long rcx = guest.read64(at + 16);
        long context = guest.read64(at + 24);
        long rip = guest.read64(at + 32);
        int cs = guest.read16(at + 40);
        long flags = guest.read64(at + 48);
        long rsp = guest.read64(at + 56);
        int ss = guest.read16(at + 64);
        boolean toUser = (cs & 3) == 3;
        if (toUser && !toggle()) {
            return rax;
        }
        if (domain.architecturalIopl) {
            iopl = (int) flags & Eflags.IOPL;
        }
        info.setUpcallMask((flags & Eflags.IF) != 0 ? 0 : 1);
        boolean sysret = (context & IN_SYSCALL) != 0;
        Eflags.set(s, (int) flags & ~(Eflags.IOPL | Eflags.VM) | Eflags.IF, Eflags.ALL);
        s[RSP] = rsp;
        s[RIP] = rip;
        s[R11] = sysret ? flags : r11;
        s[RCX] = sysret ? rip : rcx;
        s[X86State.RAX] = rax;
        if (!sysret && !leaveThrough(cs | 3, ss | 3)) {
            return s[X86State.RAX];
        }
        if (!HypervisorSpace.guestMayUse(rip)) {
            exception(VECTOR_GP, 0);
        }
        cpu.refreshMode();
        return s[X86State.RAX];
    }

    /** Loads CS and SS of an interrupted program; where they cannot be loaded, the failsafe callback gets to know. */
    private boolean leaveThrough(int cs, int ss) {
        if (cs == KERNEL_CS && ss == KERNEL_SS) {
            return true;
        }
        try {
            cpu.loadUserSegments(cs, ss);
            return true;
        } catch (GuestFault f) {
            if (failsafe.address == 0) {
                domain.crash(String.format("iret to 0x%x:0x%x, which is no code segment", cs, s[RIP]));
            } else {
                enterKernel(failsafe.address, failsafe.masksEvents, NO_ERROR_CODE, true, cs, ss);
            }
            return false;
        }
    }

    void setTaskSwitched(boolean on) {
        privileged.setTaskSwitched(on);
    }

    /** A debug register, with a value that has been found valid. */
    void setDebugRegister(int number, long value) {
        cpu.service(X86Service.WRITE_DR, number, value, 0);
    }

    /** set_segment_base. */
    long setSegmentBase(int which, long base) {
        if (which == 3) {
            return setUserGsSelector((int) base & 0xffff);
        }
        int slot = switch (which) {
            case 0 -> SEG_BASE + X86State.FS;
            case 1 -> X86State.KERNEL_GS_BASE;
            case 2 -> GS_BASE;
            default -> -1;
        };
        if (slot < 0 || base << 16 >> 16 != base) {
            return Errno.EINVAL;
        }
        s[slot] = base;
        return 0;
    }

    /** Loads GS as user mode will see it, with its descriptor's base; a selector that cannot be loaded becomes null. */
    private long setUserGsSelector(int selector) {
        long kernelGs = s[GS_BASE];
        try {
            cpu.loadDataSegment(X86State.GS, selector);
        } catch (GuestFault f) {
            cpu.loadDataSegment(X86State.GS, 0);
        }
        s[X86State.KERNEL_GS_BASE] = s[GS_BASE];
        s[GS_BASE] = kernelGs;
        return 0;
    }

    @Override
    public long refusedStore(long va) {
        if (!kernel || !HypervisorSpace.guestMayUse(va)) {
            return -1;
        }
        enter();
        try {
            return domain.mmu.refusedStore(va);
        } finally {
            leave();
        }
    }

    @Override
    public boolean isTable(long physical) {
        int frame = (int) (physical >>> 12);
        return frame >= 0 && frame < domain.frames.frames() && domain.frames.isTable(frame);
    }

    @Override
    public boolean tableStore(long physical, long value, int bits) {
        enter();
        try {
            return domain.mmu.tableStore(physical, value, bits);
        } finally {
            leave();
        }
    }

    @Override
    public int tableSwap(long physical, long expected, long value, int bits) {
        enter();
        try {
            return domain.mmu.tableSwap(physical, expected, value, bits);
        } finally {
            leave();
        }
    }
}
