package org.gearshift.vmm.net;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A port of the host that leads to one of the guest.
 *
 * @param host where to listen; port 0 takes any free one
 * @param guestPort 1..65535
 */
public record Forward(Protocol protocol, InetSocketAddress host, int guestPort) {
    /** What is forwarded. */
    public enum Protocol { TCP, UDP }

    private static final Pattern TEXT = Pattern.compile("(tcp|udp):(?:(\\d+\\.\\d+\\.\\d+\\.\\d+|\\[[0-9a-fA-F:.]+]|localhost|\\*)?:)?(\\d{1,5}):(\\d{1,5})");
    private static final int MAX_PORT = 65535;

    /**
     * Reads {@code tcp:[ADDRESS:]PORT:GUESTPORT}, or {@code udp:...}. Without an address it listens on the loopback address only; {@code *} is all of the
     * host's, and an IPv6 address stands in brackets.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static Forward parse(String text) {
        Matcher m = TEXT.matcher(text);
        if (!m.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not of the form tcp:[ADDRESS:]PORT:GUESTPORT or udp:...");
        }
        int hostPort = Integer.parseInt(m.group(3));
        int guestPort = Integer.parseInt(m.group(4));
        if (hostPort > MAX_PORT || guestPort > MAX_PORT || guestPort == 0) {
            throw new IllegalArgumentException("'" + text + "': ports go up to 65535, and the guest's starts at 1");
        }
        Protocol protocol = m.group(1).equals("tcp") ? Protocol.TCP : Protocol.UDP;
        return new Forward(protocol, new InetSocketAddress(address(m.group(2)), hostPort), guestPort);
    }

    private static InetAddress address(String text) {
        if (text == null || text.isEmpty() || text.equals("localhost")) {
            return InetAddress.getLoopbackAddress();
        }
        if (text.equals("*")) {
            return new InetSocketAddress(0).getAddress();
        }
        if (!text.startsWith("[")) {
            return Ipv4Address.toInet(Ipv4Address.parse(text));
        }
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("'" + text + "' is not an IPv6 address", e);
        }
    }

    @Override
    public String toString() {
        return protocol.name().toLowerCase(Locale.ROOT) + ":" + host.getAddress().getHostAddress() + ":" + host.getPort() + ":" + guestPort;
    }
}
