package org.gearshift.tools;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gearshift.vmm.net.Forward;
import org.gearshift.vmm.net.MacAddress;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A network interface as users write it: {@code none}, or {@code user[,mac=ADDRESS][,restrict=on|off][,dns=ADDRESS[:PORT]]}.
 *
 * @param dns null: the host's server
 */
record NetOption(boolean present, long mac, boolean restricted, InetSocketAddress dns) {
    /** No interface. */
    static final NetOption NONE = new NetOption(false, 0, false, null);

    private static final int DNS_PORT = 53;
    private static final int MAX_PORT = 65535;
    /** Numeric addresses only: a name would need the very server that is being named. */
    private static final Pattern SERVER = Pattern.compile("(\\d+\\.\\d+\\.\\d+\\.\\d+|\\[[0-9a-fA-F:.]+])(?::(\\d{1,5}))?");

    /** For picocli. */
    static final class Converter implements ITypeConverter<NetOption> {
        @Override
        public NetOption convert(String text) {
            return parse(text);
        }
    }

    /** For picocli, which puts the option's name before the message. */
    static final class ForwardConverter implements ITypeConverter<Forward> {
        @Override
        public Forward convert(String text) {
            try {
                return Forward.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    static NetOption parse(String text) {
        String[] parts = text.split(",", -1);
        if (parts[0].equals("none") && parts.length == 1) {
            return NONE;
        }
        if (!parts[0].equals("user")) {
            throw new TypeConversionException("'" + text + "' is not a network; write user[,mac=ADDRESS][,restrict=on][,dns=ADDRESS[:PORT]] or none");
        }
        long mac = MacAddress.DEFAULT_GUEST;
        boolean restricted = false;
        InetSocketAddress dns = null;
        for (int i = 1; i < parts.length; i++) {
            int equals = parts[i].indexOf('=') + 1;
            String value = parts[i].substring(equals);
            switch (parts[i].substring(0, equals)) {
                case "mac=" -> mac = mac(value);
                case "restrict=" -> restricted = onOff(value);
                case "dns=" -> dns = server(value);
                default -> throw new TypeConversionException("'" + parts[i] + "' means nothing for a network; known are mac=ADDRESS, restrict=on|off, "
                        + "dns=ADDRESS[:PORT]");
            }
        }
        return new NetOption(true, mac, restricted, dns);
    }

    private static long mac(String value) {
        try {
            return MacAddress.parse(value);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }

    private static boolean onOff(String value) {
        if (!value.equals("on") && !value.equals("off")) {
            throw new TypeConversionException("restrict '" + value + "': on or off");
        }
        return value.equals("on");
    }

    private static InetSocketAddress server(String value) {
        Matcher m = SERVER.matcher(value);
        int port = m.matches() && m.group(2) != null ? Integer.parseInt(m.group(2)) : DNS_PORT;
        if (!m.matches() || port == 0 || port > MAX_PORT) {
            throw new TypeConversionException("dns '" + value + "': an IPv4 address, or an IPv6 address in brackets, and if need be :PORT");
        }
        try {
            return new InetSocketAddress(InetAddress.getByName(m.group(1)), port);
        } catch (UnknownHostException e) {
            throw new TypeConversionException("dns '" + value + "' is not an address");
        }
    }
}
