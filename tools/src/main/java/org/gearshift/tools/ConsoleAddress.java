package org.gearshift.tools;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;

/** Where a machine's console waits for connections, besides the control socket: {@code tcp:[HOST:]PORT}, or {@code unix:PATH}, which only the owner can connect to. */
record ConsoleAddress(String text, SocketAddress address) {
    private static final String TCP = "tcp:";
    private static final String UNIX = "unix:";
    private static final int MAX_PORT = 65_535;

    static ConsoleAddress parse(String text, Path folder) {
        try {
            if (text.startsWith(TCP)) {
                return new ConsoleAddress(text, tcp(text.substring(TCP.length())));
            }
            if (text.startsWith(UNIX) && text.length() > UNIX.length()) {
                return new ConsoleAddress(text, UnixDomainSocketAddress.of(folder.resolve(text.substring(UNIX.length()))));
            }
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("console '" + text + "': there is no such host", e);
        }
        throw new IllegalArgumentException("console '" + text + "': write tcp:PORT, tcp:HOST:PORT or unix:PATH");
    }

    private static InetSocketAddress tcp(String address) throws UnknownHostException {
        int colon = address.lastIndexOf(':');
        String port = address.substring(colon + 1);
        int number = port.matches("\\d{1,5}") ? Integer.parseInt(port) : -1;
        if (number < 0 || number > MAX_PORT) {
            throw new IllegalArgumentException("console 'tcp:" + address + "': ports go from 0 to " + MAX_PORT);
        }
        return new InetSocketAddress(colon < 0 ? InetAddress.getLoopbackAddress() : InetAddress.getByName(address.substring(0, colon)), number);
    }
}
