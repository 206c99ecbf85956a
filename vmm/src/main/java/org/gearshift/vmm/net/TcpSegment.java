package org.gearshift.vmm.net;

/** A TCP segment from a guest (RFC 9293, 3.1), its options as far as they are used (MSS; window scale, RFC 7323). Reused from one to the next. */
final class TcpSegment {
    static final int SOURCE_PORT = 0;
    static final int DESTINATION_PORT = 2;
    static final int SEQUENCE = 4;
    static final int ACKNOWLEDGEMENT = 8;
    static final int OFFSET_FLAGS = 12;
    static final int WINDOW = 14;
    static final int CHECKSUM = 16;
    static final int URGENT = 18;
    static final int HEADER = 20;

    static final int FIN = 0x01;
    static final int SYN = 0x02;
    static final int RST = 0x04;
    static final int PSH = 0x08;
    static final int ACK = 0x10;
    static final int FLAGS = 0x3f;

    static final int OPTION_END = 0;
    static final int OPTION_NOP = 1;
    static final int OPTION_MSS = 2;
    static final int OPTION_WINDOW_SCALE = 3;
    /** RFC 7323, 2.3. */
    static final int MAX_WINDOW_SCALE = 14;
    /** What to assume of a peer that does not say (RFC 9293, 3.7.1). */
    static final int DEFAULT_MSS = 536;

    int sourcePort;
    int destinationPort;
    int sequence;
    int acknowledgement;
    int flags;
    /** As it stands in the header, unscaled. */
    int window;
    /** {@link #DEFAULT_MSS} if absent. */
    int mss;
    /** -1 if absent. */
    int windowScale;
    byte[] bytes;
    /** Offset of the data. */
    int data;
    int length;

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /** Sequence numbers the segment takes. */
    int sequenceLength() {
        return length + (has(SYN) ? 1 : 0) + (has(FIN) ? 1 : 0);
    }

    /** Reads a datagram's payload. @return false if it makes no sense */
    boolean parse(Datagram d) {
        if (d.payloadLength < HEADER) {
            return false;
        }
        Frame f = d.frame;
        int at = d.payload;
        int header = (f.u8(at + OFFSET_FLAGS) >>> 4) * 4;
        if (header < HEADER || header > d.payloadLength || !d.transportChecksumGood()) {
            return false;
        }
        sourcePort = f.u16(at + SOURCE_PORT);
        destinationPort = f.u16(at + DESTINATION_PORT);
        sequence = f.i32(at + SEQUENCE);
        acknowledgement = f.i32(at + ACKNOWLEDGEMENT);
        flags = f.u8(at + OFFSET_FLAGS + 1) & FLAGS;
        window = f.u16(at + WINDOW);
        bytes = f.bytes();
        data = at + header;
        length = d.payloadLength - header;
        options(f, at + HEADER, at + header);
        return sourcePort != 0 && destinationPort != 0;
    }

    private void options(Frame f, int from, int end) {
        mss = DEFAULT_MSS;
        windowScale = -1;
        int at = from;
        while (at < end && f.u8(at) != OPTION_END) {
            if (f.u8(at) == OPTION_NOP) {
                at++;
                continue;
            }
            int size = at + 1 < end ? f.u8(at + 1) : 0;
            if (size < 2 || at + size > end) {
                // What follows cannot be told apart; what was read counts.
                return;
            }
            if (f.u8(at) == OPTION_MSS && size == 4) {
                mss = f.u16(at + 2);
            } else if (f.u8(at) == OPTION_WINDOW_SCALE && size == 3) {
                windowScale = Math.min(f.u8(at + 2), MAX_WINDOW_SCALE);
            }
            at += size;
        }
    }
}
