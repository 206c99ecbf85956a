package org.gearshift.ir;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Operations against their definitions in unlimited arithmetic. */
class OpSemanticsTest {
    private static final BigInteger ONE = BigInteger.ONE;
    private final Random random = new Random(1);

    private long any(Type t) {
        long v = random.nextInt(4) == 0 ? random.nextInt(9) - 4 : random.nextLong();
        v = random.nextInt(8) == 0 ? Long.MIN_VALUE >> random.nextInt(64) : v;
        return t == Type.I32 ? (int) v : v;
    }

    private static BigInteger unsigned(long v, int bits) {
        return BigInteger.valueOf(v).mod(ONE.shiftLeft(bits));
    }

    @Test
    void resultsAreInContainerForm() {
        for (int i = 0; i < 200_000; i++) {
            Op op = Op.values()[Op.ADD.ordinal() + random.nextInt(Op.AUX_SUB.ordinal() - Op.ADD.ordinal() + 1)];
            Type t = op.resultSignature() == 'l' ? Type.I64 : Type.I32;
            long r = OpSemantics.eval(op, t, 32, any(t), any(t), any(t));
            if (op.resultSignature() != 'l') {
                assertEquals((int) r, r, op.text());
            }
        }
    }

    @Test
    void highProducts() {
        for (int i = 0; i < 50_000; i++) {
            long a = any(Type.I64);
            long b = any(Type.I64);
            assertEquals(unsigned(a, 64).multiply(unsigned(b, 64)).shiftRight(64).longValue(), OpSemantics.eval(Op.MULHU, Type.I64, 0, a, b, 0));
            assertEquals(BigInteger.valueOf(a).multiply(BigInteger.valueOf(b)).shiftRight(64).longValue(), OpSemantics.eval(Op.MULHS, Type.I64, 0, a, b, 0));
        }
    }

    @Test
    void unsignedComparisonOfSignExtendedValues() {
        for (int i = 0; i < 50_000; i++) {
            long a = any(Type.I32);
            long b = random.nextInt(4) == 0 ? a : any(Type.I32);
            int order = unsigned(a, 32).compareTo(unsigned(b, 32));
            assertEquals(order < 0 ? 1 : 0, OpSemantics.eval(Op.ULT, Type.I32, 0, a, b, 0));
            assertEquals(order <= 0 ? 1 : 0, OpSemantics.eval(Op.ULE, Type.I32, 0, a, b, 0));
        }
    }

    @Test
    void carryVectorsHoldCarryOverflowAndAdjust() {
        for (int width = 8; width <= 64; width *= 2) {
            for (int i = 0; i < 50_000; i++) {
                addition(width, any(Type.I64), any(Type.I64), random.nextInt(2));
                subtraction(width, any(Type.I64), any(Type.I64), random.nextInt(2));
            }
        }
    }

    private static void addition(int width, long a, long b, int carry) {
        int aux = OpSemantics.auxAdd(width, a, b, a + b + carry);
        BigInteger sum = unsigned(a, width).add(unsigned(b, width)).add(BigInteger.valueOf(carry));
        BigInteger signed = signed(a, width).add(signed(b, width)).add(BigInteger.valueOf(carry));
        check(width, aux, sum.testBit(width), signed, (a & 15) + (b & 15) + carry > 15);
    }

    private static void subtraction(int width, long a, long b, int borrow) {
        int aux = OpSemantics.auxSub(width, a, b, a - b - borrow);
        BigInteger difference = unsigned(a, width).subtract(unsigned(b, width)).subtract(BigInteger.valueOf(borrow));
        BigInteger signed = signed(a, width).subtract(signed(b, width)).subtract(BigInteger.valueOf(borrow));
        check(width, aux, difference.signum() < 0, signed, (a & 15) - (b & 15) - borrow < 0);
    }

    private static BigInteger signed(long v, int width) {
        return BigInteger.valueOf(v << 64 - width >> 64 - width);
    }

    private static void check(int width, int aux, boolean carry, BigInteger signed, boolean adjust) {
        boolean overflow = signed.bitLength() >= width;
        assertEquals(carry ? 1 : 0, aux >>> 31);
        assertEquals(overflow ? 1 : 0, (aux >>> 31) ^ (aux >>> 30 & 1));
        assertEquals(adjust ? 8 : 0, aux & 8);
        assertEquals(0, aux & 0x3ffffff7);
    }
}
