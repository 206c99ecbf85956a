package org.gearshift.tools;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.XenVm;
import org.gearshift.vmm.disk.DiskImage;
import org.gearshift.vmm.virtio.IoExecutor;
import org.gearshift.vmm.virtio.VirtioBlk;
import org.gearshift.vmm.virtio.VirtioConsole;
import org.gearshift.vmm.virtio.VirtioRng;
import picocli.CommandLine.Mixin;
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

    @Option(names = "--console", paramLabel = "WHERE",
            description = "Add a virtio console, Linux's hvc0: stdio, file:PATH, tcp:PORT or tcp:HOST:PORT (waits for one connection), or none.")
    private String console;

    @Mixin
    private NetworkOptions network = new NetworkOptions();

    private final List<VirtioBlk> attached = new ArrayList<>();
    private final List<DiskImage> images = new ArrayList<>();
    private SerialEndpoint consoleEnd;

    /** The devices of a machine that is described otherwise than by options. */
    static DeviceOptions of(MachineSpec machine) {
        DeviceOptions devices = new DeviceOptions();
        devices.disks = machine.disks;
        devices.rng = machine.rng;
        devices.network = NetworkOptions.of(machine.net, machine.forwards);
        return devices;
    }

    /** Whether any device is wanted. */
    boolean any() {
        return !disks.isEmpty() || rng || console != null || network.any();
    }

    /** For lockstep: two machines can have the same disk if neither changes it, and there is one console. */
    void requireShareable() {
        requireUnchanged("--lockstep runs two machines");
        if (console != null) {
            throw new Gearshift.UsageError("--lockstep runs two machines, which cannot share --console");
        }
        if (network.any()) {
            throw new Gearshift.UsageError("--lockstep runs two machines, which cannot share --net: it is one conversation");
        }
    }

    /** Fails if a disk would not be the same for the next run. @param why begins the message */
    void requireUnchanged(String why) {
        for (DiskOption disk : disks) {
            if (!disk.readOnly() && !disk.snapshot()) {
                throw new Gearshift.UsageError(why + ": add ,snapshot or ,ro to --disk " + disk.file());
            }
        }
    }

    /** The same devices for a machine that nothing comes to from outside. */
    void withoutInput() {
        console = console == null ? null : takesTerminal() ? "stdout" : "none";
    }

    List<DiskOption> disks() {
        return List.copyOf(disks);
    }

    /** Whether the virtio console is to have the user's terminal. */
    boolean takesTerminal() {
        return "stdio".equals(console);
    }

    /** Plugs them in: disks first, in their order, then the network. @param messages is told where a TCP port waits */
    void attach(Vm vm, VmConfig.Clock clock, PrintWriter messages) throws IOException {
        boolean repeatable = clock == VmConfig.Clock.VIRTUAL;
        for (int number = 0; number < disks.size(); number++) {
            DiskOption option = disks.get(number);
            DiskImage image = option.open(vm);
            String serial = option.serial() == null ? "GEARSHIFT-" + number : option.serial();
            VirtioBlk disk = new VirtioBlk(number, image, repeatable ? IoExecutor.inline() : IoExecutor.thread("disk" + number), serial, option.blockSize());
            attached.add(disk);
            vm.attach(disk);
        }
        network.attach(vm, clock, messages);
        if (rng) {
            vm.attach(new VirtioRng(vm.entropy()));
        }
        if (console != null) {
            consoleEnd = SerialEndpoint.open("--console", console, messages);
            VirtioConsole device = new VirtioConsole(consoleEnd::transmit, 0, 0);
            vm.attach(device);
            consoleEnd.attach(vm, vm.inputOf(device));
        }
    }

    /** The same for a paravirtual domain, which has its console already, and finds its disks as xvda and on. */
    void attach(XenVm vm, VmConfig.Clock clock, PrintWriter messages) throws IOException {
        if (rng || console != null) {
            throw new Gearshift.UsageError("--mode pv: --rng and --console are devices of a PC");
        }
        for (DiskOption option : disks) {
            DiskImage image = option.open();
            images.add(image);
            vm.attach(image);
        }
        network.attach(vm, clock, messages);
    }

    /** Shows what the guest has written to its console. */
    void flush() throws IOException {
        if (consoleEnd != null) {
            consoleEnd.flush();
        }
    }

    /** A line for each disk with what has been done to it. */
    void printStatistics(PrintWriter out) {
        for (VirtioBlk disk : attached) {
            StringJoiner counters = new StringJoiner(", ");
            disk.counters((counter, value) -> counters.add(String.format(Locale.ROOT, "%s %,d", counter, value)));
            out.printf("%-24s%s%n", disk.name(), counters);
        }
    }

    /** Closes the network's sockets; finishes what disks have under way, and closes their images. */
    @Override
    public void close() throws IOException {
        network.close();
        IOException first = null;
        for (VirtioBlk disk : attached) {
            try {
                disk.close();
            } catch (IOException e) {
                first = first == null ? e : first;
            }
        }
        for (DiskImage image : images) {
            try {
                image.close();
            } catch (IOException e) {
                first = first == null ? e : first;
            }
        }
        attached.clear();
        images.clear();
        if (consoleEnd != null) {
            consoleEnd.close();
        }
        if (first != null) {
            throw first;
        }
    }
}
