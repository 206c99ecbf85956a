package org.gearshift.translator.x86.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** x87 instructions give bit for bit what the processor gives, in all rounding modes and precisions, masked and unmasked. */
class X87OnProcessorTest {
    private static final int STATES = Integer.getInteger("gearshift.test.states", 3000);
    private static Processor processor;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        processor = new Processor();
    }

    @AfterAll
    static void stop() {
        processor.close();
    }

    /** Two random registers, random control word, sometimes an empty register. */
    private static List<MachineState> stack(long seed, boolean room) {
        Operands o = new Operands(seed);
        List<MachineState> list = new ArrayList<>();
        for (int i = 0; i < STATES; i++) {
            MachineState m = new MachineState();
            m.control(o.control());
            m.status(o.random.nextInt(8) << 11);
            for (int r = 0; r < 8; r++) {
                o.extended(m, r);
            }
            if (o.random.nextInt(3) == 0) {
                int e = m.exponent(0) & 0x7fff;
                m.st(1, o.significand() | Long.MIN_VALUE, Math.max(0, e - 3 + o.random.nextInt(6)) & 0x7fff | o.random.nextInt(2) << 15);
            }
            if (room) {
                m.tags(m.tags() & ~(1 << ((m.status() >> 11) + 7 & 7)));
            }
            if (o.random.nextInt(12) == 0) {
                m.tags(m.tags() & o.random.nextInt(256));
            }
            m.data().putLong(0, switch (o.random.nextInt(3)) {
                case 0 -> o.special64();
                case 1 -> o.special32() & 0xffff_ffffL;
                default -> o.random.nextLong() >> o.random.nextInt(64);
            });
            m.data().putLong(8, o.random.nextLong());
            m.registers[3] = 0x202 | o.random.nextInt() & Comparison.ARITHMETIC_FLAGS;
            list.add(m);
        }
        return list;
    }

    private static void check(int ignored, boolean room, String... nameAndCode) throws IOException {
        Comparison c = new Comparison(processor);
        c.ignoredStatus = ignored;
        for (int i = 0; i < nameAndCode.length; i += 2) {
            c.check(nameAndCode[i], nameAndCode[i + 1], stack(i + 1, room));
        }
        c.finish();
    }

    @Test
    void arithmeticOnTheStack() throws IOException {
        check(0, false, "fadd st0,st1", "d8c1", "fadd st1,st0", "dcc1", "faddp", "dec1", "fsub st0,st1", "d8e1", "fsubr st0,st1", "d8e9",
                "fsub st1,st0", "dce9", "fsubr st1,st0", "dce1", "fsubp", "dee9", "fmul st0,st1", "d8c9", "fmulp", "dec9", "fmul st0,st0", "d8c8",
                "fdiv st0,st1", "d8f1", "fdivr st0,st1", "d8f9", "fdivp", "def9", "fdivrp", "def1");
    }

    @Test
    void arithmeticWithMemory() throws IOException {
        check(0, false, "fadd m32", "d807", "fmul m32", "d80f", "fsub m32", "d827", "fsubr m32", "d82f", "fdiv m32", "d837", "fdivr m32", "d83f",
                "fadd m64", "dc07", "fmul m64", "dc0f", "fsub m64", "dc27", "fsubr m64", "dc2f", "fdiv m64", "dc37", "fdivr m64", "dc3f",
                "fiadd m32", "da07", "fimul m32", "da0f", "fidivr m32", "da3f", "fisub m16", "de27", "fidiv m16", "de37");
    }

    @Test
    void oneOperand() throws IOException {
        check(0, false, "fchs", "d9e0", "fabs", "d9e1", "fsqrt", "d9fa", "frndint", "d9fc", "fscale", "d9fd", "fxam", "d9e5", "ftst", "d9e4");
    }

    @Test
    void extract() throws IOException {
        check(0, true, "fxtract", "d9f4");
    }

    @Test
    void remainder() throws IOException {
        check(0, false, "fprem", "d9f8", "fprem1", "d9f5");
    }

    @Test
    void comparisons() throws IOException {
        check(0, false, "fcom", "d8d1", "fcomp", "d8d9", "fcompp", "ded9", "fucom", "dde1", "fucomp", "dde9", "fucompp", "dae9", "fcom m32", "d817",
                "fcomp m64", "dc1f", "ficom m16", "de17", "ficomp m32", "da1f", "fcomi", "dbf1", "fcomip", "dff1", "fucomi", "dbe9", "fucomip", "dfe9");
    }

    @Test
    void loads() throws IOException {
        check(0, true, "fld st3", "d9c3", "fld m32", "d907", "fld m64", "dd07", "fld m80", "db2f", "fild m16", "df07", "fild m32", "db07",
                "fild m64", "df2f", "fld1", "d9e8", "fldl2t", "d9e9", "fldl2e", "d9ea", "fldpi", "d9eb", "fldlg2", "d9ec", "fldln2", "d9ed",
                "fldz", "d9ee");
    }

    @Test
    void stores() throws IOException {
        check(0, false, "fst st2", "ddd2", "fstp st2", "ddda", "fst m32", "d917", "fstp m32", "d91f", "fst m64", "dd17", "fstp m64", "dd1f",
                "fstp m80", "db3f", "fist m16", "df17", "fistp m16", "df1f", "fist m32", "db17", "fistp m32", "db1f", "fistp m64", "df3f",
                "fisttp m16", "df0f", "fisttp m32", "db0f", "fisttp m64", "dd0f", "fbstp", "df37");
    }

    @Test
    void moves() throws IOException {
        check(0, false, "fxch", "d9c9", "fxch st3", "d9cb", "fcmovb", "dac1", "fcmove", "dac9", "fcmovbe", "dad1", "fcmovu", "dad9",
                "fcmovnb", "dbc1", "fcmovne", "dbc9", "fcmovnbe", "dbd1", "fcmovnu", "dbd9", "ffree", "ddc2", "fincstp", "d9f7", "fdecstp", "d9f6");
    }

    @Test
    void control() throws IOException {
        check(0, false, "fnstsw ax", "dfe0", "fnstsw m", "dd3f", "fnstcw", "d93f", "fldcw", "d92f", "fnclex", "dbe2", "fninit", "dbe3",
                "fnop", "d9d0", "fwait", "9b");
    }

    /** Instruction and data pointers are not compared: the processor keeps them only with exceptions. */
    @Test
    void environment() throws IOException {
        Comparison c = new Comparison(processor);
        c.ignoredMemory = 0x78;
        c.check("fnstenv", "d937", stack(1, false));
        c.check("fnsave", "dd37", stack(2, false));
        c.check("fldenv", "d927", images(3));
        c.check("frstor", "dd27", images(4));
        c.ignoredMemory = 0xe;
        c.check("fnstenv 16", "66d937", stack(5, false));
        c.check("fldenv 16", "66d927", images(6));
        c.finish();
    }

    private static List<MachineState> images(long seed) {
        List<MachineState> list = stack(seed, false);
        Operands o = new Operands(seed);
        for (MachineState m : list) {
            o.random.nextBytes(m.memory);
        }
        return list;
    }

    @Test
    void fxrstorAndFxsaveKeepEverything() {
        Emulated e = new Emulated();
        for (MachineState m : stack(9, false)) {
            new Operands(m.registers[3]).random.nextBytes(m.memory);
            m.xmm(0, m.significand(3));
            m.xmm(15, m.significand(5));
            m.mxcsr(m.status() & 0xff80);
            e.enter(new MachineState());
            e.load(new byte[] {0x0f, (byte) 0xae, (byte) 0x8f, 0, 4, 0, 0});
            System.arraycopy(m.fx, 0, e.ram, Emulated.data() + 0x400, 512);
            assertSame(m, e.run());
            e.load(new byte[] {0x0f, (byte) 0xae, (byte) 0x87, 0, 8, 0, 0});
            e.run();
            MachineState saved = new MachineState();
            System.arraycopy(e.ram, Emulated.data() + 0x800, saved.fx, 0, 512);
            assertSame(m, saved);
        }
    }

    private static void assertSame(MachineState a, MachineState b) {
        int summary = X87Status.ES | X87Status.BUSY;
        assertEquals(a.status() & ~summary, b.status() & ~summary);
        assertEquals(a.control(), b.control());
        assertEquals(a.tags(), b.tags());
        assertEquals(a.mxcsr(), b.mxcsr());
        for (int i = 0; i < 8; i++) {
            assertEquals(a.significand(i), b.significand(i));
            assertEquals(a.exponent(i), b.exponent(i));
        }
        for (int i = 0; i < 16; i++) {
            assertEquals(a.xmm(i), b.xmm(i));
        }
    }

    /** Operands in the documented ranges, extended precision; results may differ in the last place, and with them C1. */
    private static List<MachineState> functionOperands(long seed, int least, int most, boolean positive) {
        List<MachineState> list = stack(seed, true);
        Operands o = new Operands(seed + 100);
        for (MachineState m : list) {
            m.control(0x37f);
            if (o.random.nextInt(10) > 0) {
                m.tags(0xff & ~(1 << ((m.status() >> 11) + 7 & 7)));
                int sign = positive ? 0 : o.random.nextInt(2) << 15;
                m.st(0, o.random.nextLong() | Long.MIN_VALUE, sign | 0x3fff + least + o.random.nextInt(most - least));
                m.st(1, o.random.nextLong() | Long.MIN_VALUE, o.random.nextInt(2) << 15 | 0x3fff + o.random.nextInt(40) - 20);
            }
        }
        return list;
    }

    private static void checkFunction(String name, String code, int least, int most, boolean positive) throws IOException {
        Comparison c = new Comparison(processor);
        c.ignoredStatus = X87Status.C1;
        c.tolerance = 1;
        List<MachineState> states = functionOperands(name.hashCode(), least, most, positive);
        if (name.equals("fyl2xp1")) {
            states.removeIf(m -> (m.exponent(0) & 0x7fff) > 0x3ffc && (m.exponent(0) & 0x7fff) < 0x7fff);
        }
        c.check(name, code, states);
        c.finish();
    }

    @Test
    void sine() throws IOException {
        checkFunction("fsin", "d9fe", -80, 60, false);
    }

    @Test
    void cosine() throws IOException {
        checkFunction("fcos", "d9ff", -80, 60, false);
    }

    @Test
    void sineAndCosine() throws IOException {
        checkFunction("fsincos", "d9fb", -40, 60, false);
    }

    @Test
    void tangent() throws IOException {
        checkFunction("fptan", "d9f2", -80, 60, false);
    }

    @Test
    void arcTangent() throws IOException {
        checkFunction("fpatan", "d9f3", -80, 60, false);
    }

    @Test
    void powerOfTwo() throws IOException {
        checkFunction("f2xm1", "d9f0", -80, 0, false);
    }

    @Test
    void logarithm() throws IOException {
        checkFunction("fyl2x", "d9f1", -80, 80, true);
    }

    @Test
    void logarithmNearOne() throws IOException {
        checkFunction("fyl2xp1", "d9f9", -80, -2, false);
    }
}
