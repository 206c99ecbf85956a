package org.gearshift.vmm.net;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Frames as a guest makes and reads them, written against the RFCs and not with the code under test. */
final class Packets {
    static final long GUEST_MAC = 0x525400123456L;
    static final long GATEWAY_MAC = 0x52550a000202L;
    static final int GUEST = 0x0a00020f;
    static final int GATEWAY = 0x0a000202;
    static final int DNS = 0x0a000203;

    private Packets() {
    }

    static int checksum(byte[] b, int from, int length, long start) {
        long sum = start;
        for (int i = 0; i < length; i++) {
            int v = b[from + i] & 0xff;
            sum += i % 2 == 0 ? v << 8 : v;
        }
        while (sum >> 16 != 0) {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        return (int) (~sum & 0xffff);
    }

    static byte[] ethernet(long to, long from, int type, byte[] payload) {
        ByteBuffer b = ByteBuffer.allocate(14 + payload.length);
        b.putShort((short) (to >> 32)).putInt((int) to).putShort((short) (from >> 32)).putInt((int) from);
        return b.putShort((short) type).put(payload).array();
    }

    /** One unfragmented datagram in its frame. */
    static byte[] ipv4(int protocol, int from, int to, byte[] payload) {
        return fragment(protocol, from, to, 77, 0x4000, payload);
    }

    static byte[] fragment(int protocol, int from, int to, int id, int flagsAndOffset, byte[] payload) {
        return datagram(protocol, from, to, id, flagsAndOffset, 64, payload);
    }

    static byte[] datagram(int protocol, int from, int to, int id, int flagsAndOffset, int ttl, byte[] payload) {
        ByteBuffer b = ByteBuffer.allocate(20 + payload.length);
        b.putShort((short) 0x4500).putShort((short) (20 + payload.length)).putShort((short) id).putShort((short) flagsAndOffset);
        b.put((byte) ttl).put((byte) protocol).putShort((short) 0).putInt(from).putInt(to).put(payload);
        b.putShort(10, (short) checksum(b.array(), 0, 20, 0));
        return ethernet(to == -1 ? 0xffffffffffffL : GATEWAY_MAC, GUEST_MAC, 0x0800, b.array());
    }

    static long pseudo(int protocol, int from, int to, int length) {
        return (from >>> 16) + (from & 0xffff) + (to >>> 16) + (to & 0xffff) + protocol + length;
    }

    static byte[] udp(int from, int fromPort, int to, int toPort, byte[] data) {
        return ipv4(17, from, to, udpPayload(from, fromPort, to, toPort, data));
    }

    static byte[] udpPayload(int from, int fromPort, int to, int toPort, byte[] data) {
        ByteBuffer b = ByteBuffer.allocate(8 + data.length);
        b.putShort((short) fromPort).putShort((short) toPort).putShort((short) (8 + data.length)).putShort((short) 0).put(data);
        b.putShort(6, (short) checksum(b.array(), 0, 8 + data.length, pseudo(17, from, to, 8 + data.length)));
        return b.array();
    }

    static byte[] echoRequest(byte[] data) {
        ByteBuffer b = ByteBuffer.allocate(8 + data.length);
        b.put((byte) 8).put((byte) 0).putShort((short) 0).putShort((short) 0x1234).putShort((short) 1).put(data);
        b.putShort(2, (short) checksum(b.array(), 0, b.capacity(), 0));
        return b.array();
    }

    static byte[] arpRequest(int from, int target) {
        ByteBuffer b = ByteBuffer.allocate(28);
        b.putShort((short) 1).putShort((short) 0x0800).putShort((short) 0x0604).putShort((short) 1);
        b.putShort((short) (GUEST_MAC >> 32)).putInt((int) GUEST_MAC).putInt(from).putShort((short) 0).putInt(0).putInt(target);
        return ethernet(0xffffffffffffL, GUEST_MAC, 0x0806, b.array());
    }

    /** A received IPv4 datagram. */
    record Received(int protocol, int from, int to, int id, int flagsAndOffset, byte[] payload) {
        int u8(int at) {
            return payload[at] & 0xff;
        }

        int u16(int at) {
            return u8(at) << 8 | u8(at + 1);
        }

        int i32(int at) {
            return u16(at) << 16 | u16(at + 2);
        }

        byte[] from(int at) {
            return Arrays.copyOfRange(payload, at, payload.length);
        }

        /** Checks the transport checksum too, unless this is a fragment. */
        Received verified() {
            long start = protocol == 1 ? 0 : pseudo(protocol, from, to, payload.length);
            if (checksum(payload, 0, payload.length, start) != 0) {
                throw new AssertionError("transport checksum");
            }
            return this;
        }
    }

    static int type(byte[] frame) {
        return (frame[12] & 0xff) << 8 | frame[13] & 0xff;
    }

    static Received parse(byte[] frame) {
        ByteBuffer b = ByteBuffer.wrap(frame);
        if (type(frame) != 0x0800 || b.get(14) != 0x45 || checksum(frame, 14, 20, 0) != 0 || (b.getShort(16) & 0xffff) != frame.length - 14) {
            throw new AssertionError("not a proper IPv4 datagram");
        }
        return new Received(b.get(23) & 0xff, b.getInt(26), b.getInt(30), b.getShort(18) & 0xffff, b.getShort(20) & 0xffff,
                Arrays.copyOfRange(frame, 34, frame.length));
    }

    /** Puts the fragments of one datagram together, in any order. */
    static byte[] reassemble(Iterable<Received> fragments) {
        ByteBuffer whole = ByteBuffer.allocate(65536);
        int end = 0;
        int bytes = 0;
        for (Received f : fragments) {
            int at = (f.flagsAndOffset & 0x1fff) * 8;
            whole.put(at, f.payload);
            bytes += f.payload.length;
            end = Math.max(end, at + f.payload.length);
        }
        if (bytes != end) {
            throw new AssertionError("fragments overlap or are missing");
        }
        return Arrays.copyOf(whole.array(), end);
    }

    static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] p : parts) {
            out.writeBytes(p);
        }
        return out.toByteArray();
    }
}
