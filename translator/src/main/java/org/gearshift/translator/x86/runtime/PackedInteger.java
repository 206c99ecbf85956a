package org.gearshift.translator.x86.runtime;

/**
 * MMX and SSE2 to SSE4.2 integer operations on one 64-bit half: methods are named after the instruction. XMM instructions apply them to both halves, or to
 * other pairs of halves where data cross (see each method).
 */
public final class PackedInteger {
    private static final long TOP8 = Lanes.TOP8;
    private static final long TOP16 = Lanes.TOP16;
    private static final long TOP32 = Lanes.TOP32;
    private static final long EVEN_BYTES = 0x00ff_00ff_00ff_00ffL;
    private static final long LOW = 0xffff_ffffL;

    private PackedInteger() {
    }

    public static long paddb(long a, long b) {
        return Lanes.add(a, b, TOP8);
    }

    public static long paddw(long a, long b) {
        return Lanes.add(a, b, TOP16);
    }

    public static long paddd(long a, long b) {
        return Lanes.add(a, b, TOP32);
    }

    public static long psubb(long a, long b) {
        return Lanes.sub(a, b, TOP8);
    }

    public static long psubw(long a, long b) {
        return Lanes.sub(a, b, TOP16);
    }

    public static long psubd(long a, long b) {
        return Lanes.sub(a, b, TOP32);
    }

    public static long paddsb(long a, long b) {
        return Lanes.addSaturating(a, b, TOP8);
    }

    public static long paddsw(long a, long b) {
        return Lanes.addSaturating(a, b, TOP16);
    }

    public static long paddusb(long a, long b) {
        return Lanes.addUnsignedSaturating(a, b, TOP8);
    }

    public static long paddusw(long a, long b) {
        return Lanes.addUnsignedSaturating(a, b, TOP16);
    }

    public static long psubsb(long a, long b) {
        return Lanes.subSaturating(a, b, TOP8);
    }

    public static long psubsw(long a, long b) {
        return Lanes.subSaturating(a, b, TOP16);
    }

    public static long psubusb(long a, long b) {
        return Lanes.subUnsignedSaturating(a, b, TOP8);
    }

    public static long psubusw(long a, long b) {
        return Lanes.subUnsignedSaturating(a, b, TOP16);
    }

    public static long pcmpeqb(long a, long b) {
        return Lanes.mask(Lanes.zero(a ^ b, TOP8), TOP8);
    }

    public static long pcmpeqw(long a, long b) {
        return Lanes.mask(Lanes.zero(a ^ b, TOP16), TOP16);
    }

    public static long pcmpeqd(long a, long b) {
        return Lanes.mask(Lanes.zero(a ^ b, TOP32), TOP32);
    }

    public static long pcmpgtb(long a, long b) {
        return Lanes.mask(Lanes.greater(a, b, TOP8), TOP8);
    }

    public static long pcmpgtw(long a, long b) {
        return Lanes.mask(Lanes.greater(a, b, TOP16), TOP16);
    }

    public static long pcmpgtd(long a, long b) {
        return Lanes.mask(Lanes.greater(a, b, TOP32), TOP32);
    }

    public static long pminub(long a, long b) {
        return Lanes.select(Lanes.mask(Lanes.above(a, b, TOP8), TOP8), b, a);
    }

    public static long pmaxub(long a, long b) {
        return Lanes.select(Lanes.mask(Lanes.above(a, b, TOP8), TOP8), a, b);
    }

    public static long pminsw(long a, long b) {
        return Lanes.select(Lanes.mask(Lanes.greater(a, b, TOP16), TOP16), b, a);
    }

    public static long pmaxsw(long a, long b) {
        return Lanes.select(Lanes.mask(Lanes.greater(a, b, TOP16), TOP16), a, b);
    }

    public static long pminsb(long a, long b) {
        return Lanes.select(Lanes.mask(Lanes.greater(a, b, TOP8), TOP8), b, a);
    }

    public static long pmaxsb(long a, long b) {
        return Lanes.select(Lanes.mask(Lanes.greater(a, b, TOP8), TOP8), a, b);
    }

    public static long pminuw(long a, long b) {
        return Lanes.select(Lanes.mask(Lanes.above(a, b, TOP16), TOP16), b, a);
    }

    public static long pmaxuw(long a, long b) {
        return Lanes.select(Lanes.mask(Lanes.above(a, b, TOP16), TOP16), a, b);
    }

    public static long pminsd(long a, long b) {
        return pair(Math.min((int) a, (int) b), Math.min((int) (a >> 32), (int) (b >> 32)));
    }

    public static long pmaxsd(long a, long b) {
        return pair(Math.max((int) a, (int) b), Math.max((int) (a >> 32), (int) (b >> 32)));
    }

    public static long pminud(long a, long b) {
        return Math.min(a & LOW, b & LOW) | Math.min(a >>> 32, b >>> 32) << 32;
    }

    public static long pmaxud(long a, long b) {
        return Math.max(a & LOW, b & LOW) | Math.max(a >>> 32, b >>> 32) << 32;
    }

    private static long pair(int low, int high) {
        return (long) high << 32 | low & LOW;
    }

    public static long pavgb(long a, long b) {
        return Lanes.average(a, b, TOP8);
    }

    public static long pavgw(long a, long b) {
        return Lanes.average(a, b, TOP16);
    }

    public static long psadbw(long a, long b) {
        long d = Lanes.sub(pmaxub(a, b), pminub(a, b), TOP8);
        return ((d & EVEN_BYTES) + (d >>> 8 & EVEN_BYTES)) * 0x0001_0001_0001_0001L >>> 48;
    }

    public static long pmullw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            r |= ((a >>> i) * (b >>> i) & 0xffff) << i;
        }
        return r;
    }

    public static long pmulhw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            r |= ((long) ((short) (a >>> i) * (short) (b >>> i) >> 16) & 0xffff) << i;
        }
        return r;
    }

    public static long pmulhuw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            r |= ((a >>> i & 0xffff) * (b >>> i & 0xffff) >>> 16) << i;
        }
        return r;
    }

    /** Products of signed words, of which bits 30..15 are kept, rounded. */
    public static long pmulhrsw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            r |= ((long) (((short) (a >>> i) * (short) (b >>> i) >> 14) + 1 >> 1) & 0xffff) << i;
        }
        return r;
    }

    public static long pmulld(long a, long b) {
        return (long) ((int) (a >> 32) * (int) (b >> 32)) << 32 | a * b & LOW;
    }

    /** Unsigned bytes of a by signed bytes of b; sums of neighbours, saturated to signed words. */
    public static long pmaddubsw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            int sum = (int) (a >>> i & 0xff) * (byte) (b >>> i) + (int) (a >>> i + 8 & 0xff) * (byte) (b >>> i + 8);
            r |= (clamp(sum, -32768, 32767) & 0xffff) << i;
        }
        return r;
    }

    public static long pmuludq(long a, long b) {
        return (a & 0xffff_ffffL) * (b & 0xffff_ffffL);
    }

    public static long pmaddwd(long a, long b) {
        int low = (short) a * (short) b + (short) (a >>> 16) * (short) (b >>> 16);
        int high = (short) (a >>> 32) * (short) (b >>> 32) + (short) (a >>> 48) * (short) (b >>> 48);
        return (long) high << 32 | low & 0xffff_ffffL;
    }

    public static long psllw(long v, long count) {
        return Lanes.shiftLeft(v, count, TOP16);
    }

    public static long pslld(long v, long count) {
        return Lanes.shiftLeft(v, count, TOP32);
    }

    public static long psllq(long v, long count) {
        return Long.compareUnsigned(count, 63) > 0 ? 0 : v << count;
    }

    public static long psrlw(long v, long count) {
        return Lanes.shiftRight(v, count, TOP16);
    }

    public static long psrld(long v, long count) {
        return Lanes.shiftRight(v, count, TOP32);
    }

    public static long psrlq(long v, long count) {
        return Long.compareUnsigned(count, 63) > 0 ? 0 : v >>> count;
    }

    public static long psraw(long v, long count) {
        return Lanes.shiftArithmetic(v, count, TOP16);
    }

    public static long psrad(long v, long count) {
        return Lanes.shiftArithmetic(v, count, TOP32);
    }

    /** Bytes of the low halves interleaved, a's first. XMM: PUNPCKL gives this of the low halves as its low half. */
    public static long punpcklbw(long a, long b) {
        return spreadBytes(a) | spreadBytes(b) << 8;
    }

    /** Bytes of the high halves interleaved. XMM: PUNPCKL gives this of the low halves as its high half. */
    public static long punpckhbw(long a, long b) {
        return spreadBytes(a >>> 32) | spreadBytes(b >>> 32) << 8;
    }

    public static long punpcklwd(long a, long b) {
        return spreadWords(a) | spreadWords(b) << 16;
    }

    public static long punpckhwd(long a, long b) {
        return spreadWords(a >>> 32) | spreadWords(b >>> 32) << 16;
    }

    public static long punpckldq(long a, long b) {
        return a & 0xffff_ffffL | b << 32;
    }

    public static long punpckhdq(long a, long b) {
        return a >>> 32 | b & 0xffff_ffff_0000_0000L;
    }

    private static long spreadBytes(long v) {
        long x = spreadWords(v);
        return (x | x << 8) & EVEN_BYTES;
    }

    private static long spreadWords(long v) {
        long x = v & 0xffff_ffffL;
        return (x | x << 16) & 0x0000_ffff_0000_ffffL;
    }

    /** Words of a, then of b, to bytes. XMM: each half packs the two halves of one operand. */
    public static long packsswb(long a, long b) {
        long r = 0;
        for (int i = 0; i < 4; i++) {
            r |= (clamp((short) (a >>> 16 * i), -128, 127) & 0xff) << 8 * i;
            r |= (clamp((short) (b >>> 16 * i), -128, 127) & 0xff) << 8 * i + 32;
        }
        return r;
    }

    public static long packuswb(long a, long b) {
        long r = 0;
        for (int i = 0; i < 4; i++) {
            r |= clamp((short) (a >>> 16 * i), 0, 255) << 8 * i;
            r |= clamp((short) (b >>> 16 * i), 0, 255) << 8 * i + 32;
        }
        return r;
    }

    public static long packssdw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 2; i++) {
            r |= (clamp((int) (a >>> 32 * i), -32768, 32767) & 0xffff) << 16 * i;
            r |= (clamp((int) (b >>> 32 * i), -32768, 32767) & 0xffff) << 16 * i + 32;
        }
        return r;
    }

    /** Doublewords of a, then of b, to unsigned words; halves as for {@link #packsswb}. */
    public static long packusdw(long a, long b) {
        return clamp((int) a, 0, 65535) | clamp((int) (a >> 32), 0, 65535) << 16 | clamp((int) b, 0, 65535) << 32 | clamp((int) (b >> 32), 0, 65535) << 48;
    }

    static long clamp(int v, int low, int high) {
        return Math.max(low, Math.min(high, v));
    }

    public static long pabsb(long v) {
        return absolute(v, TOP8);
    }

    public static long pabsw(long v) {
        return absolute(v, TOP16);
    }

    public static long pabsd(long v) {
        return absolute(v, TOP32);
    }

    /** Negative lanes are negated: inverted, less -1. The smallest number stays what it is. */
    private static long absolute(long v, long top) {
        long negative = Lanes.mask(v & top, top);
        return Lanes.sub(v ^ negative, negative, top);
    }

    public static long psignb(long a, long b) {
        return signed(a, b, TOP8);
    }

    public static long psignw(long a, long b) {
        return signed(a, b, TOP16);
    }

    public static long psignd(long a, long b) {
        return signed(a, b, TOP32);
    }

    /** Lanes of a negated where b is negative, zero where b is zero. */
    private static long signed(long a, long b, long top) {
        long negative = Lanes.mask(b & top, top);
        return Lanes.sub(a ^ negative, negative, top) & ~Lanes.mask(Lanes.zero(b, top), top);
    }

    /** Top bits of the eight bytes. */
    public static int pmovmskb(long v) {
        return (int) (((v & TOP8) >>> 7) * 0x0102_0408_1020_4080L >>> 56);
    }

    /** Words in the order that four two-bit fields say. */
    public static long pshufw(long v, int order) {
        return v >>> 16 * (order & 3) & 0xffff | (v >>> 16 * (order >> 2 & 3) & 0xffff) << 16
                | (v >>> 16 * (order >> 4 & 3) & 0xffff) << 32 | v >>> 16 * (order >> 6 & 3) << 48;
    }
}
