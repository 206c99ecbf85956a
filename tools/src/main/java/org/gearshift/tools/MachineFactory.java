package org.gearshift.tools;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.gearshift.samples.SampleKernel;
import org.gearshift.vmm.HostMemoryException;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.XenVm;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.cpu.CpuModel;
import org.gearshift.vmm.cpu.NamedCpu;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.host.HostedVm;
import org.gearshift.vmm.host.VmConsole;
import org.gearshift.vmm.host.VmHost;
import org.gearshift.vmm.policy.Denied;

/** Makes machines of descriptions, and puts them on a host. */
final class MachineFactory {
    private final VmHost host;
    private final Path logs;
    private final PrintWriter messages;

    /**
     * @param logs folder where machines that name no log have theirs, NAME.log; null for none
     * @param messages gets notes for the user
     */
    MachineFactory(VmHost host, Path logs, PrintWriter messages) {
        this.host = host;
        this.logs = logs;
        this.messages = messages;
    }

    /** Looks whether there is memory for all of them. @param most what they may have together, in bytes; 0: as much as there is */
    static void checkMemory(List<MachineSpec> machines, long most) {
        long wanted = machines.stream().mapToLong(m -> m.memory).sum();
        if (most != 0 && wanted > most) {
            throw new Gearshift.UsageError("the machines have " + (wanted >>> 20) + " MiB of memory together, more than the limit of " + (most >>> 20) + " MiB");
        }
        try {
            HostMemoryException.check(wanted);
        } catch (HostMemoryException e) {
            throw new Gearshift.UsageError(e.getMessage());
        }
    }

    /** Makes a machine, not started. Errors name it. */
    HostedVm make(MachineSpec spec) throws IOException, BootException {
        DeviceOptions devices = DeviceOptions.of(spec);
        try {
            return make(spec, devices);
        } catch (Gearshift.UsageError | BootException | HostMemoryException e) {
            devices.close();
            throw new Gearshift.UsageError("machine '" + spec.name + "': " + e.getMessage());
        } catch (NoSuchFileException e) {
            devices.close();
            throw new Gearshift.UsageError("machine '" + spec.name + "': " + e.getMessage() + ": no such file");
        } catch (IOException | RuntimeException e) {
            devices.close();
            throw e;
        }
    }

    private HostedVm make(MachineSpec spec, DeviceOptions devices) throws IOException, BootException {
        askPolicy(spec);
        KernelImage kernel = kernel(spec);
        byte[] initrd = spec.initrd == null ? new byte[0] : RunCommand.read(spec.initrd, "RAM disk");
        EngineOptions engine = EngineOptions.of(spec.backend == RunCommand.Backend.JVM ? EngineOptions.Backend.JVM : EngineOptions.Backend.INTERPRETER);
        VmConfig config = new VmConfig(spec.memory, spec.clock, engine, spec.cpus);
        VmConsole console = new VmConsole(log(spec));
        Machine machine = spec.mode == RunCommand.Mode.PV ? domain(spec, config, kernel, initrd, devices, console)
                : pc(spec, config, kernel, initrd, devices, console);
        return host.add(spec.profile(), machine, console, devices);
    }

    private void askPolicy(MachineSpec spec) throws IOException {
        try {
            for (DiskOption disk : spec.disks) {
                boolean writes = !disk.readOnly() && !disk.snapshot();
                host.policy().attachDisk(spec.name, PolicyFile.diskName(disk.file()), writes);
                for (Path below : disk.filesBelow()) {
                    host.policy().attachDisk(spec.name, PolicyFile.diskName(below), false);
                }
            }
            if (spec.net.present()) {
                host.policy().attachNetwork(spec.name, "user");
            }
        } catch (Denied e) {
            host.policy().left(spec.name);
            throw new Gearshift.UsageError(e.getMessage());
        }
    }

    private static KernelImage kernel(MachineSpec spec) throws IOException, BootException {
        if (spec.kernel == null) {
            return spec.mode == RunCommand.Mode.PV ? SampleKernel.paravirtualImage() : SampleKernel.image();
        }
        KernelImage image = new KernelImage(spec.kernel.toString(), RunCommand.read(spec.kernel, "kernel"));
        image.kind();
        return image;
    }

    private Machine domain(MachineSpec spec, VmConfig config, KernelImage kernel, byte[] initrd, DeviceOptions devices, VmConsole console)
            throws IOException, BootException {
        XenVm vm = new XenVm(config, processor(spec, kernel), console, host.domains(), spec.name);
        devices.attach(vm, spec.clock, messages);
        vm.load(kernel, initrd, spec.append);
        return vm;
    }

    private Machine pc(MachineSpec spec, VmConfig config, KernelImage kernel, byte[] initrd, DeviceOptions devices, VmConsole console)
            throws IOException, BootException {
        Vm vm = new Vm(config, processor(spec, kernel), console);
        devices.attach(vm, spec.clock, messages);
        vm.load(kernel, initrd, spec.initrd == null ? "" : spec.initrd.toString(), spec.append);
        return vm;
    }

    private static CpuModel processor(MachineSpec spec, KernelImage kernel) throws BootException {
        if (spec.cpu == null) {
            return spec.mode == RunCommand.Mode.PV ? XenVm.defaultProcessor(spec.cpus) : Vm.processorFor(kernel, spec.cpus);
        }
        try {
            return NamedCpu.choose(spec.cpu);
        } catch (IllegalArgumentException e) {
            throw new Gearshift.UsageError("cpu " + spec.cpu + ": " + e.getMessage());
        }
    }

    private OutputStream log(MachineSpec spec) throws IOException {
        Path file = spec.log != null ? spec.log : logs == null ? null : logs.resolve(spec.name + ".log");
        if (file == null) {
            return null;
        }
        if (Files.isDirectory(file)) {
            throw new Gearshift.UsageError("log " + file + ": is a directory");
        }
        return Files.newOutputStream(file);
    }
}
