package org.gearshift.tools;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.disk.DiskImage;
import org.gearshift.vmm.net.Forward;
import org.gearshift.vmm.net.UserNetwork;
import org.gearshift.vmm.net.UserNetworkOptions;
import org.gearshift.vmm.virtio.EntropySource;
import org.gearshift.vmm.virtio.IoExecutor;
import org.gearshift.vmm.virtio.VirtioBlk;
import org.gearshift.vmm.virtio.VirtioRng;
import picocli.CommandLine.Option;

/** The devices {@code gearshift run} adds to a machine. */
final class DeviceOptions implements AutoCloseable {
    @Option(names = "--disk", paramLabel = "FILE[,OPTION...]", converter = DiskOption.Converter.class,
            description = {"Add a virtio disk (repeatable): a raw image, or qcow2 if its name ends so. Options: format=raw|qcow2, ro (read-only),",
                "snapshot (changes are forgotten at the end), serial=TEXT, block-size=512|4096, backing=anywhere (else a qcow2 image's backing",
                "files must be in its own folder)."})
    private List<DiskOption> disks = new ArrayList<>();

    @Option(names = "--rng", description = "Add a virtio source of random numbers; with --clock virtual, always the same ones.")
    private boolean rng;

    @Option(names = "--net", paramLabel = "user[,OPTION...]|none", converter = NetOption.Converter.class,
            description = {"Add a virtio network interface with a network of its own behind this process's sockets, or none (default). The guest gets 10.0.2.15",
                "by DHCP; 10.0.2.2 is the gateway, and the host's loopback. Options: mac=ADDRESS, restrict=on (forwarded ports only),",
                "dns=ADDRESS[:PORT] (where queries to 10.0.2.3 go; default the host's server)."})
    private NetOption net = NetOption.NONE;

    @Option(names = "--forward", paramLabel = "tcp|udp:[ADDRESS:]PORT:GUESTPORT", converter = NetOption.ForwardConverter.class,
            description = "Let a port of the host lead to one of the guest (repeatable); needs --net user. Without ADDRESS it listens on the loopback address.")
    private List<Forward> forwards = new ArrayList<>();

    private UserNetwork network;

    private final List<VirtioBlk> attached = new ArrayList<>();

    /** Complains about options that do not go together. @param messages gets a note about such that do, with consequences */
    void check(VmConfig.Clock clock, boolean lockstep, PrintWriter messages) {
        if (!net.present()) {
            if (!forwards.isEmpty()) {
                throw new Gearshift.UsageError("--forward needs --net user");
            }
            return;
        }
        if (lockstep) {
            throw new Gearshift.UsageError("--net does not go with --lockstep: two machines cannot have one conversation");
        }
        if (clock == VmConfig.Clock.VIRTUAL && !(net.restricted() && forwards.isEmpty())) {
            messages.println("gearshift: --clock virtual with --net: a run repeats only until the guest talks to somebody outside");
            messages.flush();
        }
    }

    private void attachNetwork(Vm vm) {
        if (net.present()) {
            try {
                network = vm.connect(new UserNetworkOptions(net.restricted(), net.dns(), forwards), net.mac());
            } catch (IOException e) {
                throw new Gearshift.UsageError("--forward: " + e.getMessage());
            }
        }
    }

    /** Plugs them in: disks first, in their order, then the network. */
    void attach(Vm vm, VmConfig.Clock clock) throws IOException {
        boolean repeatable = clock == VmConfig.Clock.VIRTUAL;
        for (DiskOption option : disks) {
            int number = attached.size();
            DiskImage image = option.open();
            String serial = option.serial() == null ? "GEARSHIFT-" + number : option.serial();
            VirtioBlk disk = new VirtioBlk(number, image, repeatable ? IoExecutor.inline() : IoExecutor.thread("disk" + number), serial, option.blockSize());
            attached.add(disk);
            vm.attach(disk);
        }
        attachNetwork(vm);
        if (rng) {
            vm.attach(new VirtioRng(repeatable ? EntropySource.seeded(0) : EntropySource.secure()));
        }
    }

    /** Closes the network's sockets; finishes what disks have under way, and closes their images. */
    @Override
    public void close() throws IOException {
        if (network != null) {
            network.close();
            network = null;
        }
        IOException first = null;
        for (VirtioBlk disk : attached) {
            try {
                disk.close();
            } catch (IOException e) {
                first = first == null ? e : first;
            }
        }
        attached.clear();
        if (first != null) {
            throw first;
        }
    }
}
