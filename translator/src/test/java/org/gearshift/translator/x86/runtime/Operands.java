package org.gearshift.translator.x86.runtime;

import java.util.SplittableRandom;

/** Random floating-point numbers with many special and neighbouring ones. */
final class Operands {
    private static final long[] SIGNIFICANDS = {Long.MIN_VALUE, -1L, 0x8000_0000_0000_0001L, 0xc000_0000_0000_0000L, 0xffff_ffff_0000_0000L,
        0xffff_ff00_0000_0000L, 0xffff_ffff_ffff_f800L, 0xffff_ffff_ffff_fc00L, 0xffff_ff80_0000_0000L, 0x8000_0000_0000_0400L, 0xfffe_0000_0000_0000L};
    final SplittableRandom random;

    Operands(long seed) {
        random = new SplittableRandom(seed);
    }

    /** A double-extended number into a stack register. */
    void extended(MachineState m, int st) {
        int sign = random.nextInt(2) << 15;
        long f = significand();
        switch (random.nextInt(24)) {
            case 0 -> m.st(st, 0, sign);
            case 1 -> m.st(st, Long.MIN_VALUE, sign | 0x7fff);
            case 2 -> m.st(st, f | 0xc000_0000_0000_0000L, sign | 0x7fff);
            case 3 -> m.st(st, f & ~(1L << 62) | Long.MIN_VALUE | 1, sign | 0x7fff);
            case 4 -> m.st(st, f >>> 1 + random.nextInt(63), sign);
            case 5 -> m.st(st, f, sign);
            case 6 -> m.st(st, f & Long.MAX_VALUE, sign | random.nextInt(0x8000));
            case 7 -> m.st(st, f | Long.MIN_VALUE, sign | 1 + random.nextInt(70));
            case 8 -> m.st(st, f | Long.MIN_VALUE, sign | 0x7ffe - random.nextInt(70));
            case 9 -> m.st(st, f | Long.MIN_VALUE, sign | random.nextInt(0x8000));
            case 10 -> m.st(st, f | Long.MIN_VALUE, sign | 0x3fff + 1023 - random.nextInt(4));
            case 11 -> m.st(st, f | Long.MIN_VALUE, sign | 0x3fff - 1022 - random.nextInt(60));
            case 12 -> m.st(st, f | Long.MIN_VALUE, sign | 0x3fff + 127 - random.nextInt(4));
            case 13 -> m.st(st, f | Long.MIN_VALUE, sign | 0x3fff - 126 - random.nextInt(30));
            case 14, 15 -> {
                long v = random.nextLong() >> random.nextInt(64);
                m.st(st, ExtendedConversion.significandOfInteger(v), ExtendedConversion.exponentOfInteger(v));
            }
            case 16 -> {
                long v = random.nextInt(2000) - 1000;
                int e = ExtendedConversion.exponentOfInteger(v);
                m.st(st, ExtendedConversion.significandOfInteger(v), v == 0 ? 0 : e - 1);
            }
            default -> m.st(st, f | Long.MIN_VALUE, sign | 0x3fff + random.nextInt(140) - 70);
        }
    }

    long significand() {
        return switch (random.nextInt(4)) {
            case 0 -> SIGNIFICANDS[random.nextInt(SIGNIFICANDS.length)];
            case 1 -> random.nextLong() << random.nextInt(64);
            default -> random.nextLong();
        };
    }

    /** A control word: all rounding and precision settings, exceptions masked mostly. The reserved precision is for undefined behaviour only. */
    int control() {
        int masks = random.nextInt(5) == 0 ? random.nextInt(64) : 0x3f;
        int[] precisions = Boolean.getBoolean("gearshift.test.undefined") ? new int[] {0, 1, 2, 3, 3, 3} : new int[] {0, 2, 3, 3, 3};
        int precision = precisions[random.nextInt(precisions.length)];
        return 0x40 | masks | precision << 8 | random.nextInt(4) << 10 | random.nextInt(2) << 12;
    }

    long binary64() {
        long sign = random.nextLong() & Long.MIN_VALUE;
        long f = significand() >>> 12;
        return sign | f | switch (random.nextInt(16)) {
            case 0 -> {
                f = 0;
                yield -f;
            }
            case 1, 2 -> 0x7ffL << 52;
            case 3 -> 0L;
            case 4 -> 1L + random.nextInt(60) << 52;
            case 5 -> 0x7feL - random.nextInt(60) << 52;
            case 6 -> random.nextLong(0x7ff) << 52;
            default -> 1023L + random.nextInt(80) - 40 << 52;
        };
    }

    int binary32() {
        int sign = random.nextInt() & Integer.MIN_VALUE;
        int f = (int) (significand() >>> 41);
        return sign | f | switch (random.nextInt(16)) {
            case 1, 2 -> 0xff << 23;
            case 0, 3 -> 0;
            case 4 -> 1 + random.nextInt(30) << 23;
            case 5 -> 0xfe - random.nextInt(30) << 23;
            case 6 -> random.nextInt(0xff) << 23;
            default -> 127 + random.nextInt(60) - 30 << 23;
        };
    }

    /** Like {@link #binary64}, with zeros, infinities and small integers among them. */
    long special64() {
        return switch (random.nextInt(12)) {
            case 0 -> random.nextLong() & Long.MIN_VALUE;
            case 1 -> random.nextLong() & Long.MIN_VALUE | 0x7ffL << 52;
            case 2 -> Double.doubleToRawLongBits((random.nextInt(2000) - 1000) / 2.0);
            case 3 -> Double.doubleToRawLongBits((double) (random.nextLong() >> random.nextInt(64)));
            default -> binary64();
        };
    }

    int special32() {
        return switch (random.nextInt(12)) {
            case 0 -> random.nextInt() & Integer.MIN_VALUE;
            case 1 -> random.nextInt() & Integer.MIN_VALUE | 0xff << 23;
            case 2 -> Float.floatToRawIntBits((random.nextInt(2000) - 1000) / 2.0f);
            case 3 -> Float.floatToRawIntBits(random.nextInt() >> random.nextInt(32));
            default -> binary32();
        };
    }

    int mxcsr() {
        int masks = random.nextInt(5) == 0 ? random.nextInt(64) : 0x3f;
        int extra = random.nextInt(4) == 0 ? random.nextInt(2) << 15 | random.nextInt(2) << 6 : 0;
        return masks << 7 | (random.nextInt(3) == 0 ? random.nextInt(4) << 13 : 0) | extra | (random.nextInt(2) == 0 ? random.nextInt(64) : 0);
    }
}
