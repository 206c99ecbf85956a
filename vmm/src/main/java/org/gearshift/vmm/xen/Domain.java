package org.gearshift.vmm.xen;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
 * A paravirtual domain of one vCPU: the hypervisor's side of it. Everything a guest can reach is checked where it enters, so that no request reaches outside the domain's own frames.
 * All methods are for the vCPU's thread but {@link #consoleInput} and {@link #requestShutdown}.
 */
public final class Domain {
    private static final Logger LOG = System.getLogger(Domain.class.getName());
    /** Number of the domain; 0 is the monitor with its backends. */
    static final int ID = 1;
    private static final byte[] HANDLE = {'g', 'e', 'a', 'r', 's', 'h', 'i', 'f', 't', 0, 0, 0, 0, 0, 0, ID};
    private static final int HYPERCALL_STUB = 32;
    private static final int IRET = 23;

    final int id = ID;
    final PhysicalMemory memory;
    final ShadowMmu cpuMmu;
    final HypervisorSpace space;
    final FrameTable frames;
    final GuestPointer guest;
    final SharedInfo shared;
    final PageTables tables;
    final Runstate runstate;
    final Version version;
    VirtualCpu vcpu;
    MmuOperations mmu;
    MemoryOperations memoryOperations;
    EventChannels events;
    VcpuOperations vcpuOperations;
    SchedOperations sched;
    GrantTable grants;
    Hypercalls hypercalls;
    ConsoleRing console;
    StoreRing store;
    final XenStore storeTree;
    private final GuestClock clock;
    private final EventQueue queue;
    private final DomainListener listener;
    private final SerialBackend terminal;
    private final Runnable wake;
    private final List<Runnable> backends = new ArrayList<>();
    private final List<DiskImage> disks = new ArrayList<>();
    private final List<Interface> interfaces = new ArrayList<>();
    private final List<NetBackend> networks = new ArrayList<>();
    final int maximumPages;
    boolean architecturalIopl;
    private boolean ended;
    private volatile boolean shutdownRequested;

    private record Interface(EthernetNetwork network, long mac) {
    }

    /**
     * A domain without a kernel or a vCPU: {@link #attach} gives it the one, {@link #build} the other.
     *
     * @param pages frames the domain gets; {@code memory} has {@link #machineBytes} for them
     * @param terminal gets what the domain writes to its console
     * @param wake called from any thread when there is console input to take
     */
    public Domain(PhysicalMemory memory, ShadowMmu mmu, int pages, GuestClock clock, EventQueue queue, SerialBackend terminal, DomainListener listener,
            Runnable wake) {
        this.memory = memory;
        this.cpuMmu = mmu;
        this.clock = clock;
        this.queue = queue;
        this.listener = listener;
        this.terminal = terminal;
        this.wake = wake;
        maximumPages = pages;
        space = new HypervisorSpace(memory);
        frames = new FrameTable(memory.ram().frames(), space.firstDomainFrame() + GrantTable.FRAMES, f -> space.setM2p(f, HypervisorSpace.INVALID_M2P));
        guest = new GuestPointer(mmu, memory);
        tables = new PageTables(frames, memory, space, new Descriptors(memory));
        shared = new SharedInfo(memory, HypervisorSpace.SHARED_INFO_FRAME);
        frames.share(HypervisorSpace.SHARED_INFO_FRAME);
        for (int i = 0; i < GrantTable.FRAMES; i++) {
            frames.share(space.firstDomainFrame() + i);
        }
        runstate = new Runstate(clock, guest);
        version = new Version(guest, HANDLE);
        storeTree = new XenStore();
    }

    /** The processor that a domain sees: one without what only a kernel at CPL 0 can use, and that says it is not alone. */
    public static CpuModel processor(CpuModel model) {
        EnumSet<CpuFeature> features = EnumSet.noneOf(CpuFeature.class);
        features.addAll(model.features());
        features.removeAll(EnumSet.of(CpuFeature.PSE, CpuFeature.PGE, CpuFeature.MCE, CpuFeature.APIC, CpuFeature.SMEP, CpuFeature.SMAP, CpuFeature.UMIP,
                CpuFeature.FSGSBASE));
        features.add(CpuFeature.HYPERVISOR);
        return CpuModel.inOrder(features);
    }

    /** RAM that a machine needs for a domain of so many bytes, a multiple of 4096. */
    public static long machineBytes(long domainBytes) {
        return (long) HypervisorSpace.machineFrames((int) (domainBytes >>> 12) + GrantTable.FRAMES) << 12;
    }

    /** What drives the vCPU's interrupt pin: the event upcall. Valid once {@link #attach} has been called. */
    public InterruptSource upcalls() {
        return new InterruptSource() {
            @Override
            public boolean pending() {
                return vcpu.pending();
            }

            @Override
            public int acknowledge() {
                return vcpu.acknowledge();
            }
        };
    }

    /** Takes the vCPU over. */
    public void attach(VCpu cpu) {
        vcpu = new VirtualCpu(this, cpu);
        mmu = new MmuOperations(this);
        memoryOperations = new MemoryOperations(this);
        events = new EventChannels(shared, vcpu, guest, queue, ID);
        vcpuOperations = new VcpuOperations(this, clock, queue);
        sched = new SchedOperations(this, clock);
        grants = new GrantTable(this, space.firstDomainFrame());
        console = new ConsoleRing(memory, terminal, wake);
        store = new StoreRing(memory, storeTree, ID, this::pollBackends);
        hypercalls = new Hypercalls(this);
        cpu.paravirtualize(vcpu);
    }

    /** Puts a kernel and its RAM disk into the domain, and the vCPU at its entry. */
    public void build(PvKernel kernel, byte[] initrd, String commandLine) throws BootException {
        WallClock wall = clock.isVirtual() ? WallClock.from(WallClock.VIRTUAL_EPOCH, clock) : WallClock.host();
        shared.setWallClock(wall.epochNanos() - clock.nanos());
        shared.setTime();
        new DomainBuilder(this, kernel).build(initrd, commandLine);
        storeTree.describe(ID, maximumPages, console.frame(), console.port(), store.frame(), store.port());
        for (int i = 0; i < disks.size(); i++) {
            backends.add(new BlockBackend(this, disks.get(i), i)::poll);
        }
        for (int i = 0; i < interfaces.size(); i++) {
            NetBackend b = new NetBackend(this, interfaces.get(i).network, interfaces.get(i).mac, i, clock, queue);
            networks.add(b);
            backends.add(b::poll);
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
        console.poll();
        if (shutdownRequested) {
            shutdownRequested = false;
            storeTree.put("/local/domain/" + ID + "/control/shutdown", "poweroff");
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

    private void end(int reason, String message) {
        if (!ended) {
            ended = true;
            vcpu.cpu.halted = true;
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
        memory.copyIn(frame << 12, hypercallPage(), 0, 0x1000);
        tables.putPageAndUse((int) frame);
        return true;
    }

    /** Entry points of the hypercalls as code: push rcx, r11; mov number to eax; syscall; pop; ret. That of iret pushes rax too and does not come back. */
    static byte[] hypercallPage() {
        byte[] page = new byte[0x1000];
        java.util.Arrays.fill(page, (byte) 0xcc);
        for (int n = 0; n < page.length / HYPERCALL_STUB; n++) {
            int[] code = n == IRET ? new int[] {0x51, 0x41, 0x53, 0x50, 0xb8, n, 0, 0, 0, 0x0f, 0x05}
                    : new int[] {0x51, 0x41, 0x53, 0xb8, n, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3};
            for (int i = 0; i < code.length; i++) {
                page[n * HYPERCALL_STUB + i] = (byte) code[i];
            }
        }
        return page;
    }

    /** Hypercalls made so far, by name. */
    public Map<String, Long> hypercallCounts() {
        return hypercalls.counts();
    }

    /** What brought the domain into the hypervisor, by reason; each hypercall for itself. */
    public Map<String, Long> counters() {
        TrapCounters c = vcpu.counters;
        Map<String, Long> all = new LinkedHashMap<>();
        hypercalls.counts().forEach((name, n) -> all.put("hypercall " + name, n));
        all.put("system call", c.systemCalls);
        all.put("software interrupt", c.softwareInterrupts);
        all.put("emulated instruction", c.emulated);
        all.put("checked table store", c.tableStores);
        all.values().removeIf(n -> n == 0);
        return all;
    }

    /** One line of what else brought the domain into the hypervisor. */
    public String trapSummary() {
        TrapCounters c = vcpu.counters;
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
