package org.gearshift.tools;

import java.io.Closeable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.StringJoiner;
import java.util.function.Supplier;
import java.util.concurrent.Callable;
import org.gearshift.samples.SampleKernel;
import org.gearshift.tools.stage.Optimization;
import org.gearshift.tools.symbols.SymbolReader;
import org.gearshift.tools.symbols.SymbolTable;
import org.gearshift.vmm.Lockstep;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.XenVm;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.cpu.CpuFeature;
import org.gearshift.vmm.cpu.CpuModel;
import org.gearshift.vmm.cpu.NamedCpu;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.engine.TranslationCache;
import org.gearshift.vmm.replay.Origin;
import org.gearshift.vmm.replay.Recording;
import org.gearshift.vmm.replay.Timeline;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code gearshift run}: boots a kernel with its serial console on the terminal. */
@Command(name = "run", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Boots a kernel: Linux bzImage or vmlinux, multiboot, PVH or plain ELF. Without --kernel, the embedded sample kernel.",
            "On the terminal: Ctrl-A x quits, Ctrl-A h lists the other keys."},
        versionProvider = Gearshift.Version.class, exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:the guest powered off, or the user quit",
            "1:failure while running; with --lockstep, a difference was found",
            "2:bad usage or unusable input",
            "3:the guest triple-faulted, or its domain crashed",
            "4:the guest asked for a reset (reboot, or a panic with panic=-1)",
            "5:the instruction limit was reached",
            "6:the guest halted for good, with interrupts off",
            "other:(value << 1) | 1 for a value the guest wrote to the debug-exit port 0xf4"})
class RunCommand implements Callable<Integer> {
    private static final int LINE = 100;
    private static final int FEATURE_INDENT = 9;

    /** {@code --backend}. */
    enum Backend { INTERPRETER, JVM }

    /** {@code --mode}: the gears. */
    enum Mode { FULL, PV }

    @ParentCommand
    private Gearshift root;

    @Spec
    private CommandSpec spec;

    @Option(names = "--kernel", paramLabel = "FILE", description = "Kernel image; the sample kernel if absent, or its paravirtual twin.")
    private Path kernel;

    @Option(names = "--initrd", paramLabel = "FILE", description = "Initial RAM disk, or the module of a multiboot kernel.")
    private Path initrd;

    @Option(names = "--append", paramLabel = "TEXT", defaultValue = "", description = "Kernel command line.")
    private String append;

    @Option(names = "--mode", paramLabel = "full|pv", defaultValue = "FULL",
            description = "A PC, or a paravirtual Xen domain for kernels that can be one, with its console on hvc0 (default full).")
    private Mode mode;

    @Mixin
    private DeviceOptions devices;

    @Option(names = {"-m", "--memory"}, paramLabel = "SIZE", defaultValue = "256M", converter = MemorySize.class,
            description = "Guest memory, 8M to 63G; with --mode pv or --lockstep, to 2040M (default ${DEFAULT-VALUE}).")
    private long memory;

    @Option(names = "--cpus", paramLabel = "N", defaultValue = "1",
            description = "Number of processors, 1 to 32; with --clock virtual they take turns (default ${DEFAULT-VALUE}).")
    private String cpus;

    @Option(names = "--cpu", paramLabel = "NAME[,+FEATURE,-FEATURE...]",
            description = "Processor, with features added and taken away; 'help' lists both (default 686, or x86-64 for a 64-bit kernel, of several x86-64,-cx16).")
    private String cpu;

    @Option(names = "--clock", paramLabel = "host|virtual", defaultValue = "HOST",
            description = "Time of the host, or time derived from the count of retired instructions: then runs repeat exactly (default host).")
    private VmConfig.Clock clock;

    @Option(names = "--serial", paramLabel = "WHERE",
            description = "First serial port: stdio, stdout, file:PATH, tcp:PORT or tcp:HOST:PORT (waits for one connection), or none "
                    + "(default stdio; none with --console stdio; stdout with --debug).")
    private String serial;

    @Option(names = "--backend", paramLabel = "jvm|interpreter", defaultValue = "JVM",
            description = "Compile hot code to JVM bytecode, or interpret everything (default jvm).")
    private Backend backend;

    @Option(names = "--passes", paramLabel = "PASS[,PASS...]", description = "Passes over code that is compiled, or none (default all): for finding out which one to blame, and what each gives.")
    private String passes;

    @Option(names = "--translation-cache", paramLabel = "DIR",
            description = "Keep in this directory what was hot, for later runs to compile it sooner: which code, by its bytes and wherever it lies, never code itself.")
    private Path translationCache;

    @Option(names = "--max-instructions", paramLabel = "N", description = "Stop after N guest instructions, with exit code 5.")
    private Long maxInstructions;

    @Option(names = "--lockstep", description = "Run interpreter and compiled code side by side and compare all guest state after every block; implies --clock virtual.")
    private boolean lockstep;

    @Mixin
    private RecordOptions recording;

    @Mixin
    private DebugOptions debugging;

    @Mixin
    private TraceOptions tracing;

    /** How it is debugged. */
    DebugOptions debugging() {
        return debugging;
    }

    /** The run is debugged, whatever its options. */
    void debug() {
        debugging.debug();
    }

    /** Null unless it is replayed. */
    private Recording recorded;

    @Option(names = "--stats", description = "Print a summary at the end, on standard error.")
    private boolean statistics;

    @Override
    public Integer call() throws Exception {
        recording.check(spec);
        if (recording.isReplayed()) {
            recorded = recording.recording();
            becomeRecordedMachine();
        }
        if (recording.isRecorded()) {
            requireRepeatable();
        }
        if (maxInstructions != null && maxInstructions <= 0) {
            throw new Gearshift.UsageError("--max-instructions must be positive");
        }
        if (tracing.isOn() && (processors() > 1 || lockstep)) {
            throw new Gearshift.UsageError(tracing.option() + " follows one processor of one machine: leave out " + (lockstep ? "--lockstep" : "--cpus"));
        }
        if (tracing.isOn()) {
            tracing.check();
            debugging.requireNone(tracing.option());
        }
        if (translationCache != null && (lockstep || backend == Backend.INTERPRETER)) {
            throw new Gearshift.UsageError("--translation-cache is for code that is compiled: leave out " + (lockstep ? "--lockstep" : "--backend interpreter"));
        }
        if (processors() > 1 && lockstep) {
            throw new Gearshift.UsageError("--lockstep compares machines with one processor: leave out --cpus");
        }
        if (memory > MemorySize.MAX_COMPACT && (lockstep || mode == Mode.PV)) {
            throw new Gearshift.UsageError("--memory: with " + (lockstep ? "--lockstep" : "--mode pv") + " guest memory is at most " + (MemorySize.MAX_COMPACT >>> 20) + "M");
        }
        if ("help".equals(cpu)) {
            listProcessors(spec.commandLine().getOut());
            return 0;
        }
        if (kernel == null && initrd != null) {
            throw new Gearshift.UsageError("--initrd without --kernel: the sample kernel takes none");
        }
        KernelImage image = kernel == null ? sample() : new KernelImage(kernel.toString(), read(kernel, "kernel"));
        byte[] module = initrd == null ? new byte[0] : read(initrd, "RAM disk");
        image.kind();
        CpuModel processor = processor(image);
        long limit = maxInstructions == null ? Long.MAX_VALUE : maxInstructions;
        try (SerialEndpoint endpoint = SerialEndpoint.open("--serial", serialEnd(), spec.commandLine().getErr())) {
            if (lockstep) {
                devices.requireShareable();
                debugging.requireNone("--lockstep");
                return runLockstep(image, processor, module, limit, endpoint);
            }
            return run(image, processor, module, limit, endpoint);
        }
    }

    /** Takes over the machine's options from the recording. */
    private void becomeRecordedMachine() {
        RunCommand was = new RunCommand();
        new CommandLine(was).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(RecordOptions.arguments(recorded));
        kernel = kernel == null ? was.kernel : kernel;
        initrd = initrd == null ? was.initrd : initrd;
        append = was.append;
        mode = was.mode;
        memory = was.memory;
        cpus = was.cpus;
        cpu = was.cpu;
        maxInstructions = was.maxInstructions;
        devices = was.devices;
        devices.withoutInput();
        serial = serial == null ? "stdout" : serial;
        clock = VmConfig.Clock.VIRTUAL;
    }

    private void requireRepeatable() {
        clock = VmConfig.Clock.VIRTUAL;
        devices.requireUnchanged("--record");
        if (lockstep) {
            throw new Gearshift.UsageError("--record and --lockstep do not go together");
        }
        debugging.requireNone("--record");
        processors();
    }

    private KernelImage sample() throws BootException {
        return mode == Mode.PV ? SampleKernel.paravirtualImage() : SampleKernel.image();
    }

    private int processors() {
        int n = cpus.matches("\\d{1,3}") ? Integer.parseInt(cpus) : 0;
        if (n < 1 || n > VmConfig.MAX_CPUS) {
            throw new Gearshift.UsageError("--cpus " + cpus + ": not a number of processors, 1 to " + VmConfig.MAX_CPUS);
        }
        return n;
    }

    /** There is one terminal. */
    private String serialEnd() {
        boolean taken = devices.takesTerminal();
        if (debugging.takesTerminal()) {
            if (taken || "stdio".equals(serial)) {
                throw new Gearshift.UsageError("the debugger has the terminal: give the guest's console another place, such as --serial stdout");
            }
            return serial != null ? serial : "stdout";
        }
        if (taken && "stdio".equals(serial)) {
            throw new Gearshift.UsageError("--serial stdio and --console stdio: only one of them can have the terminal");
        }
        return serial != null ? serial : taken ? "none" : "stdio";
    }

    private CpuModel processor(KernelImage image) throws BootException {
        if (cpu == null) {
            return mode == Mode.PV ? XenVm.defaultProcessor(processors()) : Vm.processorFor(image, processors());
        }
        try {
            return NamedCpu.choose(cpu);
        } catch (IllegalArgumentException e) {
            throw new Gearshift.UsageError("--cpu " + cpu + ": " + e.getMessage());
        }
    }

    private static void listProcessors(PrintWriter out) {
        for (NamedCpu c : NamedCpu.values()) {
            out.printf("%-8s %s%n", c.label(), c.description());
            StringJoiner line = new StringJoiner(" ", " ".repeat(FEATURE_INDENT), System.lineSeparator());
            for (CpuFeature f : CpuFeature.values()) {
                if (c.model().has(f)) {
                    if (line.length() + f.label().length() > LINE) {
                        out.print(line);
                        line = new StringJoiner(" ", " ".repeat(FEATURE_INDENT), System.lineSeparator());
                    }
                    line.add(f.label());
                }
            }
            out.print(line);
        }
        StringJoiner others = new StringJoiner(", ");
        for (CpuFeature f : CpuFeature.values()) {
            if (!NamedCpu.MAX.model().has(f)) {
                others.add(f.label());
            }
        }
        out.println("Features of none: " + others);
        out.flush();
    }

    /** A file given on the command line; {@code what} names it in messages. */
    static byte[] read(Path file, String what) throws IOException {
        if (Files.isDirectory(file)) {
            throw new Gearshift.UsageError(file + ": is a directory, not a " + what);
        }
        if (Files.size(file) > MemorySize.MAX_COMPACT) {
            throw new Gearshift.UsageError(file + ": too large for a " + what);
        }
        return Files.readAllBytes(file);
    }

    private VmConfig config(VmConfig.Clock c, EngineOptions engine) {
        return new VmConfig(memory, c, engine, processors());
    }

    private EngineOptions engine(EngineOptions.Backend what) {
        EngineOptions d = EngineOptions.of(what);
        return passes == null ? d : new EngineOptions(what, d.hotThreshold(), d.regionInsns(), d.dominance(), false, false,
                d.recipe().withPasses(d.recipe().interpreted(), Optimization.named(passes)));
    }

    private int run(KernelImage image, CpuModel processor, byte[] module, long limit, SerialEndpoint endpoint) throws Exception {
        boolean compile = backend == Backend.JVM && !(tracing.isOn() && tracing.tracesBlocks());
        TranslationCache translations = translations();
        EngineOptions engine = engine(compile ? EngineOptions.Backend.JVM : EngineOptions.Backend.INTERPRETER).with(translations);
        long start = System.nanoTime();
        PrintWriter messages = spec.commandLine().getErr();
        try (DeviceOptions plugged = devices; Timeline timeline = timeline(image, module)) {
            VmConfig config = config(clock, engine).with(timeline);
            if (mode == Mode.PV) {
                XenVm vm = new XenVm(config, processor, endpoint::transmit);
                plugged.attach(vm, clock, messages);
                vm.load(image, module, append);
                int code = run(vm, limit, endpoint, start);
                save(translations, messages);
                report(messages, timeline, vm.retired(), vm::stateHash);
                return code;
            }
            Vm vm = new Vm(config, processor, endpoint::transmit);
            plugged.attach(vm, clock, messages);
            vm.load(image, module, initrd == null ? "" : initrd.toString(), append);
            int code = run(vm, limit, endpoint, start);
            save(translations, messages);
            report(messages, timeline, vm.retired(), vm::stateHash);
            return code;
        }
    }

    private TranslationCache translations() {
        try {
            return translationCache == null ? null : TranslationCache.in(translationCache);
        } catch (IOException e) {
            throw new Gearshift.UsageError("--translation-cache " + translationCache + ": " + e.getMessage());
        }
    }

    /** What cannot be kept is missed by later runs only. */
    private void save(TranslationCache translations, PrintWriter messages) {
        try {
            if (translations != null) {
                translations.save();
            }
        } catch (IOException e) {
            messages.println("gearshift: --translation-cache " + translationCache + ": not written: " + e.getMessage());
        }
    }

    private void report(PrintWriter messages, Timeline timeline, long retired, Supplier<String> state) {
        if (recording.isRecorded() || recording.isReplayed()) {
            recording.report(messages, timeline, retired, state.get());
        }
    }

    /** What comes between the machine and the outside; null: nothing. */
    private Timeline timeline(KernelImage image, byte[] module) throws IOException {
        if (recorded != null) {
            RecordOptions.verify(recorded, image.array(), module, devices.disks());
            return Timeline.replay(recorded);
        }
        if (recording.isRecorded()) {
            return recording.begin(spec, image.array(), module, devices.disks());
        }
        return debugging.isOn() && clock == VmConfig.Clock.VIRTUAL && mode == Mode.FULL ? Timeline.inMemory(Origin.USUAL) : null;
    }

    private int run(Machine vm, long limit, SerialEndpoint endpoint, long start) throws Exception {
        VmOutcome outcome;
        try (Closeable debug = debugging.attach(vm, kernel, spec.commandLine().getOut(), spec.commandLine().getErr()); TraceOptions trace = tracing) {
            trace.attach(vm, () -> kernel == null ? SymbolTable.EMPTY : SymbolReader.read(kernel), debugging.symbols() != null ? debugging.symbols() : kernel);
            endpoint.attach(vm, vm::serialInput);
            outcome = trace.run(vm, limit);
            trace.report(spec.commandLine().getErr());
        }
        endpoint.flush();
        devices.flush();
        PrintWriter err = spec.commandLine().getErr();
        report(err, outcome);
        if (statistics) {
            err.print(vm.statistics(System.nanoTime() - start));
            devices.printStatistics(err);
            err.flush();
        }
        return debugging.hasFailed() ? 1 : outcome.exitCode();
    }

    private void report(PrintWriter err, VmOutcome outcome) {
        if (outcome.message() != null) {
            err.println("gearshift: " + outcome.message());
        }
    }

    private int runLockstep(KernelImage image, CpuModel processor, byte[] module, long limit, SerialEndpoint endpoint) throws Exception {
        Lockstep.Result r;
        try (DeviceOptions plugged = devices) {
            if (mode == Mode.PV && plugged.any()) {
                throw new Gearshift.UsageError("--lockstep --mode pv: without devices");
            }
            Lockstep l = mode == Mode.PV ? Lockstep.ofDomains(memory, processor, image, module, append, endpoint::transmit)
                    : new Lockstep(memory, processor, image, module, initrd == null ? "" : initrd.toString(), append, endpoint::transmit,
                    (vm, shown) -> plugged.attach(vm, VmConfig.Clock.VIRTUAL, spec.commandLine().getErr()));
            r = l.run(limit);
        }
        endpoint.flush();
        PrintWriter err = spec.commandLine().getErr();
        err.println("gearshift: " + r.summary());
        return r.difference() == null ? r.outcome().exitCode() : 1;
    }
}
