package org.gearshift.tools.compare;

import org.gearshift.samples.SampleKernel;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.XenVm;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.device.SerialBackend;
import org.gearshift.vmm.engine.EngineOptions;

/** What is run in both gears. */
interface Workload {
    /** On the guest's command line: how often each row is gone through in a run. Of the later half, the shortest is the result. */
    String ROUNDS = "rounds=";
    /** The same for the names of rows: the others are left out. */
    String ONLY = "only=";

    /** A machine in one gear, loaded and ready to run. */
    Machine machine(boolean paravirtual, SerialBackend console) throws BootException;

    /** What it is, in a few words. */
    String description();

    private static VmConfig config(long memory) {
        return new VmConfig(memory, VmConfig.Clock.HOST, EngineOptions.of(EngineOptions.Backend.JVM));
    }

    /** The embedded sample kernel and its twin. @param wide the 64-bit pair @param rounds how often each row is gone through */
    static Workload samples(boolean wide, long memory, int rounds) {
        return new Workload() {
            @Override
            public Machine machine(boolean paravirtual, SerialBackend console) throws BootException {
                KernelImage kernel = wide ? paravirtual ? SampleKernel.paravirtualImage() : SampleKernel.image64()
                        : paravirtual ? SampleKernel.paravirtualImage32() : SampleKernel.image();
                return load(kernel, new byte[0], ROUNDS + rounds, paravirtual, memory, console);
            }

            @Override
            public String description() {
                return "the sample kernel and its paravirtual twin, " + (wide ? 64 : 32) + "-bit";
            }
        };
    }

    /** One Linux kernel file, with a RAM disk whose {@code /init} measures. @param rounds what it finds in its environment @param only as well; null: all rows */
    static Workload linux(KernelImage kernel, byte[] initrd, long memory, int rounds, String only) {
        return new Workload() {
            @Override
            public Machine machine(boolean paravirtual, SerialBackend console) throws BootException {
                String line = "console=" + (paravirtual ? "hvc0" : "ttyS0") + " quiet panic=-1 " + ROUNDS + rounds + (only == null ? "" : " " + ONLY + only);
                return load(kernel, initrd, line, paravirtual, memory, console);
            }

            @Override
            public String description() {
                return kernel.name();
            }
        };
    }

    private static Machine load(KernelImage kernel, byte[] initrd, String line, boolean paravirtual, long memory, SerialBackend console) throws BootException {
        if (paravirtual) {
            XenVm vm = new XenVm(config(memory), XenVm.defaultProcessor(1), console);
            vm.load(kernel, initrd, line);
            return vm;
        }
        Vm vm = new Vm(config(memory), Vm.processorFor(kernel), console);
        vm.load(kernel, initrd, "initrd", line);
        return vm;
    }
}
