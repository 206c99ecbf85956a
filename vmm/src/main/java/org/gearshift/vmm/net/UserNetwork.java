package org.gearshift.vmm.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.gearshift.vmm.device.Device.CounterSink;

/**
 * A network of one machine behind the host's sockets, which needs no privileges: 10.0.2.0/24 with a gateway (10.0.2.2), which is also the host's loopback
 * address, a DNS server (10.0.2.3) and DHCP. What the guest sends elsewhere goes through sockets of this process; what comes to forwarded ports goes to
 * 10.0.2.15.
 */
public final class UserNetwork implements EthernetNetwork {
    private static final System.Logger LOG = System.getLogger(UserNetwork.class.getName());

    private final GuestLink link = new GuestLink();
    private final HostSockets sockets;
    private final Arp arp;
    private final Ipv4Input input;
    private final Reassembly reassembly;
    private final DhcpServer dhcp;
    private final UdpNat udp;
    private final TcpNat tcp;
    private final List<InetSocketAddress> forwarded = new ArrayList<>();
    private long frames;
    private long bytes;
    private long nonsense;
    private long foreign;

    /**
     * Makes a network and opens the forwarded ports.
     *
     * @param owner told, on a thread of the network's own, what to run on the owner's thread when sockets are ready; null: the owner calls
     *     {@link #poll} all the time
     * @throws IOException if a port cannot be opened; the message names it
     */
    public UserNetwork(UserNetworkOptions options, Timers timers, Executor owner) throws IOException {
        sockets = new HostSockets(owner == null ? null : () -> owner.execute(this::poll));
        arp = new Arp(link, this::reachable);
        Ipv4Output output = new Ipv4Output(link, arp);
        Icmp icmp = new Icmp(output);
        reassembly = new Reassembly(timers);
        HostResolver resolver = new HostResolver();
        Destinations destinations = new Destinations(options.restricted(), options.dns() == null ? resolver::address : options::dns);
        dhcp = new DhcpServer(output, arp);
        udp = new UdpNat(link, output, icmp, sockets, destinations, timers);
        tcp = new TcpNat(new TcpOutput(link, output), sockets, destinations, timers);
        input = new Ipv4Input(arp, icmp, reassembly);
        input.register(Ipv4Header.PROTOCOL_ICMP, icmp::receive);
        input.register(Ipv4Header.PROTOCOL_UDP, new Udp(dhcp, udp)::receive);
        input.register(Ipv4Header.PROTOCOL_TCP, tcp::receive);
        try {
            for (Forward f : options.forwards()) {
                open(f);
            }
        } catch (IOException e) {
            close();
            throw e;
        }
        sockets.flush();
    }

    private void open(Forward f) throws IOException {
        try {
            forwarded.add(f.protocol() == Forward.Protocol.TCP ? tcp.forward(f).address() : udp.forward(f).address());
        } catch (SocketException e) {
            String address = f.host().getAddress().getHostAddress();
            throw new IOException("port " + f.host().getPort() + " of " + address + " cannot be forwarded: " + e.getMessage(), e);
        }
    }

    /** Where the forwarded ports listen, in the order of the options. */
    public List<InetSocketAddress> forwarded() {
        return List.copyOf(forwarded);
    }

    private void reachable(int guest) {
        tcp.reachable(guest);
    }

    @Override
    public void connect(EthernetStation station) {
        link.connect(station);
    }

    @Override
    public void send(Frame frame) {
        frames++;
        bytes += frame.length();
        if (frame.length() < EthernetHeader.SIZE || MacAddress.isGroup(frame.u48(EthernetHeader.SOURCE))) {
            nonsense++;
            return;
        }
        long to = frame.u48(EthernetHeader.DESTINATION);
        int type = frame.u16(EthernetHeader.TYPE);
        if (to != MacAddress.GATEWAY && to != MacAddress.BROADCAST || type != EthernetHeader.TYPE_IPV4 && type != EthernetHeader.TYPE_ARP) {
            // Other stations, multicast, IPv6, ...: on a wire nobody would answer either.
            foreign++;
            return;
        }
        boolean sense = type == EthernetHeader.TYPE_ARP ? arp.receive(frame) : input.receive(frame);
        nonsense += sense ? 0 : 1;
    }

    @Override
    public void flush() {
        tcp.flush();
        sockets.flush();
    }

    @Override
    public void stationReady() {
        if (link.unblock()) {
            udp.resume();
            tcp.resume();
            sockets.flush();
        }
    }

    @Override
    public void poll() {
        try {
            sockets.poll();
            flush();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.ERROR, "the network is cut off from the host''s sockets: {0}", e.getMessage());
        }
    }

    @Override
    public void reset() {
        tcp.reset();
        udp.reset();
        arp.reset();
        dhcp.reset();
        reassembly.reset();
        link.reset();
        sockets.flush();
    }

    @Override
    public boolean waitsForOutside() {
        return tcp.waitsForOutside() || udp.waitsForOutside();
    }

    @Override
    public void counters(CounterSink sink) {
        sink.count("frames.fromGuest", frames);
        sink.count("bytes.fromGuest", bytes);
        sink.count("frames.nonsense", nonsense);
        sink.count("frames.foreign", foreign);
        sink.count("frames.toGuest", link.frames());
        sink.count("bytes.toGuest", link.bytes());
        sink.count("frames.dropped", link.dropped());
        sink.count("ip.reassemblyFailed", reassembly.discarded());
        sink.count("tcp.opened", tcp.opened());
        sink.count("tcp.refused", tcp.refused());
        sink.count("tcp.connections", tcp.connections());
        sink.count("tcp.buffered", tcp.buffered());
        sink.count("tcp.bytesToHost", tcp.bytesToHost());
        sink.count("tcp.bytesToGuest", tcp.bytesToGuest());
        sink.count("udp.opened", udp.opened());
        sink.count("udp.refused", udp.refused());
        sink.count("udp.sockets", udp.sockets());
    }

    @Override
    public void close() {
        link.connect(null);
        sockets.close();
    }
}
