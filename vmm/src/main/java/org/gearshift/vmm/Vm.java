package org.gearshift.vmm;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.gearshift.paging.CodePages;
import org.gearshift.paging.DeviceGate;
import org.gearshift.paging.GuestRam;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.BootState;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.boot.KernelLoader;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;
import org.gearshift.vmm.clock.HostClock;
import org.gearshift.vmm.clock.VirtualClock;
import org.gearshift.vmm.cpu.CpuFeature;
import org.gearshift.vmm.cpu.CpuModel;
import org.gearshift.vmm.cpu.NamedCpu;
import org.gearshift.vmm.cpu.RandomNumbers;
import org.gearshift.vmm.cpu.VCpu;
import org.gearshift.vmm.debug.DebuggedCpu;
import org.gearshift.vmm.debug.Debugger;
import org.gearshift.vmm.debug.TimeMachine;
import org.gearshift.vmm.device.ApicBus;
import org.gearshift.vmm.device.SerialBackend;
import org.gearshift.vmm.engine.Engine;
import org.gearshift.vmm.engine.StopReason;
import org.gearshift.vmm.net.EthernetNetwork;
import org.gearshift.vmm.net.Timers;
import org.gearshift.vmm.net.UserNetwork;
import org.gearshift.vmm.net.UserNetworkOptions;
import org.gearshift.vmm.pc.PcOptions;
import org.gearshift.vmm.pc.PcPlatform;
import org.gearshift.vmm.pc.PlatformListener;
import org.gearshift.vmm.replay.Channel;
import org.gearshift.vmm.replay.GatedNetwork;
import org.gearshift.vmm.replay.Origin;
import org.gearshift.vmm.replay.Rewindable;
import org.gearshift.vmm.replay.Timeline;
import org.gearshift.vmm.sched.Share;
import org.gearshift.vmm.smp.DeviceLock;
import org.gearshift.vmm.virtio.EntropySource;
import org.gearshift.vmm.virtio.VirtioConsole;
import org.gearshift.vmm.virtio.VirtioDevice;
import org.gearshift.vmm.virtio.VirtioNet;

/** One virtual machine. All methods are for one thread, except those that say otherwise. */
public final class Vm implements Machine, TimeMachine {
    private final CpuModel model;
    private final GuestRam ram;
    private final PhysicalMemory memory;
    private final List<PcProcessor> processors = new ArrayList<>();
    private final Outcomes outcomes = new Outcomes(processors);
    private final EventQueue events = new EventQueue();
    private final PcPlatform platform;
    private final GuestClock clock;
    private final ProcessorRun run;
    private volatile boolean quit;
    private Debugger debugger;
    /** Null if what comes from outside comes at any time. */
    private final Timeline timeline;
    /** Null as that. */
    private final TimelineGate gate;
    private boolean keepsNoPast;
    /** What has to go back in time with the machine besides processors, memory and devices. */
    private final List<Rewindable> rewindable = new ArrayList<>();
    private final long rsdp;

    /**
     * Builds the machine, powered on, with no kernel, and with the default processor.
     *
     * @param console where bytes go that the guest sends on its first serial port
     */
    public Vm(VmConfig config, SerialBackend console) {
        this(config, NamedCpu.P686.model(), console);
    }

    /** The same with a processor of one's own. */
    public Vm(VmConfig config, CpuModel model, SerialBackend console) {
        this.model = model;
        ram = MachineMemory.of(config.ramBytes());
        memory = new PhysicalMemory(ram);
        boolean virtual = config.clock() == VmConfig.Clock.VIRTUAL;
        clock = virtual ? new VirtualClock(outcomes::retired) : new HostClock();
        timeline = config.timeline();
        Origin origin = timeline == null ? Origin.USUAL : timeline.origin();
        DeviceLock devices = new DeviceLock();
        List<CodePages> codes = new ArrayList<>();
        List<ShadowMmu> mmus = new ArrayList<>();
        for (int i = 0; i < config.cpus(); i++) {
            codes.add(new CodePages(memory));
            mmus.add(new ShadowMmu(memory, codes.get(i)));
        }
        if (config.cpus() > 1) {
            memory.share(VCpu.translatedRam(ram)::compareAndSwap, virtual ? DeviceGate.OPEN : devices);
        }
        platform = new PcPlatform(memory, clock, events, PcOptions.defaults().withCpus(config.cpus()).withPowerOnDate(origin.powerOn()), new Listener());
        for (int i = 0; i < config.cpus(); i++) {
            processors.add(PcProcessor.of(i, config.cpus(), memory, codes.get(i), mmus.get(i), platform,
                    virtual ? RandomNumbers.seeded(origin.seed() + i) : RandomNumbers.secure(), model));
        }
        run = runner(config, clock, devices, virtual);
        platform.apicBus().connect(new Signals());
        gate = timeline == null ? null : new TimelineGate(timeline, new TimelineGate.Inside(outcomes, processors, clock, events, run, platform.hostWork()));
        platform.com1().connect(gate == null ? console : gate.shown(console));
        platform.onInput(run::wake);
        if (gate == null) {
            run.expect(platform.hostWork()::isExpected);
        } else {
            letIn();
        }
        rsdp = platform.writeAcpiTables();
    }

    /** What comes from outside goes by way of the timeline. */
    private void letIn() {
        gate.connect(Channel.SERIAL, data -> {
            for (byte b : data) {
                platform.com1().receive(b);
            }
            platform.com1().poll();
        });
        gate.connect(Channel.POWER_BUTTON, data -> {
            platform.power().pressPowerButton();
            platform.power().poll();
        });
    }

    private ProcessorRun runner(VmConfig config, GuestClock clock, DeviceLock devices, boolean virtual) {
        if (processors.size() > 1 && !virtual) {
            return new ThreadRun(List.copyOf(processors), outcomes, new PcBoard(), config.engine(), devices, clock, events, this::poll);
        }
        MachineTimer timer = new MachineTimer(clock, events, this::poll);
        if (processors.size() > 1) {
            TurnRun turns = new TurnRun(List.copyOf(processors), timer, outcomes, new PcBoard(), config.engine());
            rewindable.add(turns);
            return turns;
        }
        processors.get(0).attach(memory, timer, config.engine(), null);
        return new LoneRun(processors.get(0), timer, outcomes);
    }

    private final class PcBoard implements Board {
        @Override
        public PhysicalMemory memory() {
            return memory;
        }

        @Override
        public void select(int processor) {
            platform.select(processor);
        }

        @Override
        public void runsApart(int processor, DeviceGate gate, Runnable kick) {
            platform.lapic(processor).onPending(kick);
        }
    }

    /** The processor a kernel is started on unless the user wants another: one with IA-32e mode for 64-bit kernels only. */
    public static CpuModel processorFor(KernelImage kernel) throws BootException {
        return processorFor(kernel, 1);
    }

    /** The same in a machine of so many. */
    public static CpuModel processorFor(KernelImage kernel, int processors) throws BootException {
        return (kernel.is64Bit() ? NamedCpu.X86_64 : NamedCpu.P686).modelAmong(processors);
    }

    /** The processors' pins besides INTR; the numbers are those the local APICs had at power-on. */
    private final class Signals implements ApicBus.ProcessorSignals {
        @Override
        public void nmi(int processor) {
            processors.get(processor).cpu.requestNmi();
            run.kick(processors.get(processor));
        }

        @Override
        public void init(int processor) {
            if (processors.size() == 1) {
                // A lone processor has nobody to start it again.
                ApicBus.ProcessorSignals.NONE.init(processor);
            } else if (processor == 0) {
                end(new VmOutcome(VmOutcome.RESET, "INIT of the bootstrap processor, which would start the firmware"));
            } else {
                processors.get(processor).init();
                run.kick(processors.get(processor));
            }
        }

        @Override
        public void startUp(int processor, int vector) {
            processors.get(processor).startUp(vector);
            run.kick(processors.get(processor));
        }
    }

    private final class Listener implements PlatformListener {
        @Override
        public void powerOff() {
            end(new VmOutcome(VmOutcome.POWER_OFF, null));
        }

        @Override
        public void reset() {
            end(new VmOutcome(VmOutcome.RESET, "the guest asked for a reset"));
        }

        @Override
        public void debugExit(int code) {
            end(new VmOutcome(code & 0xff, null));
        }
    }

    private void end(VmOutcome outcome) {
        outcomes.request(outcome);
        run.wake();
    }

    private void poll() {
        if (gate == null) {
            platform.poll();
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

    /** Plugs in a device, before a kernel is loaded. */
    public void attach(VirtioDevice device) {
        platform.attach(device);
    }

    /**
     * Plugs in a network interface on a network of its own, before a kernel is loaded.
     *
     * @param mac the interface's Ethernet address
     * @return the network, to be closed when the machine is not needed any more
     * @throws IOException if a port cannot be forwarded; the message names it
     */
    public EthernetNetwork connect(UserNetworkOptions options, long mac) throws IOException {
        if (gate != null) {
            GatedNetwork cable = gate.network(options);
            rewindable.add(cable);
            attach(new VirtioNet(cable, mac));
            return cable;
        }
        UserNetwork network = new UserNetwork(options, Timers.of(clock, events), platform.hostWork()::post);
        attach(new VirtioNet(network, mac));
        run.pace(network::waitsForOutside);
        return network;
    }

    /** Whether all that comes from outside goes by way of a {@link Timeline}. */
    public boolean isGated() {
        return gate != null;
    }

    /** Instructions retired by all processors since power-on. */
    public long retired() {
        return outcomes.retired();
    }

    /** Where a virtio console's input goes in. To be asked for after {@link #attach}, in the same order each time. @return takes a byte; any thread */
    public IntConsumer inputOf(VirtioConsole console) {
        if (gate == null) {
            return b -> console.receive((byte) b);
        }
        int channel = gate.nextChannel();
        gate.connect(channel, data -> console.take(data[0]));
        return b -> gate.offer(channel, (byte) b);
    }

    /** Random bytes for a guest, as this machine's runs repeat or not. */
    public EntropySource entropy() {
        return clock.isVirtual() ? EntropySource.seeded((timeline == null ? Origin.USUAL : timeline.origin()).seed()) : EntropySource.secure();
    }

    /** Loads a kernel and puts the processor at its entry. */
    public void load(KernelImage kernel, byte[] initrd, String initrdName, String commandLine) throws BootException {
        if (kernel.is64Bit() && !model.has(CpuFeature.LM)) {
            throw new BootException(kernel.name() + ": a 64-bit kernel; this machine's processor is 32-bit, use an i386 (686) kernel");
        }
        VCpu cpu = cpu();
        BootState b = KernelLoader.load(kernel, initrd, initrdName, commandLine, ram, rsdp);
        if (b.pageTables() != 0) {
            cpu.enterFlatLongMode(b.eip(), b.code(), b.data(), b.pageTables());
        } else {
            cpu.enterFlatProtectedMode(b.eip(), b.code(), b.data());
        }
        cpu.s[X86State.RAX] = b.eax();
        cpu.s[X86State.RBX] = b.ebx();
        cpu.s[X86State.RSI] = b.esi();
        cpu.s[X86State.RSP] = b.esp();
        cpu.s[X86State.GDTR_BASE] = b.gdt();
        cpu.s[X86State.GDTR_LIMIT] = b.gdtLimit();
    }

    /** Runs until the guest or the user ends it, or {@code maxInstructions} have been retired since power-on. */
    @Override
    public VmOutcome run(long maxInstructions) {
        outcomes.clear();
        if (gate != null) {
            gate.resumeTime();
        }
        if (debugger != null) {
            debugger.begin();
        }
        VmOutcome outcome = run.run(maxInstructions);
        if (gate != null) {
            outcome = gate.ended(outcome, this::stateHash, quit);
        }
        if (debugger != null) {
            debugger.ended(outcome.exitCode(), outcome.message());
        }
        return outcome;
    }

    /** A hash of memory and processors, in hexadecimal: the same for two machines that are in the same state. While the machine does not run. */
    public String stateHash() {
        return MachineState.hash(ram, processors);
    }

    @Override
    public Debugger debugger() {
        if (debugger == null) {
            debugger = new Debugger(processors.stream().map(p -> new DebuggedCpu(p.number, p.cpu, p.mmu, memory, p.engine())).toList());
            debugger.connect(run::wake, this::stopTime, this::resumeTime);
            if (canGoBack()) {
                debugger.remember(this);
            }
            run.debug(debugger);
        }
        return debugger;
    }

    /** Something besides processors, memory and devices that has to go back in time with the machine. Before it runs. */
    public void rewindsWith(Rewindable other) {
        rewindable.add(other);
    }

    /** Something changes that cannot be undone: there is no way back. Before anybody debugs. */
    public void keepNoPast() {
        keepsNoPast = true;
    }

    /** Whether the machine can go back in time: its RAM is not too large, and nothing comes from outside but by its timeline. */
    public boolean canGoBack() {
        return timeline != null && ram.isCompact() && !timeline.isRecorded() && !keepsNoPast;
    }

    @Override
    public boolean isReplay() {
        return timeline.isReplay();
    }

    @Override
    public void forgetFuture() {
        timeline.forgetFuture();
    }

    @Override
    public int current() {
        return run.current().number;
    }

    @Override
    public StopReason advance(long until, int cpu, long own) {
        return run.advance(until, cpu, own);
    }

    @Override
    public Snapshot snapshot(Snapshot like) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            platform.save(out);
            for (PcProcessor p : processors) {
                p.save(out);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("a snapshot in memory", e);
        }
        List<Object> marks = new ArrayList<>();
        rewindable.forEach(r -> marks.add(r.mark()));
        marks.add(timeline.mark());
        return MachineSnapshot.of(processors.stream().mapToLong(p -> p.engine().retired()).toArray(), bytes.toByteArray(), marks, ram, (MachineSnapshot) like);
    }

    @Override
    public void restore(Snapshot to) {
        MachineSnapshot s = (MachineSnapshot) to;
        timeline.leavePresent();
        outcomes.clear();
        s.restorePages(memory);
        processors.forEach(p -> p.engine().setRetired(s.retired(p.number)));
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(s.devices()))) {
            platform.restore(in);
            for (PcProcessor p : processors) {
                p.restore(in);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("a snapshot in memory", e);
        }
        for (int i = 0; i < rewindable.size(); i++) {
            rewindable.get(i).rewind(s.marks().get(i));
        }
        timeline.rewind(s.marks().get(rewindable.size()));
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

    /** The bootstrap processor. */
    @Override
    public VCpu cpu() {
        return processors.get(0).cpu;
    }

    /** Any processor. @param number 0.. */
    public VCpu cpu(int number) {
        return processors.get(number).cpu;
    }

    @Override
    public GuestRam ram() {
        return ram;
    }

    /** What runs the bootstrap processor. */
    @Override
    public Engine engine() {
        return processors.get(0).engine();
    }

    /** What runs any processor. @param number 0.. */
    public Engine engine(int number) {
        return processors.get(number).engine();
    }

    /** A byte for the guest's first serial port; any thread. */
    @Override
    public void serialInput(int b) {
        if (gate == null) {
            platform.com1().receive((byte) b);
        } else {
            gate.offer(Channel.SERIAL, (byte) b);
        }
    }

    /** Ends the run soon; any thread. */
    @Override
    public void quit() {
        if (timeline != null && timeline.isRecorded()) {
            gate.offer(Channel.QUIT);
            return;
        }
        quit = true;
        if (debugger != null) {
            debugger.release();
        }
        run.wake();
    }

    @Override
    public void reset() {
        end(new VmOutcome(VmOutcome.RESET, "reset by the debugger"));
        if (debugger != null) {
            debugger.release();
        }
    }

    /** Presses the power button. */
    @Override
    public void requestShutdown() {
        if (gate == null) {
            platform.power().pressPowerButton();
        } else {
            gate.offer(Channel.POWER_BUTTON);
        }
    }

    @Override
    public void scheduleOn(Share share) {
        run.scheduleOn(share);
    }

    /** Called on the vCPU thread whenever the machine goes idle. */
    @Override
    public void onIdle(Runnable action) {
        run.onIdle(action);
    }

    /**
     * Says that a source of input, such as who calls {@link #serialInput}, is there or, after that, has ended: an idle machine that nothing else can wake waits for
     * as long as there is one. Any thread.
     */
    @Override
    public void expectInput(boolean possible) {
        run.expectInput(possible);
    }

    @Override
    public Map<String, Long> counters() {
        Map<String, Long> all = RunSummary.counters(processors);
        long portAccesses = processors.stream().mapToLong(PcProcessor::portAccesses).sum();
        if (portAccesses > 0) {
            all.put("port", portAccesses);
        }
        return all;
    }

    @Override
    public String statistics(long wallNanos) {
        return RunSummary.of(processors, wallNanos);
    }
}
