package org.gearshift.tools;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.gearshift.samples.SampleKernel;
import org.gearshift.tools.diverge.Finding;
import org.gearshift.tools.diverge.Gear;
import org.gearshift.tools.diverge.Hunt;
import org.gearshift.tools.diverge.QemuHunt;
import org.gearshift.tools.symbols.SymbolFormatException;
import org.gearshift.tools.symbols.SymbolReader;
import org.gearshift.tools.symbols.SymbolTable;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.XenVm;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.device.SerialBackend;
import org.gearshift.vmm.engine.EngineOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code gearshift diverge}: where two engines come apart, and why. */
@Command(name = "diverge", mixinStandardHelpOptions = true, sortOptions = false, versionProvider = Gearshift.Version.class,
        description = {"Runs a guest on two engines in step, on the virtual clock, until their states differ; then names the first instruction at fault, and the lifter, pass or engine to blame.",
            "Engines: interpreter, jvm, either with passes (jvm:none, jvm:simplify,dead-puts); qemu, which steps a 32-bit kernel by way of QEMU's stub for GDB, on loopback.",
            "Example: gearshift diverge interpreter jvm --kernel vmlinuz --max-instructions 20000000"},
        exitCodeListHeading = "%nExit codes:%n", exitCodeList = {"0:they agree as far as they ran", "1:they differ", "2:bad usage or unusable input"})
final class DivergeCommand implements Callable<Integer> {
    private static final String QEMU = "qemu";

    @ParentCommand
    private Gearshift root;

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "A", description = "One engine.")
    private String first;

    @Parameters(index = "1", paramLabel = "B", description = "The other engine.")
    private String second;

    @Option(names = "--kernel", paramLabel = "FILE", description = "Kernel image; the sample kernel if absent.")
    private Path kernel;

    @Option(names = "--initrd", paramLabel = "FILE", description = "Initial RAM disk.")
    private Path initrd;

    @Option(names = "--append", paramLabel = "TEXT", defaultValue = "", description = "Kernel command line.")
    private String append;

    @Option(names = "--mode", paramLabel = "full|pv", defaultValue = "FULL", description = "A PC, or a paravirtual domain (default full).")
    private RunCommand.Mode mode;

    @Option(names = {"-m", "--memory"}, paramLabel = "SIZE", defaultValue = "64M", converter = MemorySize.class, description = "Guest memory (default ${DEFAULT-VALUE}).")
    private long memory;

    @Option(names = "--symbols", paramLabel = "FILE", description = "Where names come from, if not from the kernel.")
    private Path symbols;

    @Option(names = "--max-instructions", paramLabel = "N", description = "Stop after N guest instructions (default: when the guest ends).")
    private Long most;

    @Override
    public Integer call() throws Exception {
        if (most != null && most <= 0) {
            throw new Gearshift.UsageError("--max-instructions must be positive");
        }
        KernelImage image = kernel == null ? mode == RunCommand.Mode.PV ? SampleKernel.paravirtualImage() : SampleKernel.image()
                : new KernelImage(kernel.toString(), RunCommand.read(kernel, "kernel"));
        image.kind();
        if (memory > MemorySize.MAX_ARRAY) {
            throw new Gearshift.UsageError("--memory: guest memory that is compared is at most " + (MemorySize.MAX_ARRAY >>> 20) + "M");
        }
        byte[] module = initrd == null ? new byte[0] : RunCommand.read(initrd, "RAM disk");
        PrintWriter out = spec.commandLine().getOut();
        long limit = most == null ? Long.MAX_VALUE : most;
        if (first.equals(QEMU) || second.equals(QEMU)) {
            QemuHunt hunt = new QemuHunt(engine -> machine(engine, image, module), Gear.parse(first.equals(QEMU) ? second : first));
            if (mode == RunCommand.Mode.PV) {
                throw new Gearshift.UsageError("qemu runs no paravirtual domains: leave out --mode pv");
            }
            Finding f = hunt.run(limit);
            out.print(f == null ? hunt.summary() + "\n" : f.print(names(image)));
            out.flush();
            return f == null ? 0 : 1;
        }
        Gear a = Gear.parse(first);
        Gear b = Gear.parse(second);
        Hunt hunt = new Hunt(engine -> machine(engine, image, module), a, b);
        Finding f = hunt.run(limit);
        if (f == null) {
            out.printf("%s and %s agree: %,d instructions, state compared after every block, RAM at intervals%n", a.name(), b.name(), hunt.instructions());
            out.flush();
            return 0;
        }
        out.print(f.print(names(image)));
        out.flush();
        return 1;
    }

    private Machine machine(EngineOptions engine, KernelImage image, byte[] module) throws BootException, IOException {
        VmConfig config = new VmConfig(memory, VmConfig.Clock.VIRTUAL, engine);
        if (mode == RunCommand.Mode.PV) {
            XenVm vm = new XenVm(config, Vm.processorFor(image), SerialBackend.NONE);
            vm.load(image, module, append);
            return vm;
        }
        Vm vm = new Vm(config, Vm.processorFor(image), SerialBackend.NONE);
        vm.load(image, module, initrd == null ? "" : initrd.toString(), append);
        return vm;
    }

    private SymbolTable names(KernelImage image) throws IOException, BootException {
        try {
            return symbols != null ? SymbolReader.read(symbols) : SymbolReader.read(image.name(), image.array());
        } catch (SymbolFormatException e) {
            if (symbols != null) {
                throw e;
            }
            return SymbolTable.EMPTY;
        }
    }
}
