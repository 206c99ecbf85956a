package org.gearshift.tools.unwind;

import java.nio.ByteBuffer;

/** Bytes of a section, read one number after the other, up to some end: little-endian integers and LEB128 (DWARF 5, section 7.6). */
final class FrameBytes {
    private static final int LEB_BITS = 7;

    private final ByteBuffer data;
    private final int end;
    private int at;

    /** @param data whole section, little-endian: positions are offsets in it */
    FrameBytes(ByteBuffer data, int from, int end) {
        this.data = data;
        this.at = from;
        this.end = end;
    }

    /** Another reader of what is left, from the present position on. */
    FrameBytes copy() {
        return new FrameBytes(data, at, end);
    }

    /** A reader of the next bytes, which this one skips. @param length may be any number */
    FrameBytes part(long length) throws CallFrameException {
        int from = at;
        skip(length);
        return new FrameBytes(data, from, at);
    }

    /** Offset in the section. */
    int position() {
        return at;
    }

    boolean hasMore() {
        return at < end;
    }

    /** Skips bytes, or goes back. @param length may be any number: what leads out of the section is refused @param from where this reader began */
    void jump(long length, int from) throws CallFrameException {
        if (length < from - at || length > end - at) {
            throw new CallFrameException("a jump out of the expression at 0x" + Integer.toHexString(at));
        }
        at += (int) length;
    }

    void skip(long length) throws CallFrameException {
        if (length < 0 || length > end - at) {
            throw new CallFrameException(String.format("at 0x%x %s bytes should follow and %d do", at, Long.toUnsignedString(length), end - at));
        }
        at += (int) length;
    }

    int u8() throws CallFrameException {
        skip(1);
        return data.get(at - 1) & 0xff;
    }

    /** An integer of 1, 2, 4 or 8 bytes, zero-extended. */
    long unsigned(int bytes) throws CallFrameException {
        skip(bytes);
        return switch (bytes) {
            case 1 -> data.get(at - 1) & 0xffL;
            case 2 -> data.getShort(at - 2) & 0xffffL;
            case 4 -> data.getInt(at - 4) & 0xffffffffL;
            default -> data.getLong(at - 8);
        };
    }

    /** The same, sign-extended. */
    long signed(int bytes) throws CallFrameException {
        int shift = Long.SIZE - bytes * Byte.SIZE;
        return unsigned(bytes) << shift >> shift;
    }

    /** ULEB128; bits above the 64th are lost. */
    long uleb() throws CallFrameException {
        return leb(false);
    }

    /** SLEB128. */
    long sleb() throws CallFrameException {
        return leb(true);
    }

    private long leb(boolean signed) throws CallFrameException {
        long v = 0;
        int shift = 0;
        int b;
        do {
            b = u8();
            v |= shift < Long.SIZE ? (b & 0x7fL) << shift : 0;
            shift += LEB_BITS;
        } while ((b & 0x80) != 0);
        return signed && (b & 0x40) != 0 && shift < Long.SIZE ? v | -1L << shift : v;
    }

    /** A text that ends with a zero. @param most characters it may have */
    String text(int most) throws CallFrameException {
        StringBuilder b = new StringBuilder();
        for (int c = u8(); c != 0; c = u8()) {
            if (b.length() == most) {
                throw new CallFrameException(String.format("no text ends before 0x%x", at));
            }
            b.append((char) c);
        }
        return b.toString();
    }
}
