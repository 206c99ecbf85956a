package org.gearshift.tools;

import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.virtio.EntropySource;
import org.gearshift.vmm.virtio.VirtioRng;
import picocli.CommandLine.Option;

/** The devices {@code gearshift run} adds to a machine. */
final class DeviceOptions {
    @Option(names = "--rng", description = "Add a virtio source of random numbers; with --clock virtual, always the same ones.")
    private boolean rng;

    /** Plugs them in, in an order that does not depend on that of the options. */
    void attach(Vm vm, VmConfig.Clock clock) {
        if (rng) {
            vm.attach(new VirtioRng(clock == VmConfig.Clock.VIRTUAL ? EntropySource.seeded(0) : EntropySource.secure()));
        }
    }
}
