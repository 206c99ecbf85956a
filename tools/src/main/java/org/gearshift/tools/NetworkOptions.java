package org.gearshift.tools;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.XenVm;
import org.gearshift.vmm.net.EthernetNetwork;
import org.gearshift.vmm.net.Forward;
import org.gearshift.vmm.net.UserNetworkOptions;
import picocli.CommandLine.Option;

/** The network interface {@code gearshift run} adds to a machine. */
final class NetworkOptions implements AutoCloseable {
    @Option(names = "--net", paramLabel = "user[,OPTION...]|none", converter = NetOption.Converter.class,
            description = {"Add a network interface (virtio; with --mode pv, Xen's) with a network of its own behind this process's sockets, or none (default).",
                "The guest gets 10.0.2.15 by DHCP; 10.0.2.2 is the gateway, and the host's loopback. Options: mac=ADDRESS, restrict=on (forwarded",
                "ports only), dns=ADDRESS[:PORT] (where queries to 10.0.2.3 go; default the host's server)."})
    private NetOption net = NetOption.NONE;

    @Option(names = "--forward", paramLabel = "tcp|udp:[ADDRESS:]PORT:GUESTPORT", converter = NetOption.ForwardConverter.class,
            description = "Let a port of the host lead to one of the guest (repeatable); needs --net user. Without ADDRESS it listens on the loopback address.")
    private List<Forward> forwards = new ArrayList<>();

    private EthernetNetwork network;

    /** The network of a machine that is described otherwise than by options. */
    static NetworkOptions of(NetOption net, List<Forward> forwards) {
        NetworkOptions network = new NetworkOptions();
        network.net = net;
        network.forwards = forwards;
        return network;
    }

    /** Whether a network is wanted, or something that needs one. */
    boolean any() {
        return net.present() || !forwards.isEmpty();
    }

    /** A machine that a network can be plugged into. */
    private interface Socket {
        EthernetNetwork connect(UserNetworkOptions options, long mac) throws IOException;
    }

    /** Plugs the interface in. @param messages gets a note about options that have consequences together */
    void attach(Vm vm, VmConfig.Clock clock, PrintWriter messages) {
        attach(vm::connect, !vm.isGated() && clock == VmConfig.Clock.VIRTUAL, messages);
    }

    /** The same for a paravirtual domain, where it is eth0. */
    void attach(XenVm vm, VmConfig.Clock clock, PrintWriter messages) {
        attach(vm::connect, !vm.isGated() && clock == VmConfig.Clock.VIRTUAL, messages);
    }

    private void attach(Socket vm, boolean hopesToRepeat, PrintWriter messages) {
        if (!net.present()) {
            if (!forwards.isEmpty()) {
                throw new Gearshift.UsageError("--forward needs --net user");
            }
            return;
        }
        if (hopesToRepeat && !(net.restricted() && forwards.isEmpty())) {
            messages.println("gearshift: --clock virtual with --net: a run repeats only until the guest talks to somebody outside");
            messages.flush();
        }
        try {
            network = vm.connect(new UserNetworkOptions(net.restricted(), net.dns(), forwards), net.mac());
        } catch (IOException e) {
            throw new Gearshift.UsageError("--forward: " + e.getMessage());
        }
    }

    @Override
    public void close() {
        if (network != null) {
            network.close();
            network = null;
        }
    }
}
