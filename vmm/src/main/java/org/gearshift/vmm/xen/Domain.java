package org.gearshift.vmm.xen;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.gearshift.paging.DeviceGate;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.PvKernel;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;
import org.gearshift.vmm.clock.WallClock;
import org.gearshift.vmm.cpu.CpuFeature;
import org.gearshift.vmm.cpu.CpuModel;
import org.gearshift.vmm.cpu.InterruptSource;
import org.gearshift.vmm.cpu.VCpu;
import org.gearshift.vmm.device.Device.CounterSink;
import org.gearshift.vmm.device.SerialBackend;
import org.gearshift.vmm.disk.DiskImage;
import org.gearshift.vmm.net.EthernetNetwork;

/**
 * A paravirtual domain: the hypervisor's side of it. Everything a guest can reach is checked where it enters, so that no request reaches outside the domain's own frames.
 *
 * <p>With several vCPUs on threads of their own, one at a time has the domain ({@link VirtualCpu#enter}); it is {@link #vcpu} then. Methods are for whoever has the
 * domain, but {@link #consoleInput} and {@link #requestShutdown} for all.
 */
public final class Domain {
    private static final Logger LOG = System.getLogger(Domain.class.getName());
    private static final byte[] HANDLE = {'g', 'e', 'a', 'r', 's', 'h', 'i', 'f', 't', 0, 0, 0, 0, 0, 0, 0};
    /** From a change to the look at it, of a gated domain. */
    private static final long LOOK_NANOS = 1000;
    private static final int HYPERCALL_STUB = 32;
    private static final int IRET = 23;

    /** Number of the domain, by which others name it; 0 is the monitor with its backends. */
    final int id;
    /** Those it may share event channels and grants with. */
    final DomainGroup group;
    final DomainMailbox mailbox;
    /** What it has mapped of others' frames. */
    final ForeignFrames foreign;
    final PhysicalMemory memory;
    final Abi abi = new Abi();
    final HypervisorSpace space;
    final FrameTable frames;
    final GuestPointer guest;
    final SharedInfo shared;
    final Descriptors descriptors;
    final PageTables tables;
    final Version version;
    private final VirtualCpu[] vcpus;
    /** The one that has the domain, or had it last. */
    VirtualCpu vcpu;
    final MmuOperations mmu;
    final MemoryOperations memoryOperations;
    final EventChannels events;
    final VcpuOperations vcpuOperations;
    final SchedOperations sched;
    final GrantTable grants;
    final Hypercalls hypercalls;
    final ConsoleRing console;
    final StoreRing store;
    final XenStore storeTree;
    private final GuestClock clock;
    private final EventQueue queue;
    private final DomainListener listener;
    private final Runnable wake;
    private final List<Runnable> backends = new ArrayList<>();
    private final List<DiskImage> disks = new ArrayList<>();
    private final List<Interface> interfaces = new ArrayList<>();
    private final List<NetBackend> networks = new ArrayList<>();
    private final Instant powerOn;
    /** When a gated domain looks for what backends have changed. */
    private final EventQueue.Event look;
    final int maximumPages;
    volatile boolean architecturalIopl;
    private volatile boolean ended;
    private volatile boolean shutdownRequested;
    private boolean entered;

    private record Interface(EthernetNetwork network, long mac) {
    }

    /**
     * What a domain has of the machine around it.
     *
     * @param vcpus how many it may have
     * @param group the domains beside it
     * @param name what their policy calls it
     * @param powerOn the date it begins with, if its clock is a virtual one; null: {@link WallClock#VIRTUAL_EPOCH}
     * @param gated whether {@link #poll} is called where something is let in, and nowhere else: what else there is to be looked for later, the domain arms an event for
     */
    public record Environment(PhysicalMemory memory, int vcpus, GuestClock clock, EventQueue events, DomainGroup group, String name, Instant powerOn, boolean gated) {
    }

    /**
     * A domain without a kernel or vCPUs: {@link #attach(int, VCpu, ShadowMmu, Runnable)} gives it the one, {@link #build} the other.
     *
     * @param environment its memory has {@link #machineBytes} for the frames it gets
     * @param pages frames it gets
     * @param terminal gets what the domain writes to its console
     * @param wake called from any thread when there is console input to take
     */
    public Domain(Environment environment, int pages, SerialBackend terminal, DomainListener listener, Runnable wake) {
        this.memory = environment.memory;
        this.clock = environment.clock;
        this.queue = environment.events;
        this.listener = listener;
        this.wake = wake;
        group = environment.group;
        id = group.number(environment.name);
        mailbox = new DomainMailbox(wake);
        foreign = new ForeignFrames(memory);
        vcpus = new VirtualCpu[environment.vcpus];
        powerOn = environment.powerOn == null ? WallClock.VIRTUAL_EPOCH : environment.powerOn;
        look = environment.gated ? queue.event(this::poll) : null;
        maximumPages = pages;
        space = new HypervisorSpace(memory, abi);
        frames = new FrameTable(memory.ram().frames(), space.firstDomainFrame() + GrantTable.FRAMES, f -> space.setM2p(f, HypervisorSpace.INVALID_M2P));
        guest = new GuestPointer(null, memory, abi);
        descriptors = new Descriptors(memory, abi);
        tables = new PageTables(frames, memory, new FourLevels(space), descriptors);
        shared = new SharedInfo(memory, HypervisorSpace.SHARED_INFO_FRAME, abi);
        frames.share(HypervisorSpace.SHARED_INFO_FRAME);
        for (int i = 0; i < GrantTable.FRAMES; i++) {
            frames.share(space.firstDomainFrame() + i);
        }
        byte[] handle = HANDLE.clone();
        handle[handle.length - 2] = (byte) (id >>> 8);
        handle[handle.length - 1] = (byte) id;
        version = new Version(guest, handle, abi);
        storeTree = new XenStore(group.store(), id, mailbox::post);
        mmu = new MmuOperations(this);
        memoryOperations = new MemoryOperations(this);
        events = new EventChannels(this);
        vcpuOperations = new VcpuOperations(this);
        sched = new SchedOperations(this, clock);
        grants = new GrantTable(this, space.firstDomainFrame());
        console = new ConsoleRing(memory, terminal, wake);
        store = new StoreRing(memory, storeTree, id, this::pollBackends, this::lookSoon);
        hypercalls = new Hypercalls(this);
    }

    /** The processor that a domain sees: one without what only a kernel at CPL 0 can use, and that says it is not alone. */
    public static CpuModel processor(CpuModel model) {
        EnumSet<CpuFeature> features = EnumSet.noneOf(CpuFeature.class);
        features.addAll(model.features());
        features.removeAll(EnumSet.of(CpuFeature.PSE, CpuFeature.PGE, CpuFeature.MCE, CpuFeature.APIC, CpuFeature.X2APIC, CpuFeature.TSC_DEADLINE, CpuFeature.PCID, CpuFeature.INVPCID, CpuFeature.SMEP, CpuFeature.SMAP, CpuFeature.UMIP,
                CpuFeature.FSGSBASE));
        features.add(CpuFeature.HYPERVISOR);
        return CpuModel.inOrder(features);
    }

    /** RAM that a machine needs for a domain of so many bytes, a multiple of 4096. */
    public static long machineBytes(long domainBytes) {
        return (long) HypervisorSpace.machineFrames((int) (domainBytes >>> 12) + GrantTable.FRAMES) << 12;
    }

    /** What drives a vCPU's interrupt pin: the event upcall. Valid once the vCPU has been attached. */
    public InterruptSource upcalls(int number) {
        return new InterruptSource() {
            @Override
            public boolean pending() {
                return vcpus[number].pending();
            }

            @Override
            public int acknowledge() {
                return vcpus[number].acknowledge();
            }
        };
    }

    /**
     * Takes a vCPU over; all, in their order, before {@link #build}.
     *
     * @param number 0, which the domain begins with, and on
     * @param stop makes the vCPU's run return soon
     */
    public void attach(int number, VCpu cpu, ShadowMmu cpuMmu, Runnable stop) {
        VirtualCpu v = new VirtualCpu(this, number, cpu, cpuMmu, clock, queue);
        v.onStop(stop);
        vcpus[number] = v;
        if (number == 0) {
            select(v);
        }
        cpu.paravirtualize(v);
    }

    /** Says that vCPUs run on threads of their own: how one keeps the others from the domain, and what wakes it when it sleeps. Before any runs. */
    public void share(int number, DeviceGate entrance, Runnable kick) {
        vcpus[number].share(entrance, kick);
    }

    /** Whether a vCPU has code to run; it begins then if it is to. On the thread that runs it. */
    public boolean ready(int number) {
        return vcpus[number].ready();
    }

    /** Whether a vCPU has been brought up, and not down since. Any thread. */
    public boolean isUp(int number) {
        return vcpus[number].isUp();
    }

    int vcpus() {
        return vcpus.length;
    }

    VirtualCpu vcpu(int number) {
        return vcpus[number];
    }

    /** A vCPU has the domain from now on. */
    void select(VirtualCpu v) {
        if (vcpu != v) {
            vcpu = v;
            guest.use(v.mmu);
        }
    }

    private void use32() {
        abi.use32();
        space.narrow();
        tables.reshape(new ThreeLevels(frames, memory, space));
        for (VirtualCpu v : vcpus) {
            v.use32();
        }
    }

    /** Puts a kernel and its RAM disk into the domain, and the vCPU at its entry. */
    public void build(PvKernel kernel, byte[] initrd, String commandLine) throws BootException {
        if (!kernel.is64Bit()) {
            use32();
        }
        WallClock wall = clock.isVirtual() ? WallClock.from(powerOn, clock) : WallClock.host();
        shared.setWallClock(wall.epochNanos() - clock.nanos());
        for (VirtualCpu v : vcpus) {
            v.info.setTime();
        }
        new DomainBuilder(this, kernel).build(initrd, commandLine);
        storeTree.describe(group.name(id), vcpus.length, maximumPages, console.frame(), console.port(), store.frame(), store.port());
        for (int i = 0; i < disks.size(); i++) {
            backends.add(new BlockBackend(this, disks.get(i), i)::poll);
        }
        for (int i = 0; i < interfaces.size(); i++) {
            NetBackend b = new NetBackend(this, interfaces.get(i).network, interfaces.get(i).mac, i, clock, queue);
            networks.add(b);
            backends.add(b::poll);
        }
        lookSoon();
    }

    /** A backend may have changed something that the domain is to be told of: whoever drives it looks at once, or, where the time counts, at a moment that is always the same. */
    private void lookSoon() {
        if (look != null && !look.isArmed()) {
            look.arm(clock.nanos() + LOOK_NANOS);
        }
    }

    /** A byte for the domain's console; any thread. */
    public void consoleInput(int b) {
        console.type((byte) b);
    }

    /** Asks the domain to shut down; any thread. */
    public void requestShutdown() {
        shutdownRequested = true;
        wake.run();
    }

    /** Takes over what other threads have brought. */
    public void poll() {
        mailbox.serve();
        console.poll();
        if (shutdownRequested) {
            shutdownRequested = false;
            storeTree.put("/local/domain/" + id + "/control/shutdown", "poweroff");
        }
        pollBackends();
        store.poll();
    }

    /** Adds a disk; before {@link #build}. The first is xvda. */
    public void attach(DiskImage disk) {
        disks.add(disk);
    }

    /** Adds a network interface; before {@link #build}. The first is eth0. @param mac its Ethernet address */
    public void attach(EthernetNetwork network, long mac) {
        interfaces.add(new Interface(network, mac));
    }

    /** Tells what has passed the network interfaces. */
    public void networkCounters(CounterSink sink) {
        networks.forEach(n -> n.counters(sink));
    }

    /** A run begins, on whatever threads: other domains find this one from the first one on. */
    public void runBegins() {
        if (!entered) {
            entered = true;
            group.enter(this);
        }
        mailbox.attend();
    }

    /** A run has ended. @param forGood whether there will be no other: what the domain shares with others is given back then */
    public void runEnded(boolean forGood) {
        mailbox.leave();
        if (forGood) {
            group.leave(this);
            mailbox.close();
            grants.giveBackAll();
            storeTree.close();
        }
    }

    private void pollBackends() {
        backends.forEach(Runnable::run);
    }

    void yieldToBackends() {
        poll();
    }

    boolean ended() {
        return ended;
    }

    /** What SCHEDOP_shutdown asks for. */
    void shutdown(int reason) {
        end(reason, reason == DomainListener.CRASH ? "the domain says that it has crashed" : null);
    }

    /** Ends a domain that has done what nothing can be made of. */
    void crash(String why) {
        LOG.log(Level.INFO, () -> "the domain crashed: " + why);
        end(DomainListener.CRASH, "the domain crashed: " + why);
    }

    private synchronized void end(int reason, String message) {
        if (!ended) {
            ended = true;
            listener.ended(reason, message);
        }
    }

    /** Highest pfn in use, roughly: what the domain was built with. */
    long highestPfn() {
        return maximumPages - 1;
    }

    /** Fills a page of the domain with the hypercalls' entry points, 32 bytes each; false if it is none that may be written. */
    boolean writeHypercallPage(long frame) {
        if (tables.getPageAndUse(frame, FrameTable.WRITABLE) != 0) {
            return false;
        }
        memory.copyIn(frame << 12, hypercallPage(abi), 0, 0x1000);
        tables.putPageAndUse((int) frame);
        return true;
    }

    /**
     * Entry points of the hypercalls as code: push rcx, r11; mov number to eax; syscall; pop; ret. That of iret pushes rax too and does not come back. In a 32-bit
     * domain: mov number to eax; int 0x82; ret, and for iret push eax; mov; int.
     */
    static byte[] hypercallPage(Abi abi) {
        byte[] page = new byte[0x1000];
        java.util.Arrays.fill(page, (byte) 0xcc);
        for (int n = 0; n < page.length / HYPERCALL_STUB; n++) {
            int[] code = abi.is32() ? stub32(n) : n == IRET ? new int[] {0x51, 0x41, 0x53, 0x50, 0xb8, n, 0, 0, 0, 0x0f, 0x05}
                    : new int[] {0x51, 0x41, 0x53, 0xb8, n, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3};
            for (int i = 0; i < code.length; i++) {
                page[n * HYPERCALL_STUB + i] = (byte) code[i];
            }
        }
        return page;
    }

    private static int[] stub32(int n) {
        return n == IRET ? new int[] {0x50, 0xb8, n, 0, 0, 0, 0xcd, 0x82} : new int[] {0xb8, n, 0, 0, 0, 0xcd, 0x82, 0xc3};
    }

    /** Hypercalls made so far, by name. */
    public Map<String, Long> hypercallCounts() {
        return hypercalls.counts();
    }

    /** What brought the domain into the hypervisor, by reason; each hypercall for itself. */
    public Map<String, Long> counters() {
        TrapCounters c = traps();
        Map<String, Long> all = new LinkedHashMap<>();
        hypercalls.counts().forEach((name, n) -> all.put("hypercall " + name, n));
        all.put("system call", c.systemCalls);
        all.put("software interrupt", c.softwareInterrupts);
        all.put("emulated instruction", c.emulated);
        all.put("checked table store", c.tableStores);
        all.values().removeIf(n -> n == 0);
        return all;
    }

    /** All vCPUs' together. */
    private TrapCounters traps() {
        TrapCounters sum = new TrapCounters();
        for (VirtualCpu v : vcpus) {
            sum.add(v.counters);
        }
        return sum;
    }

    /** One line of what else brought the domain into the hypervisor. */
    public String trapSummary() {
        TrapCounters c = traps();
        StringBuilder b = new StringBuilder();
        for (int v = 0; v < c.exceptions.length; v++) {
            if (c.exceptions[v] > 0) {
                b.append(String.format("exception %d: %,d, ", v, c.exceptions[v]));
            }
        }
        return b + String.format("system calls %,d, software interrupts %,d, events %,d, emulated instructions %,d, forced CPUID %,d, page-table stores %,d",
                c.systemCalls, c.softwareInterrupts, c.events, c.emulated, c.forcedCpuid, c.tableStores);
    }
}
