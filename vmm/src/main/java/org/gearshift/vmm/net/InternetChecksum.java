package org.gearshift.vmm.net;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** The ones' complement sum of RFC 1071. */
final class InternetChecksum {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final long LOW = 0xffffffffL;

    private InternetChecksum() {
    }

    /** Adds {@code length} bytes as big-endian 16-bit words, an odd last byte with zero behind it, to {@code sum}; the result is not folded. */
    static long add(long sum, byte[] bytes, int from, int length) {
        int at = from;
        int end = from + length;
        long total = sum;
        while (end - at >= 8) {
            total += ((int) INT.get(bytes, at) & LOW) + ((int) INT.get(bytes, at + 4) & LOW);
            at += 8;
        }
        while (end - at >= 2) {
            total += (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
            at += 2;
        }
        if (at < end) {
            total += (bytes[at] & 0xff) << 8;
        }
        return total;
    }

    /** Sum over the pseudo-header of TCP and UDP (RFC 9293, 3.1; RFC 768). */
    static long pseudoHeader(int source, int destination, int protocol, int length) {
        return (source & LOW) + (destination & LOW) + protocol + length;
    }

    /** The 16-bit sum. */
    static int fold(long sum) {
        long folded = (sum & LOW) + (sum >>> 32);
        folded = (folded & 0xffff) + (folded >>> 16);
        folded = (folded & 0xffff) + (folded >>> 16);
        return (int) ((folded & 0xffff) + (folded >>> 16));
    }

    /** What goes into the checksum field, which was zero while summed. Correct data, field included, yields 0. */
    static int finish(long sum) {
        return ~fold(sum) & 0xffff;
    }
}
