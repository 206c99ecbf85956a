package org.gearshift.vmm;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import org.gearshift.paging.CodePages;
import org.gearshift.paging.GuestRam;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.boot.PvKernel;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;
import org.gearshift.vmm.clock.HostClock;
import org.gearshift.vmm.clock.HostWork;
import org.gearshift.vmm.clock.VirtualClock;
import org.gearshift.vmm.cpu.ApicBaseMsr;
import org.gearshift.vmm.cpu.CpuModel;
import org.gearshift.vmm.cpu.NumericErrorLine;
import org.gearshift.vmm.cpu.InterruptSource;
import org.gearshift.vmm.cpu.PortSpace;
import org.gearshift.vmm.cpu.RandomNumbers;
import org.gearshift.vmm.cpu.TaskPriority;
import org.gearshift.vmm.cpu.VCpu;
import org.gearshift.vmm.debug.DebuggedCpu;
import org.gearshift.vmm.debug.Debugger;
import org.gearshift.vmm.device.SerialBackend;
import org.gearshift.vmm.disk.DiskImage;
import org.gearshift.vmm.engine.Engine;
import org.gearshift.vmm.engine.StopReason;
import org.gearshift.vmm.net.Timers;
import org.gearshift.vmm.net.UserNetwork;
import org.gearshift.vmm.net.UserNetworkOptions;
import org.gearshift.vmm.sched.Share;
import org.gearshift.vmm.xen.Domain;
import org.gearshift.vmm.xen.DomainListener;

/** A virtual machine in the paravirtual gear: a Xen domain, with no devices but those it shares with the monitor. */
public final class XenVm implements Machine {
    private final GuestRam ram;
    private final ShadowMmu mmu;
    private final VCpu cpu;
    private final GuestClock clock;
    private final EventQueue events = new EventQueue();
    private final MachineTimer timer;
    private final Engine engine;
    private final Domain domain;
    private final HostWork hostWork;
    private volatile VmOutcome requested;
    private final PhysicalMemory memory;
    private volatile boolean quit;
    private Debugger debugger;

    /**
     * Builds the machine, with no kernel.
     *
     * @param model what the processor can do; what is not for a domain is left out
     * @param console where bytes go that the guest writes to its console
     */
    public XenVm(VmConfig config, CpuModel model, SerialBackend console) {
        ram = new GuestRam(Domain.machineBytes(config.ramBytes()));
        memory = new PhysicalMemory(ram);
        CodePages codePages = new CodePages(memory);
        mmu = new ShadowMmu(memory, codePages);
        clock = config.clock() == VmConfig.Clock.VIRTUAL ? new VirtualClock(this::retired) : new HostClock();
        timer = new MachineTimer(clock, events, this::poll);
        hostWork = new HostWork(timer::wake);
        timer.expect(hostWork::isExpected);
        domain = new Domain(memory, mmu, (int) (config.ramBytes() >>> 12), clock, events, console, this::ended, timer::wake);
        InterruptSource upcalls = domain.upcalls();
        cpu = new VCpu(new VCpu.Environment(memory, codePages, mmu, new NoPorts(), upcalls, clock::nanos, ApicBaseMsr.NONE, TaskPriority.NONE,
                NumericErrorLine.NONE, clock.isVirtual() ? RandomNumbers.seeded(0) : RandomNumbers.secure(), Domain.processor(model)));
        domain.attach(cpu);
        engine = new Engine(cpu, mmu, memory, codePages, upcalls, timer, config.engine());
        codePages.setListener(engine::codeWritten);
    }

    /** A domain's port instructions never get as far as to ports. */
    private static final class NoPorts implements PortSpace {
        @Override
        public int in(int port, int bits) {
            return -1;
        }

        @Override
        public void out(int port, int value, int bits) {
            // Nothing is there.
        }
    }

    private void ended(int reason, String message) {
        requested = switch (reason) {
            case DomainListener.POWER_OFF -> new VmOutcome(VmOutcome.POWER_OFF, null);
            case DomainListener.REBOOT -> new VmOutcome(VmOutcome.RESET, "the guest asked for a reset");
            case DomainListener.CRASH -> new VmOutcome(VmOutcome.TRIPLE_FAULT, message);
            default -> new VmOutcome(VmOutcome.DEAD, "the domain ended itself with reason " + reason);
        };
        engine.requestStop();
    }

    private long retired() {
        return engine == null ? 0 : engine.retired();
    }

    private void poll() {
        hostWork.run();
        domain.poll();
        if (debugger != null && debugger.wantsStop()) {
            engine.requestStop();
        }
        if (quit) {
            requested = new VmOutcome(VmOutcome.POWER_OFF, "stopped by the user");
            engine.requestStop();
        }
    }

    /** Adds a disk, before {@link #load}: the first is xvda. The caller closes it. */
    public void attach(DiskImage disk) {
        domain.attach(disk);
    }

    /**
     * Adds a network interface on a network of its own, before {@link #load}: the first is eth0.
     *
     * @param mac the interface's Ethernet address
     * @return the network, to be closed when the machine is not needed any more
     * @throws IOException if a port cannot be forwarded; the message names it
     */
    public UserNetwork connect(UserNetworkOptions options, long mac) throws IOException {
        UserNetwork network = new UserNetwork(options, Timers.of(clock, events), hostWork::post);
        domain.attach(network, mac);
        timer.pace(network::waitsForOutside);
        return network;
    }

    /** Builds the domain: kernel, RAM disk and command line. */
    public void load(KernelImage kernel, byte[] initrd, String commandLine) throws BootException {
        domain.build(PvKernel.of(kernel), initrd, commandLine);
    }

    @Override
    public VmOutcome run(long maxInstructions) {
        requested = null;
        timer.begin();
        try {
            return runFor(maxInstructions);
        } finally {
            timer.end();
        }
    }

    private VmOutcome runFor(long maxInstructions) {
        if (debugger == null) {
            return outcome(engine.run(maxInstructions));
        }
        debugger.begin();
        VmOutcome outcome = outcome(debugger.run(0, maxInstructions, () -> requested != null));
        debugger.ended(outcome.exitCode(), outcome.message());
        return outcome;
    }

    @Override
    public Debugger debugger() {
        if (debugger == null) {
            debugger = new Debugger(List.of(new DebuggedCpu(0, cpu, mmu, memory, engine)));
            debugger.connect(timer::wake, clock::pause, clock::resume);
        }
        return debugger;
    }

    private VmOutcome outcome(StopReason why) {
        return switch (why) {
            case REQUESTED -> requested;
            case LIMIT -> new VmOutcome(VmOutcome.LIMIT, "stopped after " + engine.retired() + " guest instructions");
            case TRIPLE_FAULT -> new VmOutcome(VmOutcome.TRIPLE_FAULT, "the guest triple-faulted at " + location());
            case DEAD -> new VmOutcome(VmOutcome.DEAD, "the domain waits at " + location() + ", and nothing is left to wake it");
        };
    }

    private String location() {
        return String.format("%016x", cpu.s[X86State.RIP]);
    }

    @Override
    public VCpu cpu() {
        return cpu;
    }

    @Override
    public GuestRam ram() {
        return ram;
    }

    @Override
    public Engine engine() {
        return engine;
    }

    /** The hypervisor's side. */
    public Domain domain() {
        return domain;
    }

    @Override
    public void serialInput(int b) {
        domain.consoleInput(b);
    }

    @Override
    public void quit() {
        quit = true;
        if (debugger != null) {
            debugger.release();
        }
        timer.wake();
    }

    /** Asks as Xen's toolstack does: by {@code control/shutdown} in the store. */
    @Override
    public void requestShutdown() {
        domain.requestShutdown();
    }

    @Override
    public void scheduleOn(Share share) {
        timer.scheduleOn(share.vcpu());
    }

    @Override
    public void reset() {
        requested = new VmOutcome(VmOutcome.RESET, "reset by the debugger");
        engine.requestStop();
        if (debugger != null) {
            debugger.release();
        }
        timer.wake();
    }

    @Override
    public void onIdle(Runnable action) {
        timer.onIdle(action);
    }

    @Override
    public void expectInput(boolean possible) {
        timer.expectInput(possible);
    }

    @Override
    public Map<String, Long> counters() {
        Map<String, Long> all = RunSummary.counters(engine, mmu);
        all.putAll(domain.counters());
        return all;
    }

    @Override
    public String statistics(long wallNanos) {
        StringBuilder b = new StringBuilder(RunSummary.of(engine, mmu, wallNanos));
        StringJoiner calls = new StringJoiner(", ");
        for (Map.Entry<String, Long> e : domain.hypercallCounts().entrySet()) {
            calls.add(e.getKey() + String.format(" %,d", e.getValue()));
        }
        RunSummary.line(b, "hypercalls", "%s", calls);
        RunSummary.line(b, "traps", "%s", domain.trapSummary());
        StringJoiner network = new StringJoiner(", ");
        domain.networkCounters((name, n) -> network.add(name + String.format(" %,d", n)));
        if (network.length() > 0) {
            RunSummary.line(b, "network", "%s", network);
        }
        return b.toString();
    }
}
