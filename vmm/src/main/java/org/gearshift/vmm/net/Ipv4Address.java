package org.gearshift.vmm.net;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/** IPv4 addresses as {@code int}s, first byte on top. */
final class Ipv4Address {
    static final int ANY = 0;
    static final int BROADCAST = -1;

    private static final Pattern DOTTED = Pattern.compile("(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})");

    private Ipv4Address() {
    }

    static int of(int a, int b, int c, int d) {
        return a << 24 | b << 16 | c << 8 | d;
    }

    static int of(Inet4Address address) {
        byte[] b = address.getAddress();
        return of(b[0] & 0xff, b[1] & 0xff, b[2] & 0xff, b[3] & 0xff);
    }

    static InetAddress toInet(int address) {
        byte[] b = {(byte) (address >>> 24), (byte) (address >>> 16), (byte) (address >>> 8), (byte) address};
        try {
            return InetAddress.getByAddress(b);
        } catch (UnknownHostException e) {
            throw new AssertionError("four bytes are always an address", e);
        }
    }

    /** Reads dotted notation; names are not looked up. @throws IllegalArgumentException with a sentence for the user */
    static int parse(String text) {
        var m = DOTTED.matcher(text);
        int address = 0;
        boolean good = m.matches();
        for (int i = 1; good && i <= 4; i++) {
            int part = Integer.parseInt(m.group(i));
            good = part <= 255;
            address = address << 8 | part;
        }
        if (!good) {
            throw new IllegalArgumentException("'" + text + "' is not an IPv4 address");
        }
        return address;
    }

    static String format(int address) {
        return (address >>> 24) + "." + (address >>> 16 & 0xff) + "." + (address >>> 8 & 0xff) + "." + (address & 0xff);
    }
}
