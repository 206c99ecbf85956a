package org.gearshift.vmm.acpi;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * ACPI machine language (ACPI 6.4, ch. 20): each method encodes one term; containers take the encoding of what is inside.
 */
final class Aml {
    private static final int ZERO_OP = 0x00;
    private static final int ONE_OP = 0x01;
    private static final int NAME_OP = 0x08;
    private static final int BYTE_PREFIX = 0x0a;
    private static final int WORD_PREFIX = 0x0b;
    private static final int DWORD_PREFIX = 0x0c;
    private static final int SCOPE_OP = 0x10;
    private static final int BUFFER_OP = 0x11;
    private static final int PACKAGE_OP = 0x12;
    private static final int EXTENDED = 0x5b;
    private static final int DEVICE_OP = 0x82;
    private static final int DUAL_NAME = 0x2e;
    private static final int NAME_SEG = 4;
    private static final int PACKAGE_ELEMENTS_LIMIT = 255;

    private Aml() {
    }

    /** Terms one after the other. */
    static byte[] join(byte[]... terms) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] term : terms) {
            out.writeBytes(term);
        }
        return out.toByteArray();
    }

    /** DefScope. */
    static byte[] scope(String path, byte[]... terms) {
        return join(bytes(SCOPE_OP), withLength(join(path(path), join(terms))));
    }

    /** DefDevice. */
    static byte[] device(String name, byte[]... terms) {
        return join(bytes(EXTENDED, DEVICE_OP), withLength(join(path(name), join(terms))));
    }

    /** DefName. */
    static byte[] name(String name, byte[] value) {
        return join(bytes(NAME_OP), path(name), value);
    }

    /** The shortest encoding of an unsigned 32-bit integer. */
    static byte[] integer(long value) {
        if (value < 0 || value > 0xffffffffL) {
            throw new IllegalArgumentException("AML integer " + value);
        }
        if (value <= 1) {
            return bytes(value == 0 ? ZERO_OP : ONE_OP);
        }
        if (value <= 0xff) {
            return join(bytes(BYTE_PREFIX), little(value, 1));
        }
        return value <= 0xffff ? join(bytes(WORD_PREFIX), little(value, 2)) : join(bytes(DWORD_PREFIX), little(value, 4));
    }

    /** DefPackage. */
    static byte[] packageOf(byte[]... elements) {
        if (elements.length > PACKAGE_ELEMENTS_LIMIT) {
            throw new IllegalArgumentException("package of " + elements.length);
        }
        return join(bytes(PACKAGE_OP), withLength(join(bytes(elements.length), join(elements))));
    }

    /** DefBuffer. */
    static byte[] buffer(byte[] content) {
        return join(bytes(BUFFER_OP), withLength(join(integer(content.length), content)));
    }

    /** An EISA id such as {@code PNP0A03}, compressed to a 32-bit integer (ACPI 6.4, 19.3.4, EISAID). */
    static byte[] eisaId(String id) {
        int letters = (id.charAt(0) - '@') << 10 | (id.charAt(1) - '@') << 5 | id.charAt(2) - '@';
        int product = Integer.parseInt(id.substring(3), 16);
        int bigEndian = letters << 16 | product;
        return integer(Integer.reverseBytes(bigEndian) & 0xffffffffL);
    }

    /** A resource template: the descriptors and an end tag whose checksum is not used. */
    static byte[] resources(byte[]... descriptors) {
        return buffer(join(join(descriptors), bytes(0x79, 0)));
    }

    /** I/O port descriptor (ACPI 6.4, 6.4.2.5), 16-bit decode, at a fixed place. */
    static byte[] io(int first, int count) {
        return join(bytes(0x47, 1), little(first, 2), little(first, 2), bytes(1, count));
    }

    /** IRQ descriptor (ACPI 6.4, 6.4.2.1): edge-triggered, active high, exclusive. */
    static byte[] irq(int irq) {
        return join(bytes(0x22), little(1L << irq, 2));
    }

    /** Word address space descriptor for bus numbers (ACPI 6.4, 6.4.3.5.3). */
    static byte[] busNumbers(int first, int last) {
        return wordSpace(2, 0x0c, 0, first, last);
    }

    /** Word address space descriptor for an I/O range the bridge passes on. */
    static byte[] ioWindow(int first, int last) {
        return wordSpace(1, 0x0c, 3, first, last);
    }

    private static byte[] wordSpace(int type, int general, int specific, int first, int last) {
        return join(bytes(0x88, 0x0d, 0, type, general, specific), little(0, 2), little(first, 2), little(last, 2), little(0, 2),
                little(last - first + 1, 2));
    }

    /** Double word address space descriptor for an uncached, writable memory range the bridge passes on (ACPI 6.4, 6.4.3.5.2). */
    static byte[] memoryWindow(long first, long last) {
        return join(bytes(0x87, 0x17, 0, 0, 0x0c, 1), little(0, 4), little(first, 4), little(last, 4), little(0, 4),
                little(last - first + 1, 4));
    }

    /** Fixed 32-bit memory descriptor (ACPI 6.4, 6.4.3.4), writable. */
    static byte[] memory(long first, long length) {
        return join(bytes(0x86, 9, 0, 1), little(first, 4), little(length, 4));
    }

    /** The bytes of {@code values}. */
    static byte[] bytes(int... values) {
        byte[] out = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            out[i] = (byte) values[i];
        }
        return out;
    }

    /** {@code value} in {@code length} bytes, least significant first. */
    static byte[] little(long value, int length) {
        byte[] out = new byte[length];
        for (int i = 0; i < length; i++) {
            out[i] = (byte) (value >>> 8 * i);
        }
        return out;
    }

    /** A NamePath of one or two segments, absolute if it starts with a backslash; short segments are padded. */
    private static byte[] path(String path) {
        boolean root = path.startsWith("\\");
        String[] segments = (root ? path.substring(1) : path).split("\\.");
        if (segments.length > 2) {
            throw new IllegalArgumentException("AML path " + path);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (root) {
            out.write('\\');
        }
        if (segments.length == 2) {
            out.write(DUAL_NAME);
        }
        for (String segment : segments) {
            if (segment.isEmpty() || segment.length() > NAME_SEG) {
                throw new IllegalArgumentException("AML name " + segment);
            }
            out.writeBytes((segment + "___").substring(0, NAME_SEG).getBytes(StandardCharsets.US_ASCII));
        }
        return out.toByteArray();
    }

    /** Puts the PkgLength, which counts itself, before {@code content} (ACPI 6.4, 20.2.4). */
    private static byte[] withLength(byte[] content) {
        int length = content.length;
        if (length + 1 <= 0x3f) {
            return join(bytes(length + 1), content);
        }
        int following = length + 2 <= 0xfff ? 1 : length + 3 <= 0xfffff ? 2 : 3;
        int total = length + 1 + following;
        byte[] lead = bytes(following << 6 | total & 0xf);
        return join(lead, little(total >>> 4, following), content);
    }
}
