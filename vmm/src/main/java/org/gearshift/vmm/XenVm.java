package org.gearshift.vmm;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import org.gearshift.paging.CodePages;
import org.gearshift.paging.DeviceGate;
import org.gearshift.paging.GuestRam;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.boot.PvKernel;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;
import org.gearshift.vmm.clock.HostClock;
import org.gearshift.vmm.clock.HostWork;
import org.gearshift.vmm.clock.VirtualClock;
import org.gearshift.vmm.cpu.ApicMsrs;
import org.gearshift.vmm.cpu.CpuFeature;
import org.gearshift.vmm.cpu.CpuModel;
import org.gearshift.vmm.cpu.InterruptSource;
import org.gearshift.vmm.cpu.NamedCpu;
import org.gearshift.vmm.cpu.NumericErrorLine;
import org.gearshift.vmm.cpu.PortSpace;
import org.gearshift.vmm.cpu.RandomNumbers;
import org.gearshift.vmm.cpu.TaskPriority;
import org.gearshift.vmm.cpu.VCpu;
import org.gearshift.vmm.debug.DebuggedCpu;
import org.gearshift.vmm.debug.Debugger;
import org.gearshift.vmm.device.SerialBackend;
import org.gearshift.vmm.disk.DiskImage;
import org.gearshift.vmm.engine.Engine;
import org.gearshift.vmm.net.EthernetNetwork;
import org.gearshift.vmm.net.Timers;
import org.gearshift.vmm.net.UserNetwork;
import org.gearshift.vmm.net.UserNetworkOptions;
import org.gearshift.vmm.replay.Channel;
import org.gearshift.vmm.replay.GatedNetwork;
import org.gearshift.vmm.replay.Origin;
import org.gearshift.vmm.replay.Timeline;
import org.gearshift.vmm.sched.Share;
import org.gearshift.vmm.smp.DeviceLock;
import org.gearshift.vmm.xen.Domain;
import org.gearshift.vmm.xen.DomainGroup;
import org.gearshift.vmm.xen.DomainListener;

/** A virtual machine in the paravirtual gear: a Xen domain, with no devices but those it shares with the monitor. */
public final class XenVm implements Machine {
    private final GuestRam ram;
    private final PhysicalMemory memory;
    private final GuestClock clock;
    private final EventQueue events = new EventQueue();
    private final List<DomainProcessor> processors = new ArrayList<>();
    private final Outcomes outcomes = new Outcomes(processors);
    private final ProcessorRun run;
    private final Domain domain;
    private final HostWork hostWork;
    /** Null if what comes from outside comes at any time. */
    private final TimelineGate gate;
    private final boolean recorded;
    private volatile boolean quit;
    private Debugger debugger;

    /**
     * Builds the machine, with no kernel.
     *
     * @param model what the processor can do; what is not for a domain is left out
     * @param console where bytes go that the guest writes to its console
     */
    public XenVm(VmConfig config, CpuModel model, SerialBackend console) {
        this(config, model, console, DomainGroup.alone(), "domain");
    }

    /**
     * The same beside other domains.
     *
     * @param group those it may share event channels and grants with while it runs
     * @param name what their policy calls it
     */
    public XenVm(VmConfig config, CpuModel model, SerialBackend console, DomainGroup group, String name) {
        ram = MachineMemory.ofDomain(Domain.machineBytes(config.ramBytes()));
        memory = new PhysicalMemory(ram);
        boolean virtual = config.clock() == VmConfig.Clock.VIRTUAL;
        clock = virtual ? new VirtualClock(outcomes::retired) : new HostClock();
        DeviceLock lock = new DeviceLock();
        List<CodePages> codes = new ArrayList<>();
        List<ShadowMmu> mmus = new ArrayList<>();
        for (int i = 0; i < config.cpus(); i++) {
            codes.add(new CodePages(memory));
            mmus.add(new ShadowMmu(memory, codes.get(i)));
        }
        if (config.cpus() > 1) {
            // The maps for programs must be there before any processor runs: from then on, all are told of changes.
            mmus.forEach(m -> m.select(true));
            mmus.forEach(m -> m.select(false));
            memory.share(VCpu.translatedRam(ram)::compareAndSwap, virtual ? DeviceGate.OPEN : lock);
        }
        Timeline timeline = config.timeline();
        Origin origin = timeline == null ? Origin.USUAL : timeline.origin();
        recorded = timeline != null && timeline.isRecorded();
        Domain.Environment environment = new Domain.Environment(memory, config.cpus(), clock, events, group, name, origin.powerOn(), timeline != null);
        domain = new Domain(environment, (int) (config.ramBytes() >>> 12), console, this::ended, this::wake);
        for (int i = 0; i < config.cpus(); i++) {
            processors.add(processor(i, codes.get(i), mmus.get(i), Domain.processor(model), origin.seed()));
        }
        run = runner(config, lock, virtual);
        hostWork = new HostWork(this::wake);
        gate = timeline == null ? null : new TimelineGate(timeline, new TimelineGate.Inside(outcomes, processors, clock, events, run, hostWork));
        if (gate == null) {
            run.expect(hostWork::isExpected);
        } else {
            letIn();
        }
    }

    /** What comes from outside goes by way of the timeline, and the domain looks for it just then. */
    private void letIn() {
        gate.connect(Channel.SERIAL, data -> {
            for (byte b : data) {
                domain.consoleInput(b);
            }
            domain.poll();
        });
        gate.connect(Channel.POWER_BUTTON, data -> {
            domain.requestShutdown();
            domain.poll();
        });
    }

    private DomainProcessor processor(int number, CodePages code, ShadowMmu mmu, CpuModel model, long seed) {
        InterruptSource upcalls = domain.upcalls(number);
        VCpu cpu = new VCpu(new VCpu.Environment(memory, code, mmu, new NoPorts(), upcalls, clock::nanos, ApicMsrs.NONE, TaskPriority.NONE,
                NumericErrorLine.NONE, clock.isVirtual() ? RandomNumbers.seeded(seed + number) : RandomNumbers.secure(), model));
        domain.attach(number, cpu, mmu, () -> processors.get(number).engine().requestStop());
        return new DomainProcessor(number, code, mmu, upcalls, cpu, domain);
    }

    private ProcessorRun runner(VmConfig config, DeviceLock lock, boolean virtual) {
        if (processors.size() > 1 && !virtual) {
            return new ThreadRun(List.copyOf(processors), outcomes, new DomainBoard(), config.engine(), lock, clock, events, this::poll);
        }
        MachineTimer timer = new MachineTimer(clock, events, this::poll);
        if (processors.size() > 1) {
            return new TurnRun(List.copyOf(processors), timer, outcomes, new DomainBoard(), config.engine());
        }
        processors.get(0).attach(memory, timer, config.engine(), null);
        return new LoneRun(processors.get(0), timer, outcomes);
    }

    private final class DomainBoard implements Board {
        @Override
        public PhysicalMemory memory() {
            return memory;
        }

        @Override
        public void select(int processor) {
            // Who enters the domain says so itself.
        }

        @Override
        public void runsApart(int processor, DeviceGate gate, Runnable kick) {
            domain.share(processor, gate, kick);
        }
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
        end(switch (reason) {
            case DomainListener.POWER_OFF -> new VmOutcome(VmOutcome.POWER_OFF, null);
            case DomainListener.REBOOT -> new VmOutcome(VmOutcome.RESET, "the guest asked for a reset");
            case DomainListener.CRASH -> new VmOutcome(VmOutcome.TRIPLE_FAULT, message);
            default -> new VmOutcome(VmOutcome.DEAD, "the domain ended itself with reason " + reason);
        });
    }

    private void end(VmOutcome outcome) {
        outcomes.request(outcome);
        run.wake();
    }

    private void wake() {
        run.wake();
    }

    private void poll() {
        if (gate == null) {
            hostWork.run();
            domain.poll();
        } else {
            gate.poll();
        }
        if (debugger != null && debugger.wantsStop()) {
            processors.forEach(p -> p.engine().requestStop());
        }
        if (quit) {
            end(new VmOutcome(VmOutcome.POWER_OFF, "stopped by the user"));
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
    public EthernetNetwork connect(UserNetworkOptions options, long mac) throws IOException {
        if (gate != null) {
            GatedNetwork cable = gate.network(options);
            domain.attach(cable, mac);
            return cable;
        }
        UserNetwork network = new UserNetwork(options, Timers.of(clock, events), hostWork::post);
        domain.attach(network, mac);
        run.pace(network::waitsForOutside);
        return network;
    }

    /** The processor that domains get unless another one is asked for: a 32-bit one runs in compatibility mode. @param processors how many it has */
    public static CpuModel defaultProcessor(int processors) {
        return NamedCpu.X86_64.modelAmong(processors);
    }

    /** Builds the domain: kernel, RAM disk and command line. */
    public void load(KernelImage kernel, byte[] initrd, String commandLine) throws BootException {
        if (!cpu().model().has(CpuFeature.LM)) {
            throw new BootException(kernel.name() + ": a paravirtual domain needs a 64-bit processor, even if its kernel is 32-bit");
        }
        domain.build(PvKernel.of(kernel), initrd, commandLine);
    }

    @Override
    public VmOutcome run(long maxInstructions) {
        outcomes.clear();
        domain.runBegins();
        if (gate != null) {
            gate.resumeTime();
        }
        VmOutcome outcome = null;
        try {
            if (debugger != null) {
                debugger.begin();
            }
            outcome = run.run(maxInstructions);
        } finally {
            domain.runEnded(outcome == null || outcome.exitCode() != VmOutcome.LIMIT);
        }
        if (gate != null) {
            outcome = gate.ended(outcome, this::stateHash, quit);
        }
        if (debugger != null) {
            debugger.ended(outcome.exitCode(), outcome.message());
        }
        return outcome;
    }

    @Override
    public Debugger debugger() {
        if (debugger == null) {
            debugger = new Debugger(processors.stream().map(p -> new DebuggedCpu(p.number, p.cpu, p.mmu, memory, p.engine())).toList());
            debugger.connect(run::wake, this::stopTime, this::resumeTime);
            run.debug(debugger);
        }
        return debugger;
    }

    private void stopTime() {
        clock.pause();
        if (gate != null) {
            gate.stopTime();
        }
    }

    private void resumeTime() {
        clock.resume();
        if (gate != null) {
            gate.resumeTime();
        }
    }

    @Override
    public VCpu cpu() {
        return processors.get(0).cpu;
    }

    @Override
    public GuestRam ram() {
        return ram;
    }

    @Override
    public Engine engine() {
        return processors.get(0).engine();
    }

    /** Instructions retired by all processors since the domain began. */
    public long retired() {
        return outcomes.retired();
    }

    /** Whether all that comes from outside goes by way of a {@link Timeline}. */
    public boolean isGated() {
        return gate != null;
    }

    /** A hash of memory, the hypervisor's included, and processors, in hexadecimal: the same for two machines that are in the same state. While the machine does not run. */
    public String stateHash() {
        return MachineState.hash(ram, processors);
    }

    /** The hypervisor's side. */
    public Domain domain() {
        return domain;
    }

    @Override
    public void serialInput(int b) {
        if (gate == null) {
            domain.consoleInput(b);
        } else {
            gate.offer(Channel.SERIAL, (byte) b);
        }
    }

    @Override
    public void quit() {
        if (recorded) {
            gate.offer(Channel.QUIT);
            return;
        }
        quit = true;
        if (debugger != null) {
            debugger.release();
        }
        run.wake();
    }

    /** Asks as Xen's toolstack does: by {@code control/shutdown} in the store. */
    @Override
    public void requestShutdown() {
        if (gate == null) {
            domain.requestShutdown();
        } else {
            gate.offer(Channel.POWER_BUTTON);
        }
    }

    @Override
    public void scheduleOn(Share share) {
        run.scheduleOn(share);
    }

    @Override
    public void reset() {
        end(new VmOutcome(VmOutcome.RESET, "reset by the debugger"));
        if (debugger != null) {
            debugger.release();
        }
    }

    @Override
    public void onIdle(Runnable action) {
        run.onIdle(action);
    }

    @Override
    public void expectInput(boolean possible) {
        run.expectInput(possible);
    }

    @Override
    public Map<String, Long> counters() {
        Map<String, Long> all = RunSummary.counters(processors);
        all.putAll(domain.counters());
        return all;
    }

    @Override
    public String statistics(long wallNanos) {
        StringBuilder b = new StringBuilder(RunSummary.of(processors, wallNanos));
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
