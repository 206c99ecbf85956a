package org.gearshift.vmm;

import java.io.IOException;
import java.util.Map;
import org.gearshift.paging.CodePages;
import org.gearshift.paging.GuestRam;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.BootState;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.boot.KernelLoader;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;
import org.gearshift.vmm.clock.HostClock;
import org.gearshift.vmm.clock.VirtualClock;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.cpu.CpuFeature;
import org.gearshift.vmm.cpu.CpuModel;
import org.gearshift.vmm.cpu.PortSpace;
import org.gearshift.vmm.cpu.NamedCpu;
import org.gearshift.vmm.cpu.RandomNumbers;
import org.gearshift.vmm.cpu.VCpu;
import org.gearshift.vmm.device.ApicBus;
import org.gearshift.vmm.device.SerialBackend;
import org.gearshift.vmm.engine.Engine;
import org.gearshift.vmm.engine.StopReason;
import org.gearshift.vmm.pc.PcOptions;
import org.gearshift.vmm.pc.PcPlatform;
import org.gearshift.vmm.pc.PlatformListener;
import org.gearshift.vmm.net.Timers;
import org.gearshift.vmm.net.UserNetwork;
import org.gearshift.vmm.net.UserNetworkOptions;
import org.gearshift.vmm.virtio.VirtioDevice;
import org.gearshift.vmm.virtio.VirtioNet;

/** One virtual machine. All methods are for one thread, except those that say otherwise. */
public final class Vm implements Machine {
    private final CpuModel model;
    private final GuestRam ram;
    private final PhysicalMemory memory;
    private final CodePages codePages;
    private final VCpu cpu;
    private final GuestClock clock;
    private final EventQueue events = new EventQueue();
    private final MachineTimer timer;
    private final PcPlatform platform;
    private final Engine engine;
    private long portAccesses;
    private VmOutcome requested;
    private volatile boolean quit;
    private final ShadowMmu shadow;
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
        ram = new GuestRam(config.ramBytes());
        memory = new PhysicalMemory(ram);
        codePages = new CodePages(memory);
        ShadowMmu mmu = new ShadowMmu(memory, codePages);
        shadow = mmu;
        clock = config.clock() == VmConfig.Clock.VIRTUAL ? new VirtualClock(this::retired) : new HostClock();
        platform = new PcPlatform(memory, clock, events, PcOptions.defaults(), new Listener());
        cpu = new VCpu(new VCpu.Environment(memory, codePages, mmu, new WatchedPorts(platform.portSpace()), platform.interruptSource(0),
                platform.timeSource(), platform.apicBaseMsr(0), platform.taskPriority(0), platform.numericErrorLine(),
                config.clock() == VmConfig.Clock.VIRTUAL ? RandomNumbers.seeded(0) : RandomNumbers.secure(), model));
        timer = new MachineTimer(clock, events, this::poll);
        engine = new Engine(cpu, mmu, memory, codePages, platform.interruptSource(0), timer, config.engine());
        codePages.setListener(engine::codeWritten);
        platform.apicBus().connect(new Signals());
        platform.com1().connect(console);
        platform.onInput(timer::wake);
        timer.expect(platform.hostWork()::isExpected);
        rsdp = platform.writeAcpiTables();
    }

    /** The processor a kernel is started on unless the user wants another: one with IA-32e mode for 64-bit kernels only. */
    public static CpuModel processorFor(KernelImage kernel) throws BootException {
        return (kernel.is64Bit() ? NamedCpu.X86_64 : NamedCpu.P686).model();
    }

    /** Tells the engine of every port access: devices re-arm events there. */
    private final class WatchedPorts implements PortSpace {
        private final PortSpace ports;

        WatchedPorts(PortSpace ports) {
            this.ports = ports;
        }

        @Override
        public int in(int port, int bits) {
            engine.devicesTouched();
            portAccesses++;
            return ports.in(port, bits);
        }

        @Override
        public void out(int port, int value, int bits) {
            engine.devicesTouched();
            portAccesses++;
            ports.out(port, value, bits);
        }
    }

    /** The processor's pins besides INTR. There is one processor, and it runs: INIT and start-up messages have no receiver. */
    private final class Signals implements ApicBus.ProcessorSignals {
        @Override
        public void nmi(int apicId) {
            cpu.requestNmi();
        }

        @Override
        public void init(int apicId) {
            ApicBus.ProcessorSignals.NONE.init(apicId);
        }

        @Override
        public void startUp(int apicId, int vector) {
            ApicBus.ProcessorSignals.NONE.startUp(apicId, vector);
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
        requested = outcome;
        engine.requestStop();
    }

    private long retired() {
        return engine == null ? 0 : engine.retired();
    }

    private void poll() {
        platform.poll();
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
    public UserNetwork connect(UserNetworkOptions options, long mac) throws IOException {
        UserNetwork network = new UserNetwork(options, Timers.of(clock, events), platform.hostWork()::post);
        attach(new VirtioNet(network, mac));
        timer.pace(network::waitsForOutside);
        return network;
    }

    /** Loads a kernel and puts the processor at its entry. */
    public void load(KernelImage kernel, byte[] initrd, String initrdName, String commandLine) throws BootException {
        if (kernel.is64Bit() && !model.has(CpuFeature.LM)) {
            throw new BootException(kernel.name() + ": a 64-bit kernel; this machine's processor is 32-bit, use an i386 (686) kernel");
        }
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
        requested = null;
        StopReason why = engine.run(maxInstructions);
        return switch (why) {
            case REQUESTED -> requested;
            case LIMIT -> new VmOutcome(VmOutcome.LIMIT, "stopped after " + engine.retired() + " guest instructions");
            case TRIPLE_FAULT -> new VmOutcome(VmOutcome.TRIPLE_FAULT, "the guest triple-faulted at " + location());
            case DEAD -> new VmOutcome(VmOutcome.DEAD, "the guest halted for good at " + location() + ": interrupts are off, or nothing is left to wake it");
        };
    }

    private String location() {
        return String.format("%04x:%08x", cpu.s[X86State.SEG_SELECTOR + X86State.CS] & 0xffff, cpu.s[X86State.RIP]);
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

    /** A byte for the guest's first serial port; any thread. */
    @Override
    public void serialInput(int b) {
        platform.com1().receive((byte) b);
    }

    /** Ends the run soon; any thread. */
    @Override
    public void quit() {
        quit = true;
        timer.wake();
    }

    /** Called on the vCPU thread whenever the machine goes idle. */
    @Override
    public void onIdle(Runnable action) {
        timer.onIdle(action);
    }

    /**
     * Says that a source of input, such as who calls {@link #serialInput}, is there or, after that, has ended: an idle machine that nothing else can wake waits for
     * as long as there is one. Any thread.
     */
    @Override
    public void expectInput(boolean possible) {
        timer.expectInput(possible);
    }

    @Override
    public Map<String, Long> counters() {
        Map<String, Long> all = RunSummary.counters(engine, shadow);
        if (portAccesses > 0) {
            all.put("port", portAccesses);
        }
        return all;
    }

    @Override
    public String statistics(long wallNanos) {
        return RunSummary.of(engine, shadow, wallNanos);
    }
}
