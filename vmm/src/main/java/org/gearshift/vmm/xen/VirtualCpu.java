package org.gearshift.vmm.xen;

import static org.gearshift.translator.x86.X86State.RIP;

import java.lang.invoke.VarHandle;
import java.util.Map;
import java.util.function.Function;
import org.gearshift.paging.DeviceGate;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;
import org.gearshift.vmm.cpu.CpuExit;
import org.gearshift.vmm.cpu.InterruptSource;
import org.gearshift.vmm.cpu.Paravirtualization;
import org.gearshift.vmm.cpu.SystemService;
import org.gearshift.vmm.cpu.VCpu;

/**
 * A domain's vCPU as its kernel sees it: traps, events and system calls, which arrive as frames on the kernel's stack; and the hypercall iret, which leaves them.
 * What levels and page tables kernel and programs have is its {@link KernelMode}'s.
 *
 * <p>Whether an event is delivered is decided when one arrives, and whenever the hypervisor was entered, as Xen does when it returns to the guest; not when the
 * guest clears its mask, after which it looks for itself. So an event comes at the same instruction whatever executes the code.
 */
final class VirtualCpu implements Paravirtualization, InterruptSource {
    private static final int VECTOR_DB = 1;
    private static final int VECTOR_UD = 6;
    private static final int VECTOR_NM = 7;
    private static final int VECTOR_GP = 13;
    private static final int VECTOR_PF = 14;
    private static final int ERROR_USER = 4;
    private static final int ERROR_IDT = 2;
    private static final long CR0_TS = 8;

    /** An entry point of the kernel. */
    static final class Callback {
        /** The code segment, if the kernel is 32-bit. */
        int selector;
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
    final TrapTable traps;
    final Callback eventCallback = new Callback();
    final Callback failsafe = new Callback();
    final Callback syscall = new Callback();
    final Callback syscall32 = new Callback();
    final Callback sysenter = new Callback();
    private final PrivilegedOperations privileged;
    final TrapCounters counters = new TrapCounters();

    private KernelMode mode;
    private int kernelStackSegment;
    private long kernelStack;
    /** Frames of the roots of kernel and user mode; a 32-bit kernel has one for both. */
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
    private long timeArea;
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
        this.info = new VcpuInfo(domain.memory, domain.shared.vcpuInfo(number), domain.abi);
        this.guest = new GuestPointer(mmu, domain.memory, domain.abi);
        this.traps = new TrapTable(domain.abi);
        this.runstate = new Runstate(clock, guest, domain.abi, number == 0);
        this.timers = new VcpuTimers(this, domain, clock, events);
        this.privileged = new PrivilegedOperations(domain, this);
        this.mode = new Ring3Kernel(this, domain);
        this.initialised = number == 0;
        this.up = number == 0;
        info.setUpcallMask(1);
    }

    /** Its kernel is a 32-bit one: before any code runs. */
    void use32() {
        mode = new Ring1Kernel(this, domain);
    }

    /** Puts its segment registers into the state in which a kernel begins. */
    void firstSegments() {
        mode.firstSegments();
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
        return mode.kernel();
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

    /** Selector of the kernel's stack; a 64-bit kernel's is flat whatever it says. */
    int kernelStackSegment() {
        return kernelStackSegment;
    }

    void setKernelStack(int segment, long pointer) {
        kernelStackSegment = segment;
        kernelStack = pointer;
    }

    /** Goes on with other page tables, which the caller holds a use of. User tables 0: none. */
    void setBases(int kernelTables, int userTables) {
        kernelBase = kernelTables;
        userBase = userTables;
        mode.useTables();
    }

    /** The same for the kernel's own alone, by itself. */
    void setKernelBase(int kernelTables) {
        kernelBase = kernelTables;
        mode.useKernelTables();
    }

    /** The same for the tables of user mode alone, by its kernel, which goes on with its own. */
    void setUserBase(int userTables) {
        userBase = userTables;
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

    /** Has the time kept at a guest address too; if it is not mapped, from when the vCPU next wakes on. */
    void setTimeArea(long va) {
        timeArea = va;
        writeTime();
    }

    private void writeTime() {
        if (timeArea != 0) {
            try {
                guest.write(timeArea, VcpuInfo.time());
            } catch (GuestPointerFault f) {
                // The guest does without, as under Xen.
                return;
            }
        }
    }

    private void wake() {
        cpu.halted = false;
        pollOver = false;
        runstate.running();
        writeTime();
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
        mode.enter(eventCallback.selector, eventCallback.address, true, KernelMode.NO_ERROR_CODE);
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
            code = kernel() ? code & ~ERROR_USER : code | ERROR_USER;
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
        mode.enter(traps.selector(vector), handler, traps.masksEvents(vector), errorCode);
    }

    private long syscall(long next) {
        mode.systemCall(next);
        checkUpcall();
        return 0;
    }

    private long sysenter() {
        if (sysenter.address == 0 || kernel()) {
            throw cpu.raise(VECTOR_GP, 0);
        }
        counters.systemCalls++;
        mode.enterFromSysenter(sysenter);
        checkUpcall();
        return 0;
    }

    private long softwareInterrupt(int kind, int vector, long next) {
        boolean checked = kind == 0;
        if (checked && mode.isHypercall(vector)) {
            s[RIP] = next;
            domain.hypercalls.enter(this);
            checkUpcall();
            return 0;
        }
        if (kind == 2 && vector == 0) {
            s[RIP] = next;
            return 0;
        }
        if (checked && !traps.permits(vector, kernel())) {
            throw cpu.raise(VECTOR_GP, vector << 3 | ERROR_IDT);
        }
        counters.softwareInterrupts++;
        s[RIP] = next;
        trap(kind == 3 ? VECTOR_DB : vector, KernelMode.NO_ERROR_CODE);
        checkUpcall();
        return 0;
    }

    /** The hypercall iret: goes on as the frame at the stack pointer says. @return what RAX is to hold */
    long iret() {
        return mode.iret();
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
        return mode.setSegmentBase(which, base);
    }

    @Override
    public long refusedStore(long va) {
        if (!kernel() || !domain.abi.guestMayUse(va)) {
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
