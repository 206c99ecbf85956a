package org.gearshift.translator.x86.runtime;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The transcendental functions give what the processor gives but for the last place of the significand, and with it C1: all else is equal, flags, tags,
 * stack faults and special results included, under all control words.
 */
class X87FunctionsOnProcessorTest {
    private static final int STATES = Integer.getInteger("gearshift.test.states", 600);
    private static final BigDecimal PI = new BigDecimal("3.14159265358979323846264338327950288");
    private static Processor processor;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        processor = new Processor(true);
    }

    @AfterAll
    static void stop() {
        processor.close();
    }

    /** How ST(0) and ST(1) are chosen. */
    private interface Choice {
        void set(MachineState m, Operands o);
    }

    private static List<MachineState> states(long seed, Choice choice) {
        List<MachineState> list = X87States.random(seed, STATES);
        Operands o = new Operands(seed + 1);
        for (MachineState m : list) {
            choice.set(m, o);
        }
        return list;
    }

    private static void check(String name, int code, Choice... choices) throws IOException {
        Comparison c = new Comparison(processor);
        c.rounding = true;
        c.tolerance = 1;
        c.pointers = true;
        byte[] bytes = {(byte) 0xd9, (byte) code};
        c.ignoredStatus = X87Conditions.undefined(X87OnProcessorTest.decode(bytes).mnemonic());
        List<MachineState> any = X87States.random(code, 3 * STATES);
        any.removeIf(m -> !X87Conditions.COMPARED && outOfRange(code, m.exponent(0) & 0x7fff));
        c.check(name, bytes, Processor.OFFSET, any);
        for (int i = 0; i < choices.length; i++) {
            c.check(name + " " + i, bytes, Processor.OFFSET, states(code + 1000 * i, choices[i]));
        }
        c.finish();
        System.out.printf("x87: %s, %d states within one unit, 0 differences%n", name, c.compared());
    }

    /** Numbers and infinities for which the manual leaves the result undefined: F2XM1 beyond 1, FYL2XP1 beyond 1 - sqrt(2) / 2 (SDM vol. 1, 8.3.8). */
    private static boolean outOfRange(int code, int exponent) {
        return code == 0xf0 && exponent >= 0x3fff || code == 0xf9 && exponent >= 0x3ffd;
    }

    /** A number with a binary exponent from a range; now and then a round one. */
    private static void number(MachineState m, int st, Operands o, int least, int most, boolean positive) {
        int sign = positive ? 0 : o.random.nextInt(2) << 15;
        long f = o.random.nextInt(8) == 0 ? o.significand() : o.random.nextLong();
        m.st(st, f | Long.MIN_VALUE, sign | 0x3fff + least + o.random.nextInt(most - least));
    }

    private static Choice angle(int least, int most) {
        return (m, o) -> {
            number(m, 0, o, least, most, false);
            m.tags(m.tags() & ~(1 << ((m.status() >> 11) + 7 & 7)));
        };
    }

    /** Angles near multiples of half a right angle, as close as the format has them. */
    private static void nearMultipleOfPi(MachineState m, Operands o) {
        int n = 1 + o.random.nextInt(64);
        BigDecimal angle = PI.multiply(BigDecimal.valueOf(n)).divide(BigDecimal.valueOf(4));
        int e = Math.getExponent(angle.doubleValue());
        BigDecimal units = angle.multiply(new BigDecimal(BigInteger.TWO.pow(63))).divide(BigDecimal.valueOf(Math.scalb(1.0, e)));
        m.st(0, units.toBigInteger().longValue() + o.random.nextInt(5) - 2, o.random.nextInt(2) << 15 | 0x3fff + e);
        m.tags(m.tags() & ~(1 << ((m.status() >> 11) + 7 & 7)));
    }

    private static final Choice[] ANGLES = {angle(-80, 63), angle(-40, 3), angle(60, 66), angle(-16382, -60), X87FunctionsOnProcessorTest::nearMultipleOfPi};

    @Test
    void sine() throws IOException {
        check("fsin", 0xfe, ANGLES);
    }

    @Test
    void cosine() throws IOException {
        check("fcos", 0xff, ANGLES);
    }

    @Test
    void sineAndCosine() throws IOException {
        check("fsincos", 0xfb, ANGLES);
    }

    @Test
    void tangent() throws IOException {
        check("fptan", 0xf2, ANGLES);
    }

    @Test
    void arcTangent() throws IOException {
        check("fpatan", 0xf3,
                (m, o) -> {
                    number(m, 0, o, -20, 20, false);
                    number(m, 1, o, -20, 20, false);
                }, (m, o) -> {
                    number(m, 0, o, -100, 100, false);
                    number(m, 1, o, -100, 100, false);
                }, (m, o) -> {
                    number(m, 0, o, -16382, 16383, false);
                    number(m, 1, o, -16382, 16383, false);
                }, (m, o) -> {
                    number(m, 0, o, 0, 6, false);
                    m.st(1, m.significand(0), m.exponent(0) ^ o.random.nextInt(2) << 15);
                });
    }

    @Test
    void powerOfTwo() throws IOException {
        check("f2xm1", 0xf0, (m, o) -> number(m, 0, o, -80, 0, false), (m, o) -> number(m, 0, o, -6, 0, false), (m, o) -> number(m, 0, o, -16382, -60, false));
    }

    @Test
    void logarithm() throws IOException {
        Choice plain = (m, o) -> {
            number(m, 0, o, -80, 80, true);
            number(m, 1, o, -80, 80, false);
        };
        Choice nearOne = (m, o) -> {
            m.st(0, o.random.nextBoolean() ? -1L >>> o.random.nextInt(40) << o.random.nextInt(5) | Long.MIN_VALUE : Long.MIN_VALUE | 1L << o.random.nextInt(63),
                    0x3ffe + o.random.nextInt(2));
            number(m, 1, o, -80, 80, false);
        };
        Choice any = (m, o) -> {
            number(m, 0, o, -16382, 16383, true);
            number(m, 1, o, -16382, 16383, false);
        };
        Choice powersOfTwo = (m, o) -> {
            m.st(0, Long.MIN_VALUE, 1 + o.random.nextInt(0x7ffd));
            number(m, 1, o, -16382, 16383, false);
        };
        check("fyl2x", 0xf1, plain, nearOne, any, powersOfTwo);
    }

    @Test
    void logarithmNearOne() throws IOException {
        check("fyl2xp1", 0xf9, (m, o) -> {
            number(m, 0, o, -80, -2, false);
            number(m, 1, o, -80, 80, false);
        }, (m, o) -> {
            number(m, 0, o, -16382, -2, false);
            number(m, 1, o, -16382, 16383, false);
        });
    }
}
