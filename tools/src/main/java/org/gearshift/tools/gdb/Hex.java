package org.gearshift.tools.gdb;

/** Hexadecimal digits as packets have them. */
final class Hex {
    private static final String DIGITS = "0123456789abcdef";

    private Hex() {
    }

    /** Appends two digits of the low byte. */
    static void append(StringBuilder b, int value) {
        b.append(DIGITS.charAt(value >>> 4 & 15)).append(DIGITS.charAt(value & 15));
    }

    static String of(byte[] bytes, int length) {
        StringBuilder b = new StringBuilder(2 * length);
        for (int i = 0; i < length; i++) {
            append(b, bytes[i]);
        }
        return b.toString();
    }

    /** Bytes of pairs of digits. @throws MalformedPacketException if they are none */
    static byte[] bytes(String digits) {
        if (digits.length() % 2 != 0) {
            throw new MalformedPacketException("odd number of digits");
        }
        byte[] b = new byte[digits.length() / 2];
        for (int i = 0; i < b.length; i++) {
            int high = Character.digit(digits.charAt(2 * i), 16);
            int low = Character.digit(digits.charAt(2 * i + 1), 16);
            if (high < 0 || low < 0) {
                throw new MalformedPacketException("not hexadecimal");
            }
            b[i] = (byte) (high << 4 | low);
        }
        return b;
    }

    /** A number of up to 16 digits. @throws MalformedPacketException if it is none */
    static long number(String digits) {
        try {
            return Long.parseUnsignedLong(digits, 16);
        } catch (NumberFormatException e) {
            throw new MalformedPacketException("not a number: " + digits);
        }
    }

    /** The same for counts and lengths. @throws MalformedPacketException if it is none, or more than {@code most} */
    static int count(String digits, int most) {
        long n = number(digits);
        if (n < 0 || n > most) {
            throw new MalformedPacketException("too large: " + digits);
        }
        return (int) n;
    }
}
