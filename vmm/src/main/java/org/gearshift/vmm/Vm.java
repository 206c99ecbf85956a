package org.gearshift.vmm;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.gearshift.ir.RamAtomics;
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
import org.gearshift.vmm.device.ApicBus;
import org.gearshift.vmm.device.SerialBackend;
import org.gearshift.vmm.engine.Engine;
import org.gearshift.vmm.engine.EngineStatistics;
import org.gearshift.vmm.pc.PcOptions;
import org.gearshift.vmm.pc.PcPlatform;
import org.gearshift.vmm.pc.PlatformListener;
import org.gearshift.vmm.smp.DeviceLock;

/** One virtual machine. All methods are for one thread, except those that say otherwise. */
public final class Vm {
    /** Regions named in the summary. */
    private static final int HOTTEST = 10;

    private final CpuModel model;
    private final GuestRam ram;
    private final PhysicalMemory memory;
    private final List<Processor> processors = new ArrayList<>();
    private final Outcomes outcomes = new Outcomes(processors);
    private final EventQueue events = new EventQueue();
    private final PcPlatform platform;
    private final ProcessorRun run;
    private volatile boolean quit;
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
        boolean virtual = config.clock() == VmConfig.Clock.VIRTUAL;
        GuestClock clock = virtual ? new VirtualClock(outcomes::retired) : new HostClock();
        DeviceLock devices = new DeviceLock();
        List<CodePages> codes = new ArrayList<>();
        List<ShadowMmu> mmus = new ArrayList<>();
        for (int i = 0; i < config.cpus(); i++) {
            codes.add(new CodePages(memory));
            mmus.add(new ShadowMmu(memory, codes.get(i)));
        }
        if (config.cpus() > 1) {
            memory.share(RamAtomics::compareAndSwap, virtual ? DeviceGate.OPEN : devices);
        }
        platform = new PcPlatform(memory, clock, events, PcOptions.defaults().withCpus(config.cpus()), new Listener());
        for (int i = 0; i < config.cpus(); i++) {
            processors.add(new Processor(i, config.cpus(), memory, codes.get(i), mmus.get(i), platform,
                    virtual ? RandomNumbers.seeded(i) : RandomNumbers.secure(), model));
        }
        run = runner(config, clock, devices, virtual);
        platform.apicBus().connect(new Signals());
        platform.com1().connect(console);
        platform.onInput(run::wake);
        rsdp = platform.writeAcpiTables();
    }

    private ProcessorRun runner(VmConfig config, GuestClock clock, DeviceLock devices, boolean virtual) {
        if (processors.size() > 1 && !virtual) {
            return new ThreadRun(processors, outcomes, platform, config.engine(), devices, clock, events, this::poll);
        }
        MachineTimer timer = new MachineTimer(clock, events, this::poll);
        if (processors.size() > 1) {
            return new TurnRun(processors, timer, outcomes, platform, config.engine());
        }
        processors.get(0).attach(memory, timer, config.engine());
        return new LoneRun(processors.get(0), timer, outcomes);
    }

    /** The processor a kernel is started on unless the user wants another: one with IA-32e mode for 64-bit kernels only. */
    public static CpuModel processorFor(KernelImage kernel) throws BootException {
        return (kernel.is64Bit() ? NamedCpu.X86_64 : NamedCpu.P686).model();
    }

    /** The processors' pins besides INTR; the numbers are those the local APICs had at power-on. */
    private final class Signals implements ApicBus.ProcessorSignals {
        @Override
        public void nmi(int apicId) {
            processors.get(apicId).cpu.requestNmi();
            run.kick(processors.get(apicId));
        }

        @Override
        public void init(int apicId) {
            if (processors.size() == 1) {
                // A lone processor has nobody to start it again.
                ApicBus.ProcessorSignals.NONE.init(apicId);
            } else if (apicId == 0) {
                end(new VmOutcome(VmOutcome.RESET, "INIT of the bootstrap processor, which would start the firmware"));
            } else {
                processors.get(apicId).init();
                run.kick(processors.get(apicId));
            }
        }

        @Override
        public void startUp(int apicId, int vector) {
            processors.get(apicId).startUp(vector);
            run.kick(processors.get(apicId));
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
        platform.poll();
        if (quit) {
            end(new VmOutcome(VmOutcome.POWER_OFF, "stopped by the user"));
        }
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
    public VmOutcome run(long maxInstructions) {
        outcomes.clear();
        return run.run(maxInstructions);
    }

    /** The bootstrap processor. */
    public VCpu cpu() {
        return processors.get(0).cpu;
    }

    /** Any processor. @param number 0.. */
    public VCpu cpu(int number) {
        return processors.get(number).cpu;
    }

    public GuestRam ram() {
        return ram;
    }

    /** What runs the bootstrap processor. */
    public Engine engine() {
        return processors.get(0).engine();
    }

    /** A byte for the guest's first serial port; any thread. */
    public void serialInput(int b) {
        platform.com1().receive((byte) b);
    }

    /** Ends the run soon; any thread. */
    public void quit() {
        quit = true;
        run.wake();
    }

    /** Called on the vCPU thread whenever the machine goes idle. */
    public void onIdle(Runnable action) {
        run.onIdle(action);
    }

    /** Says whether {@link #serialInput} may be called later: an idle machine that nothing else can wake waits for it. Any thread. */
    public void expectInput(boolean possible) {
        run.expectInput(possible);
    }

    /** The summary of a run so far, in lines. @param wallNanos host time it took, 0 if not known */
    public String statistics(long wallNanos) {
        long retired = outcomes.retired();
        long interpreted = processors.stream().mapToLong(p -> p.engine().interpreted()).sum();
        StringBuilder b = new StringBuilder();
        line(b, "guest instructions", "%,d", retired);
        if (wallNanos > 0) {
            line(b, "host time", "%.2f s, %.1f MIPS", wallNanos / 1e9, retired * 1e3 / wallNanos);
        }
        line(b, "host CPU", "%.2f s of this thread, %.2f s of the process", ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 1e9,
                ProcessHandle.current().info().totalCpuDuration().map(d -> d.toMillis() / 1e3).orElse(0.0));
        line(b, "interpreted", "%,d (%.2f %%)", interpreted, 100.0 * interpreted / Math.max(1, retired));
        for (Processor p : processors) {
            if (processors.size() > 1) {
                line(b, "processor " + p.number, "%,d instructions", p.engine().retired());
            }
            statistics(b, p);
        }
        return b.toString();
    }

    private static void statistics(StringBuilder b, Processor p) {
        EngineStatistics s = p.engine().statistics();
        line(b, "blocks translated", "%,d (%,d instructions, %d ms)", s.blocks, s.blockInsns, s.translateNanos / 1_000_000);
        line(b, "regions compiled", "%,d (%,d instructions, %,d bytes of bytecode, %,d made smaller, %,d extended, %,d merged, %,d to C2, %d ms)", s.regions,
                s.regionInsns, s.regionBytes, s.regionRetries, s.extended, s.merged, s.optimized, s.compileNanos / 1_000_000);
        line(b, "invalidated", "%,d blocks, %,d regions", s.invalidatedBlocks, s.invalidatedRegions);
        line(b, "interrupts, exceptions", "%,d, %,d", s.interrupts, s.exceptions);
        StringBuilder exits = new StringBuilder();
        for (Map.Entry<EngineStatistics.Exit, Long> e : s.exits().entrySet()) {
            exits.append(exits.length() == 0 ? "" : ", ").append(e.getKey().name().toLowerCase(Locale.ROOT)).append(' ').append(String.format("%,d", e.getValue()));
        }
        line(b, "exits", "%s", exits);
        line(b, "shadow paging", "%s", p.mmu.counters());
        for (String r : p.engine().hottestRegions(HOTTEST)) {
            line(b, "hot region", "%s", r);
        }
    }

    private static void line(StringBuilder b, String name, String format, Object... args) {
        b.append(String.format("%-24s", name)).append(String.format(Locale.ROOT, format, args)).append(System.lineSeparator());
    }
}
