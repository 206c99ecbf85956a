package org.gearshift.tools;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.samples.SampleKernel;
import org.gearshift.tools.symbols.KernelTypes;
import org.gearshift.tools.symbols.SymbolFormatException;
import org.gearshift.tools.symbols.SymbolReader;
import org.gearshift.tools.symbols.SymbolTable;
import org.gearshift.tools.unwind.ProgramFrames;
import org.gearshift.tools.unwind.UserProgram;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.XenVm;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.device.SerialBackend;
import org.gearshift.vmm.engine.EngineOptions;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which guest a command that looks into one runs: a machine with one processor and without devices of its own. */
final class GuestOptions {
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

    @Option(names = "--symbols", paramLabel = "FILE", description = "Where names come from, if not from the kernel: a System.map, kallsyms, or an ELF file.")
    private Path symbols;

    @Mixin
    private ProgramOption programs;

    @Option(names = "--max-instructions", paramLabel = "N", description = "Stop after N guest instructions (default: when the guest ends).")
    private Long most;

    private KernelImage image;
    private byte[] module;

    boolean isParavirtual() {
        return mode == RunCommand.Mode.PV;
    }

    /** Bytes. */
    long memory() {
        return memory;
    }

    /** Most instructions to run. */
    long limit() {
        if (most != null && most <= 0) {
            throw new Gearshift.UsageError("--max-instructions must be positive");
        }
        return most == null ? Long.MAX_VALUE : most;
    }

    private KernelImage image() throws IOException, BootException {
        if (image == null) {
            if (kernel == null && initrd != null) {
                throw new Gearshift.UsageError("--initrd without --kernel: the sample kernel takes none");
            }
            module = initrd == null ? new byte[0] : RunCommand.read(initrd, "RAM disk");
            image = kernel == null ? isParavirtual() ? SampleKernel.paravirtualImage() : SampleKernel.image()
                    : new KernelImage(kernel.toString(), RunCommand.read(kernel, "kernel"));
            image.kind();
        }
        return image;
    }

    /** A machine that has been loaded. */
    Machine machine(VmConfig.Clock clock, EngineOptions engine, SerialBackend console) throws BootException, IOException {
        KernelImage k = image();
        VmConfig config = new VmConfig(memory, clock, engine);
        if (isParavirtual()) {
            XenVm vm = new XenVm(config, XenVm.defaultProcessor(1), console);
            vm.load(k, module, append);
            return vm;
        }
        Vm vm = new Vm(config, Vm.processorFor(k), console);
        vm.load(k, module, initrd == null ? "" : initrd.toString(), append);
        return vm;
    }

    /** Types that the kernel carries. */
    KernelTypes types() throws IOException, BootException {
        try {
            return KernelTypes.of(image());
        } catch (SymbolFormatException e) {
            return KernelTypes.NONE;
        }
    }

    /** Names of the file that was given, or of the kernel, if it has any. */
    SymbolTable names() throws IOException, BootException {
        if (symbols != null) {
            return SymbolReader.read(symbols);
        }
        try {
            return SymbolReader.read(image().name(), image().array());
        } catch (SymbolFormatException e) {
            return SymbolTable.EMPTY;
        }
    }

    /** Call frames of the same files. */
    List<ProgramFrames> frames() throws IOException, BootException {
        List<ProgramFrames> all = new ArrayList<>();
        if (symbols != null) {
            all.add(ProgramFrames.of(symbols));
        }
        KernelImage k = image();
        all.add(new ProgramFrames(k.name(), k::array));
        return all;
    }

    /** Programs beside the kernel. */
    List<UserProgram> programs() throws IOException, BootException {
        return programs.read();
    }
}
