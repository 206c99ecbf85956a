package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.CPL;
import static org.gearshift.translator.x86.X86State.CR0;
import static org.gearshift.translator.x86.X86State.CS;
import static org.gearshift.translator.x86.X86State.DS;
import static org.gearshift.translator.x86.X86State.EFLAGS_SYS;
import static org.gearshift.translator.x86.X86State.ES;
import static org.gearshift.translator.x86.X86State.FS;
import static org.gearshift.translator.x86.X86State.GS;
import static org.gearshift.translator.x86.X86State.INT_SHADOW;
import static org.gearshift.translator.x86.X86State.RDX;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.gearshift.translator.x86.X86State.SEG_ATTR;
import static org.gearshift.translator.x86.X86State.SEG_READ_LIMIT;
import static org.gearshift.translator.x86.X86State.SS;

import java.io.DataInput;
import java.lang.invoke.VarHandle;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import org.gearshift.ir.ArrayRam;
import org.gearshift.ir.FlatMap;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.GuestFault;
import org.gearshift.ir.NativeRam;
import org.gearshift.ir.Ram;
import org.gearshift.paging.CodePages;
import org.gearshift.paging.GuestRam;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;

/**
 * One x86 processor of a machine: state, slow paths, and the services translated code calls. The loop that runs code owns an
 * instance and drives it from one thread: it looks up code by {@link #mode} and the pc slot, runs it, and answers what comes back with
 * {@link #deliverFault}, {@link #deliverInterrupt} and the {@link #exit} field.
 */
public final class VCpu extends GuestContext {
    private static final int SAVE_VERSION = 3;
    private static final long LOW_32 = 0xffffffffL;
    private static final long REAL_LIMIT = 0xffff;
    private static final int REAL_DATA = 0x93;
    private static final int FLAT_CODE = 0xc09b;
    private static final int FLAT_CODE64 = 0xa09b;
    private static final int FLAT_DATA = 0xc093;
    private static final int DPL3 = 3 << 5;
    private static final int LDT = 2;
    private static final int RESET_LDT = 0x82;
    private static final int RESET_TSS = 0x8b;

    /** The outside world of a processor. */
    public record Environment(PhysicalMemory memory, CodePages code, ShadowMmu mmu, PortSpace ports, InterruptSource interrupts,
            TimeSource time, ApicMsrs apic, TaskPriority taskPriority, NumericErrorLine numericError, RandomNumbers random,
            CpuModel model) {
    }

    /** Why the run loop should look up; it sets this back to NONE when it has. */
    public CpuExit exit = CpuExit.NONE;
    /** Waiting for an interrupt: behind a HLT, or before an x87 instruction whose exception is reported by interrupt. */
    public boolean halted;
    /** An NMI is being handled: another waits until IRET. */
    public boolean nmiBlocked;
    /** An NMI waits to be taken. */
    private volatile boolean nmiPending;
    private final boolean shared;
    private int number;
    private int processors = 1;
    private StandStill standStill = BooleanSupplier::getAsBoolean;

    final CpuModel model;
    final PhysicalMemory physical;
    final ShadowMmu mmu;
    final TimeSource time;
    final ApicMsrs apic;
    final TaskPriority taskPriority;
    final StackFrame frame;
    final StackReader stack;
    final StackSwitch inner;
    final MemoryAccess memory;
    final DebugRegisters debug;
    final SegmentLoads segments;
    final TaskSwitch tasks;
    final LongModeGates gates;
    final FarTransfers far;
    final InterruptDelivery interrupts;
    final ControlRegisters control;
    private final Msrs msrs;
    private final RandomNumbers random;
    private final InterruptSource interruptSource;
    private final ServiceTable services = new ServiceTable();
    /** Null on a machine whose system architecture is the processor's own. */
    Paravirtualization paravirtual;
    /** Null unless a debugger watches. */
    CpuObserver observer;
    /** Stands in for the page maps while data breakpoints must see every access. */
    private int[] emptyMap;
    private long[] emptyWideMap;
    private long mode;
    /** {@link X86Mode#SECOND_MAPS} or 0. */
    private long mapsInUse;
    /** Significant bits of addresses that code computes: all in 64-bit code, else the lower 32. */
    private long addressMask = LOW_32;

    /** A processor in its power-on state. */
    public VCpu(Environment env) {
        super(X86State.LAYOUT);
        model = env.model();
        physical = env.memory();
        mmu = env.mmu();
        shared = physical.isShared();
        time = env.time();
        apic = env.apic();
        taskPriority = env.taskPriority();
        interruptSource = env.interrupts();
        useRam(translatedRam(physical.ram()));
        wideShift = mmu.wideShift();
        frame = new StackFrame(this);
        stack = new StackReader(this);
        inner = new StackSwitch(this);
        memory = new MemoryAccess(this, physical, mmu);
        debug = new DebugRegisters(this);
        segments = new SegmentLoads(this);
        tasks = new TaskSwitch(this);
        gates = new LongModeGates(this);
        far = new FarTransfers(this);
        interrupts = new InterruptDelivery(this);
        control = new ControlRegisters(this);
        msrs = new Msrs(this);
        random = env.random();
        debug.register(services);
        segments.register(services);
        far.register(services);
        new InterruptReturn(this).register(services);
        new FastSystemCalls(this).register(services);
        new SegmentBases(this).register(services);
        interrupts.register(services);
        control.register(services);
        msrs.register(services);
        new PortIo(this, env.ports()).register(services);
        new Cpuid(this).register(services);
        new ExtendedControl(this).register(services);
        random.register(services);
        new SystemInstructions(this, env.numericError()).register(services);
        services.requireComplete();
        reset();
    }

    /** A machine's RAM as translated code sees it. */
    public static Ram translatedRam(GuestRam ram) {
        return ram.isArray() ? new ArrayRam(ram.bytes()) : NativeRam.at(ram.outside().address(), ram.end(), ram.outside());
    }

    /** Power-on state: real mode at F000:FFF0 (SDM vol. 3A table 9-1). */
    public void reset() {
        msrs.reset();
        powerOnState();
        control.apply();
    }

    private void powerOnState() {
        Arrays.fill(s, 0);
        s[X86State.DF] = 1;
        Eflags.set(s, 0, Eflags.ALL);
        s[CR0] = ControlRegisters.CR0_CD | ControlRegisters.CR0_NW | ControlRegisters.CR0_ET;
        for (int seg = ES; seg <= GS; seg++) {
            segments.set(seg, 0, 0, REAL_LIMIT, REAL_DATA);
        }
        segments.set(CS, 0xf000, 0xffff0000L, REAL_LIMIT, REAL_DATA);
        s[RIP] = 0xfff0;
        s[RDX] = model.signature();
        s[X86State.GDTR_LIMIT] = REAL_LIMIT;
        s[X86State.IDTR_LIMIT] = REAL_LIMIT;
        segments.setLdt(0, 0, REAL_LIMIT, RESET_LDT);
        s[X86State.TR + 2] = REAL_LIMIT;
        s[X86State.TR + 3] = RESET_TSS;
        s[X86State.XCR0] = 1;
        s[X86State.X87_CONTROL] = 0x40;
        s[X86State.MXCSR] = 0x1f80;
        debug.reset();
        exit = CpuExit.NONE;
        halted = false;
        nmiBlocked = false;
        nmiPending = false;
        exact = false;
    }

    /** The INIT signal: as after {@link #reset}, but for what SDM vol. 3A table 9-1 says it leaves alone: x87, SSE and AVX state, XCR0, model-specific registers, caching. */
    public void init() {
        long[] before = s.clone();
        long caching = s[CR0] & (ControlRegisters.CR0_CD | ControlRegisters.CR0_NW);
        powerOnState();
        System.arraycopy(before, X86State.X87_MANTISSA, s, X86State.X87_MANTISSA, X86State.RESULT_HIGH - X86State.X87_MANTISSA);
        s[X86State.XCR0] = before[X86State.XCR0];
        System.arraycopy(before, X86State.SYSENTER_CS, s, X86State.SYSENTER_CS, X86State.X87_MANTISSA - X86State.SYSENTER_CS);
        s[CR0] = s[CR0] & ~(ControlRegisters.CR0_CD | ControlRegisters.CR0_NW) | caching;
        control.apply();
    }

    /** The start-up message (SDM vol. 3A, 11.6.1): real mode at {@code vector << 12}. */
    public void startUp(int vector) {
        segments.set(CS, vector << 8, (long) vector << 12, REAL_LIMIT, REAL_DATA);
        s[RIP] = 0;
        refreshMode();
    }

    /**
     * The state boot loaders hand over in: 32-bit protected mode, flat segments, paging and interrupts off.
     *
     * @param eip entry point
     * @param codeSelector selector shown in CS
     * @param dataSelector selector shown in the others
     */
    public void enterFlatProtectedMode(long eip, int codeSelector, int dataSelector) {
        s[CR0] = ControlRegisters.CR0_PE | ControlRegisters.CR0_ET;
        Eflags.set(s, 0, Eflags.ALL);
        s[CPL] = 0;
        for (int seg = ES; seg <= GS; seg++) {
            segments.set(seg, dataSelector, 0, 0xffffffffL, FLAT_DATA);
        }
        segments.set(CS, codeSelector, 0, 0xffffffffL, FLAT_CODE);
        s[RIP] = eip & 0xffffffffL;
        control.apply();
    }

    /**
     * The same state in 64-bit mode.
     *
     * @param pageTables physical address of the page-map level 4
     */
    public void enterFlatLongMode(long rip, int codeSelector, int dataSelector, long pageTables) {
        enterFlatProtectedMode(rip, codeSelector, dataSelector);
        s[X86State.CR4] |= ControlRegisters.CR4_PAE;
        s[X86State.CR3] = pageTables;
        s[X86State.EFER] |= ControlRegisters.EFER_LME | ControlRegisters.EFER_LMA;
        s[CR0] |= ControlRegisters.CR0_PG;
        segments.set(CS, codeSelector, 0, LOW_32, FLAT_CODE64);
        s[RIP] = rip;
        control.apply();
    }

    /** Starts at {@code cs:ip} in real mode, with the other segments as given: how a boot sector or real-mode kernel is entered. */
    public void enterRealMode(int cs, int ip, int dataSegments) {
        for (int seg : new int[] {ES, SS, DS, FS, GS}) {
            segments.loadReal(seg, dataSegments);
        }
        segments.loadReal(CS, cs);
        s[RIP] = ip & 0xffff;
        refreshMode();
    }

    /** Puts a platform's system architecture in the place of the processor's own: once, before code runs. */
    public void paravirtualize(Paravirtualization platform) {
        paravirtual = platform;
        platform.services(services::get).forEach(services::replace);
    }

    /** Chooses between two sets of page maps, for a platform's kernel and its programs; the caller sets CR3 and calls {@link #refreshPaging}. */
    public void selectMaps(boolean second) {
        mmu.select(second);
        mapsInUse = second ? X86Mode.SECOND_MAPS : 0;
    }

    /** Goes on in 64-bit mode at CPL 3, with flat segments under the selectors given. Whoever calls it sets the pc slot. */
    public void enterFlatUser64(int codeSelector, int stackSelector) {
        setFlatUser64(codeSelector, stackSelector);
        refreshMode();
    }

    /** The same for callers that call {@link #refreshMode} behind all that they change. */
    public void setFlatUser64(int codeSelector, int stackSelector) {
        segments.set(CS, codeSelector, 0, LOW_32, FLAT_CODE64 | DPL3);
        segments.set(SS, stackSelector, 0, LOW_32, FLAT_DATA | DPL3);
        s[CPL] = 3;
    }

    /**
     * Loads CS and SS as a return from CPL 0 does: to the level that is the code selector's RPL, which is not 0. Data segments that code of that level may not use become null.
     *
     * @throws GuestFault the exception that the selectors or descriptors raise, with nothing changed
     */
    public void loadCodeAndStack(int codeSelector, int stackSelector) {
        int level = codeSelector & 3;
        long code = segments.descriptor(codeSelector, Vector.GP, 0);
        int attr = Descriptor.attributes(code);
        boolean right = Descriptor.isConforming(attr) ? Descriptor.dpl(attr) <= level : Descriptor.dpl(attr) == level;
        if (level == 0 || (codeSelector & ~3) == 0 || !Descriptor.isCode(attr) || !right) {
            raise(Vector.GP, codeSelector & 0xfffc);
        }
        segments.requirePresent(attr, codeSelector, Vector.NP, 0);
        long stackSegment = segments.checkedStack(stackSelector, level, Vector.GP, 0);
        code = segments.accessed(codeSelector, code);
        segments.setCode(codeSelector, level, code);
        segments.set(SS, stackSelector, stackSegment);
        segments.dropInnerSegments();
        refreshMode();
    }

    /** Lets LDTR describe a table of so many descriptors at a linear address; none: a null LDTR. */
    public void setLocalDescriptorTable(long base, long entries) {
        if (entries == 0) {
            segments.setLdt(0, 0, 0, 0);
        } else {
            segments.setLdt(8, base, entries * 8 - 1, Descriptor.PRESENT | LDT);
        }
    }

    /** Loads DS, ES, FS or GS. @throws GuestFault as the instruction would raise it */
    public void loadDataSegment(int segment, int selector) {
        service(X86Service.LOAD_SEGMENT, segment, selector, 0);
    }

    /**
     * Says which of how many processors of one package this is; CPUID tells.
     *
     * @param index 0.., the initial APIC id too
     */
    public void place(int index, int count) {
        number = index;
        processors = count;
    }

    int number() {
        return number;
    }

    /** Processors in the package. */
    int processors() {
        return processors;
    }

    /** What the processor claims to be. */
    public CpuModel model() {
        return model;
    }

    /** {@link X86Mode} of the current state, cached. */
    public long mode() {
        return mode;
    }

    /**
     * Makes the cached mode and the page maps follow the state. Services do this themselves; whoever changes CPL, segments, EFLAGS or
     * control registers from outside calls it afterwards.
     */
    public void refreshMode() {
        long before = mode;
        mode = X86Mode.of(s) | mapsInUse | (debug.watchesData() ? X86Mode.EMPTY_MAPS : 0);
        if (observer != null && mode != before) {
            observer.modeChanged(before, mode);
        }
        // At CPL 3 only the processor itself makes supervisor accesses; those AC does not lift.
        mmu.setSmapOverride((s[EFLAGS_SYS] & Eflags.AC) != 0 && !user());
        if (debug.watchesData()) {
            if (emptyMap == null) {
                emptyMap = FlatMap.empty();
            }
            readMap = emptyMap;
            writeMap = emptyMap;
            if (longMode() && emptyWideMap == null) {
                emptyWideMap = mmu.emptyWideMap();
            }
            wideReadMap = emptyWideMap;
            wideWriteMap = emptyWideMap;
        } else {
            boolean user = user();
            readMap = mmu.readMap(user);
            writeMap = mmu.writeMap(user);
            wideReadMap = mmu.wideReadMap(user);
            wideWriteMap = mmu.wideWriteMap(user);
        }
        addressMask = code64() ? -1 : LOW_32;
    }

    /** Lets a debugger watch, or, with null, nobody. */
    public void observe(CpuObserver by) {
        observer = by;
    }

    /** Whether it runs a kernel that knows that it runs on a monitor. */
    public boolean inParavirtualKernel() {
        return paravirtual != null && paravirtual.kernel();
    }

    /** Puts something before a service, or in its place: for debuggers. @param with gets what answers the service now, and gives what is to */
    public void interpose(X86Service service, UnaryOperator<SystemService> with) {
        services.replace(service, with.apply(services.get(service)));
    }

    /** Makes the MMU follow control registers changed from outside, then {@link #refreshMode}. */
    public void refreshPaging() {
        control.apply();
    }

    /** The same if nothing but CR3 has changed; where the maps in use have, too, {@link #refreshMode} is left to the caller. */
    public void refreshRoot() {
        control.applyRoot();
    }

    /** True if memory is accessed with user rights. */
    public boolean user() {
        return s[CPL] == 3;
    }

    boolean protectedMode() {
        return (s[CR0] & ControlRegisters.CR0_PE) != 0;
    }

    boolean paging() {
        return (s[CR0] & ControlRegisters.CR0_PG) != 0;
    }

    boolean v86() {
        return (s[EFLAGS_SYS] & Eflags.VM) != 0;
    }

    /** Protected mode proper: selectors name descriptors. */
    boolean segmented() {
        return protectedMode() && !v86();
    }

    /** IA-32e mode, in 64-bit or in compatibility-mode code. */
    boolean longMode() {
        return (s[X86State.EFER] & ControlRegisters.EFER_LMA) != 0;
    }

    /** 64-bit mode. */
    boolean code64() {
        return longMode() && (s[SEG_ATTR + CS] & Descriptor.LONG) != 0;
    }

    /** Significant bits of addresses that code computes. */
    long addressMask() {
        return addressMask;
    }

    /** Significant bits of the addresses of descriptor tables and task state. */
    long systemMask() {
        return longMode() ? -1 : LOW_32;
    }

    /** Writes a general register's low 32 bits as the instruction set does: 64-bit code clears the rest. */
    public void put32(int slot, int value) {
        s[slot] = code64() ? value & LOW_32 : value;
    }

    /** The stack pointer, zero-extended. */
    public long stackPointer() {
        return s[X86State.RSP] & addressMask;
    }

    /** #GP(0) unless an address that the processor is to keep is canonical; every 32-bit one is. */
    void requireCanonical(long address) {
        if (!ShadowMmu.canonical(address)) {
            raise(Vector.GP, 0);
        }
    }

    /**
     * Before CS is loaded with other attributes: outside 64-bit code general registers have 32 bits, which slots hold sign-extended; what comes back
     * from there to 64-bit code is zero-extended.
     */
    void codeChanges(int attr) {
        boolean to64 = longMode() && (attr & Descriptor.LONG) != 0;
        if (to64 != code64()) {
            for (int i = X86State.GPR; i < X86State.GPR + 8; i++) {
                s[i] = to64 ? s[i] & LOW_32 : (int) s[i];
            }
        }
    }

    /** Mask of the stack pointer's width. */
    long stackMask() {
        if (code64()) {
            return -1;
        }
        return (s[SEG_ATTR + SS] & Descriptor.BIG) != 0 ? 0xffffffffL : 0xffffL;
    }

    /** Whether other processors work on the same memory. */
    boolean isShared() {
        return shared;
    }

    void requireCpl0() {
        if (s[CPL] != 0 && (paravirtual == null || !paravirtual.kernel())) {
            raise(Vector.GP, 0);
        }
    }

    /** #UD in real and virtual-8086 mode. */
    void requireSegmented() {
        if (!segmented()) {
            raise(Vector.UD, -1);
        }
    }

    /** Checks {@code bytes} bytes at {@code offset} (zero-extended) of a segment; 64-bit code has no limits. */
    void checkSegment(int seg, long offset, int bytes, boolean write) {
        if (code64()) {
            return;
        }
        int slot = write ? X86State.SEG_WRITE_LIMIT : SEG_READ_LIMIT;
        if (offset + bytes - 1 > s[slot + seg]) {
            segments.check(seg, offset, bytes, write);
        }
    }

    /** The physical address that data at a linear one has, whoever may read it, or -1: found without any effect on the guest. For those who look on. */
    public long physicalAddress(long linear) {
        long p = mmu.probe(linear, ShadowMmu.READ, false);
        return p >= 0 ? p : mmu.probe(linear, ShadowMmu.READ, true);
    }

    @Override
    public long loadSlow(long va, int bits, boolean rmw) {
        return memory.guestLoad(va & addressMask, bits, rmw);
    }

    @Override
    public void storeSlow(long va, long value, int bits) {
        memory.guestStore(va & addressMask, value, bits);
    }

    @Override
    public boolean compareAndSwapSlow(long va, long expected, long value, int bits) {
        return memory.guestSwap(va & addressMask, expected, value, bits);
    }

    @Override
    public boolean compareAndSwapPair(long va, long expectedLow, long expectedHigh, long low, long high) {
        return memory.guestSwapPair(va & addressMask, expectedLow, expectedHigh, low, high);
    }

    /** Sets how to do something while no other processor of the machine runs. */
    public void onStandStill(StandStill how) {
        standStill = how;
    }

    /** Does something while no other processor of the machine runs; only in exact mode. */
    boolean alone(BooleanSupplier action) {
        return standStill.run(action);
    }

    @Override
    public void segmentCheckSlow(int segment, long offset, int bytes, boolean write) {
        segments.check(segment, offset, bytes, write);
    }

    @Override
    public long vmcall(int number, long a, long b, long c) {
        if (shared) {
            // Many services are serializing instructions, and few come often.
            VarHandle.fullFence();
        }
        try {
            return services.call(number, a, b, c);
        } catch (GuestFault f) {
            if (!tasks.faultedEntering()) {
                throw f;
            }
            deliverFault();
            return 0;
        }
    }

    /** Calls a service by name: for tests and tools. */
    public long service(X86Service service, long a, long b, long c) {
        return services.call(service.ordinal(), a, b, c);
    }

    /** The whole EFLAGS register. */
    public int eflags() {
        return Eflags.get(s);
    }

    /** Replaces the flags in {@code mask}; call {@link #refreshMode} if VM or AC may have changed. */
    public void setEflags(int value, int mask) {
        Eflags.set(s, value, mask);
    }

    /** Delivers the exception in {@link #fault} at the instruction the pc slot names. */
    public void deliverFault() {
        int vector = memory.stackFaultInstead(fault.vector);
        delivering(CpuObserver.Delivery.EXCEPTION, vector, fault.errorCode);
        debug.exceptionTaken(vector);
        interrupts.deliver(vector, fault.errorCode, true, true);
    }

    /** Delivers the page fault of an instruction fetch at linear address {@code va}, with the error code {@link ShadowMmu#faultErrorCode} gave. */
    public void deliverFetchFault(long va, int errorCode) {
        s[X86State.CR2] = va;
        delivering(CpuObserver.Delivery.EXCEPTION, Vector.PF, errorCode);
        debug.exceptionTaken(Vector.PF);
        interrupts.deliver(Vector.PF, errorCode, true, true);
    }

    /** #GP(0): the pc slot lies beyond the limit of CS, or is not canonical. */
    public void deliverFetchLimitFault() {
        delivering(CpuObserver.Delivery.EXCEPTION, Vector.GP, 0);
        debug.exceptionTaken(Vector.GP);
        interrupts.deliver(Vector.GP, 0, true, true);
    }

    /** Delivers an external interrupt; ends HLT. */
    public void deliverInterrupt(int vector) {
        halted = false;
        delivering(CpuObserver.Delivery.INTERRUPT, vector, -1);
        debug.exceptionTaken(-1);
        interrupts.deliver(vector, -1, false, false);
    }

    private void delivering(CpuObserver.Delivery kind, int vector, int errorCode) {
        if (observer != null) {
            observer.delivering(kind, vector, errorCode);
        }
    }

    /** The NMI signal: one is remembered until it can be taken. */
    public void requestNmi() {
        nmiPending = true;
    }

    /** Whether a non-maskable interrupt waits, be it blocked or not. */
    public boolean nmiPending() {
        return nmiPending;
    }

    /** Whether a non-maskable interrupt would be taken before the next instruction. */
    public boolean takesNmi() {
        return nmiPending && !nmiBlocked && s[INT_SHADOW] == 0;
    }

    /** Delivers the waiting non-maskable interrupt, which {@link #takesNmi} has allowed; ends HLT. */
    public void deliverNmi() {
        halted = false;
        nmiPending = false;
        nmiBlocked = true;
        delivering(CpuObserver.Delivery.NMI, Vector.NMI, -1);
        debug.exceptionTaken(-1);
        interrupts.deliver(Vector.NMI, -1, false, false);
    }

    /** Whether an external interrupt would be taken before the next instruction. */
    public boolean interruptible() {
        return (s[EFLAGS_SYS] & Eflags.IF) != 0 && s[INT_SHADOW] == 0;
    }

    /** Takes a pending external interrupt if there is one and the processor is interruptible; true if it did. */
    public boolean pollInterrupt() {
        if (!interruptible() || !interruptSource.pending()) {
            return false;
        }
        deliverInterrupt(interruptSource.acknowledge());
        return true;
    }

    /** Whether instructions must be run one by one between {@link #beforeInstruction} and {@link #afterInstruction}: TF or breakpoints. */
    public boolean needsSingleStep() {
        return debug.needsSingleStep();
    }

    /** Single-step mode, before each instruction: false if a debug exception was delivered instead, so that the loop starts over. */
    public boolean beforeInstruction() {
        return debug.before();
    }

    /** Single-step mode, after each instruction that did not fault: delivers single-step and data-breakpoint traps. */
    public void afterInstruction() {
        debug.after();
    }

    /** Reads the time-stamp counter as the guest would. */
    public long tsc() {
        return msrs.tsc();
    }

    /** Writes everything guest-visible; the counterpart of {@link #restore}. Code must not be running. */
    public void save(DataOutput out) throws IOException {
        out.writeInt(SAVE_VERSION);
        out.writeInt(s.length);
        for (long slot : s) {
            out.writeLong(slot);
        }
        out.writeBoolean(halted);
        out.writeBoolean(nmiBlocked);
        out.writeBoolean(nmiPending);
        out.writeInt(exit.ordinal());
        debug.save(out);
        msrs.save(out);
        random.save(out);
    }

    /**
     * Reads what {@link #save} wrote.
     *
     * @throws IOException if it was written by another version
     */
    public void restore(DataInput in) throws IOException {
        if (in.readInt() != SAVE_VERSION || in.readInt() != s.length) {
            throw new IOException("processor state of another version");
        }
        for (int i = 0; i < s.length; i++) {
            s[i] = in.readLong();
        }
        halted = in.readBoolean();
        nmiBlocked = in.readBoolean();
        nmiPending = in.readBoolean();
        exit = CpuExit.values()[in.readInt()];
        debug.restore(in);
        msrs.restore(in);
        random.restore(in);
        control.apply();
    }
}
