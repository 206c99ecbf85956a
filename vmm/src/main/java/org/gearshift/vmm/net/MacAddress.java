package org.gearshift.vmm.net;

import java.util.Locale;

/** 48-bit Ethernet addresses, in the low bits of a {@code long}, first byte on top. */
public final class MacAddress {
    /** All stations. */
    public static final long BROADCAST = 0xffff_ffff_ffffL;
    /** What a guest's interface gets if its user says nothing; the first address QEMU gives, which scripts for it may expect. */
    public static final long DEFAULT_GUEST = 0x5254_0012_3456L;
    /** The network's own station: locally administered, with the gateway's IPv4 address inside. */
    static final long GATEWAY = 0x5255_0a00_0202L;

    private static final long GROUP_BIT = 0x0100_0000_0000L;
    private static final int BYTES = 6;

    private MacAddress() {
    }

    /** True if the address is a group's, broadcast included. */
    public static boolean isGroup(long mac) {
        return (mac & GROUP_BIT) != 0;
    }

    /**
     * Reads six hexadecimal bytes with colons between.
     *
     * @throws IllegalArgumentException with a sentence for the user if that is not an address one station can have
     */
    public static long parse(String text) {
        String[] parts = text.split(":", -1);
        long mac = 0;
        boolean good = parts.length == BYTES;
        for (String part : parts) {
            good = good && part.matches("[0-9a-fA-F]{1,2}");
            mac = good ? mac << 8 | Integer.parseInt(part, 16) : 0;
        }
        if (!good) {
            throw new IllegalArgumentException("'" + text + "' is not an Ethernet address like 52:54:00:12:34:56");
        }
        if (mac == 0 || isGroup(mac)) {
            throw new IllegalArgumentException("'" + text + "' is not the address of one station");
        }
        return mac;
    }

    /** The usual notation. */
    public static String format(long mac) {
        StringBuilder text = new StringBuilder();
        for (int shift = 40; shift >= 0; shift -= 8) {
            text.append(String.format(Locale.ROOT, shift == 40 ? "%02x" : ":%02x", mac >>> shift & 0xff));
        }
        return text.toString();
    }
}
