package org.gearshift.tools.conformance;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/** Random operands with a preference for those where something changes: borders of ranges, special floating-point values. */
final class Values {
    /** What a datum is taken for. */
    enum Kind { INTEGER, BCD, F32, F64, F80 }

    private static final long[] BORDERS = {0, 1, -1, 2, -2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_ffffL, 0x8000_0000L,
        0xffff_ffffL, 0x1_0000_0000L, Long.MAX_VALUE, Long.MIN_VALUE, 0x8080_8080_8080_8080L, 0x7f7f_7f7f_7f7f_7f7fL, 0x8000_8000_8000_8000L, 9, 10, 0x99};
    /** Counts that shifts, rotates, bit fields and element selectors treat differently. */
    private static final int[] COUNTS = {0, 1, 2, 7, 8, 9, 15, 16, 17, 18, 24, 31, 32, 33, 63, 64, 65, 127, 128, 255};
    private static final long[] SIGNIFICANDS = {Long.MIN_VALUE, -1L, 0x8000_0000_0000_0001L, 0xc000_0000_0000_0000L, 0xffff_ffff_0000_0000L,
        0xffff_ff00_0000_0000L, 0xffff_ffff_ffff_f800L, 0xffff_ffff_ffff_fc00L, 0xffff_ff80_0000_0000L, 0x8000_0000_0000_0400L, 0xfffe_0000_0000_0000L};

    private final SplittableRandom random;

    Values(SplittableRandom random) {
        this.random = random;
    }

    /** 64 bits, of which users take as many as they need. */
    long integer() {
        return switch (random.nextInt(8)) {
            case 0, 1 -> BORDERS[random.nextInt(BORDERS.length)];
            case 2 -> BORDERS[random.nextInt(BORDERS.length)] + random.nextInt(5) - 2;
            case 3 -> 1L << random.nextInt(64);
            case 4 -> random.nextInt(400) - 100;
            case 5 -> random.nextLong() >> random.nextInt(64);
            default -> random.nextLong();
        };
    }

    int count() {
        return random.nextInt(3) == 0 ? random.nextInt(256) : COUNTS[random.nextInt(COUNTS.length)];
    }

    long significand() {
        return switch (random.nextInt(4)) {
            case 0 -> SIGNIFICANDS[random.nextInt(SIGNIFICANDS.length)];
            case 1 -> random.nextLong() << random.nextInt(64);
            default -> random.nextLong();
        };
    }

    /** Lanes of integers of one width, equal ones among them. */
    private long lanes() {
        int width = 8 << random.nextInt(4);
        if (width == 64) {
            return integer();
        }
        long v = 0;
        for (int at = 0; at < 64; at += width) {
            v |= (integer() & (1L << width) - 1) << at;
        }
        return v;
    }

    private long bcd() {
        if (random.nextInt(8) == 0) {
            return random.nextLong();
        }
        long v = 0;
        for (int i = 0; i < 16; i++) {
            v = v << 4 | random.nextInt(10);
        }
        return v;
    }

    int f32() {
        int sign = random.nextInt() & Integer.MIN_VALUE;
        int f = (int) (significand() >>> 41);
        return sign | switch (random.nextInt(14)) {
            case 0 -> 0;
            case 1 -> 0x7f80_0000;
            case 2 -> 0x7fc0_0000 | f;
            case 3 -> 0x7f80_0001 | f & 0x3f_ffff;
            case 4 -> f >>> 1 + random.nextInt(22);
            case 5 -> 0x0080_0000 + (random.nextInt(30) << 23) | f;
            case 6 -> 0x7f00_0000 - (random.nextInt(30) << 23) | f;
            case 7 -> Float.floatToRawIntBits(random.nextInt(2000) - 1000);
            case 8 -> Float.floatToRawIntBits((float) (random.nextLong() >> random.nextInt(64))) & Integer.MAX_VALUE;
            case 9 -> random.nextInt() & Integer.MAX_VALUE;
            default -> 0x3f80_0000 + (random.nextInt(60) - 30 << 23) & 0x7f80_0000 | f;
        };
    }

    long f64() {
        long sign = random.nextLong() & Long.MIN_VALUE;
        long f = significand() >>> 12;
        return sign | switch (random.nextInt(16)) {
            case 0 -> 0;
            case 1 -> 0x7ff0_0000_0000_0000L;
            case 2 -> 0x7ff8_0000_0000_0000L | f;
            case 3 -> 0x7ff0_0000_0000_0001L | f & 0x7_ffff_ffff_ffffL;
            case 4 -> f >>> 1 + random.nextInt(51);
            case 5 -> 0x0010_0000_0000_0000L + ((long) random.nextInt(60) << 52) | f;
            case 6 -> 0x7fe0_0000_0000_0000L - ((long) random.nextInt(60) << 52) | f;
            case 7 -> Double.doubleToRawLongBits(random.nextInt(2000) - 1000) & Long.MAX_VALUE;
            case 8 -> Double.doubleToRawLongBits(random.nextLong() >> random.nextInt(64)) & Long.MAX_VALUE;
            case 9 -> random.nextLong() & Long.MAX_VALUE;
            // Around the ends of single precision.
            case 10 -> (long) (1023 + 127 - random.nextInt(4)) << 52 | f;
            case 11 -> (long) (1023 - 126 - random.nextInt(30)) << 52 | f;
            default -> (long) (1023 + random.nextInt(100) - 50) << 52 | f;
        };
    }

    /** A double-extended number, and what looks like one: unnormals, pseudo-denormals, pseudo-infinities. */
    void extended(ByteBuffer to, int at) {
        int sign = random.nextInt(2) << 15;
        long f = significand();
        long m = f | Long.MIN_VALUE;
        int e = 0x3fff + random.nextInt(140) - 70;
        switch (random.nextInt(26)) {
            case 0 -> {
                m = 0;
                e = 0;
            }
            case 1 -> {
                m = Long.MIN_VALUE;
                e = 0x7fff;
            }
            case 2 -> {
                m = f | 0xc000_0000_0000_0000L;
                e = 0x7fff;
            }
            case 3 -> {
                m = f & ~(1L << 62) | Long.MIN_VALUE | 1;
                e = 0x7fff;
            }
            case 4 -> {
                m = f >>> 1 + random.nextInt(63);
                e = 0;
            }
            case 5 -> {
                m = f;
                e = 0;
            }
            case 6 -> {
                m = f & Long.MAX_VALUE;
                e = random.nextInt(0x8000);
            }
            case 7 -> e = 1 + random.nextInt(70);
            case 8 -> e = 0x7ffe - random.nextInt(70);
            case 9 -> e = random.nextInt(0x8000);
            case 10 -> e = 0x3fff + 1023 - random.nextInt(4);
            case 11 -> e = 0x3fff - 1022 - random.nextInt(60);
            case 12 -> e = 0x3fff + 127 - random.nextInt(4);
            case 13 -> e = 0x3fff - 126 - random.nextInt(30);
            case 14, 15 -> {
                // An integer.
                long v = random.nextLong() >>> 1 + random.nextInt(63);
                int shift = Long.numberOfLeadingZeros(v | 1);
                m = (v | 1) << shift;
                e = 0x3fff + 63 - shift;
            }
            case 16 -> {
                // A small one and a half.
                long v = 2L * random.nextInt(1000) + 1;
                int shift = Long.numberOfLeadingZeros(v);
                m = v << shift;
                e = 0x3fff + 62 - shift;
            }
            default -> {
            }
        }
        to.putLong(at, m);
        to.putShort(at + 8, (short) (sign | e));
    }

    /** Fills bytes with data of one kind, 8 or 16 bytes each. */
    void fill(byte[] bytes, Kind kind) {
        ByteBuffer b = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (kind == Kind.F80) {
            random.nextBytes(bytes);
            for (int at = 0; at + 10 <= bytes.length; at += 16) {
                extended(b, at);
            }
            return;
        }
        int at = 0;
        for (; at + 8 <= bytes.length; at += 8) {
            b.putLong(at, datum(kind));
        }
        for (; at < bytes.length; at++) {
            bytes[at] = (byte) random.nextInt();
        }
    }

    /** 64 bits of data of a kind. */
    long datum(Kind kind) {
        return switch (kind) {
            case BCD -> bcd();
            case F32 -> f32() & 0xffff_ffffL | (long) f32() << 32;
            case F64 -> f64();
            default -> random.nextBoolean() ? integer() : lanes();
        };
    }

    /** A control word: every rounding and precision; exceptions mostly masked. */
    int x87Control() {
        int masks = random.nextInt(5) == 0 ? random.nextInt(64) : 0x3f;
        int precision = random.nextInt(3) == 0 ? new int[] {0, 2}[random.nextInt(2)] : 3;
        return 0x40 | masks | precision << 8 | random.nextInt(4) << 10 | (random.nextInt(32) == 0 ? 0x1000 : 0);
    }

    /** An MXCSR value: every rounding, sometimes DAZ, FTZ and unmasked exceptions, flags set before. */
    int mxcsr() {
        int masks = random.nextInt(6) == 0 ? random.nextInt(64) : 0x3f;
        int flags = random.nextInt(4) == 0 ? random.nextInt(64) : 0;
        int zero = (random.nextInt(5) == 0 ? 0x8000 : 0) | (random.nextInt(5) == 0 ? 0x40 : 0);
        return masks << 7 | flags | zero | random.nextInt(4) << 13;
    }
}
