package org.gearshift.translator.x86.runtime;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** MMX and SSE instructions give bit for bit what the processor gives: results, MXCSR, EFLAGS, and exceptions where unmasked. */
class SseOnProcessorTest {
    private static final int STATES = Integer.getInteger("gearshift.test.states", 1500);
    private static Processor processor;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        processor = new Processor(false);
    }

    @AfterAll
    static void stop() {
        processor.close();
    }

    private enum Kind { DOUBLES, SINGLES, INTEGERS }

    private static List<MachineState> states(long seed, Kind kind) {
        Operands o = new Operands(seed);
        List<MachineState> list = new ArrayList<>();
        for (int i = 0; i < STATES; i++) {
            MachineState m = new MachineState();
            m.mxcsr(kind == Kind.INTEGERS ? 0x1f80 : o.mxcsr());
            for (int h = 0; h < 6; h++) {
                m.xmm(h, value(o, kind));
            }
            if (o.random.nextInt(6) == 0) {
                m.xmm(2, m.xmm(0));
            }
            for (int h = 0; h < 8; h++) {
                m.data().putLong(8 * h, value(o, kind));
            }
            if (o.random.nextInt(4) == 0) {
                int count = o.random.nextInt(70);
                m.xmm(2, count);
                m.data().putLong(0, count);
            }
            for (int r = 0; r < 8; r++) {
                m.st(r, m.data().getLong(8 * (7 - r)), 0xffff);
            }
            m.registers[0] = o.random.nextInt() >> o.random.nextInt(32) & 0xffff_ffffL;
            m.registers[1] = o.random.nextInt() & 0xffff_ffffL;
            m.registers[2] = o.random.nextInt() & 0xffff_ffffL;
            m.registers[3] = 0x202 | o.random.nextInt() & Comparison.ARITHMETIC_FLAGS;
            list.add(m);
        }
        return list;
    }

    private static long value(Operands o, Kind kind) {
        return switch (kind) {
            case DOUBLES -> o.special64();
            case SINGLES -> (long) o.special32() << 32 | o.special32() & 0xffff_ffffL;
            default -> switch (o.random.nextInt(5)) {
                case 0 -> o.random.nextLong() & o.random.nextLong() & o.random.nextLong();
                case 1 -> o.random.nextLong() | o.random.nextLong() | o.random.nextLong();
                case 2 -> 0x7f80_017f_8000_7fffL ^ 1L << o.random.nextInt(64);
                default -> o.random.nextLong();
            };
        };
    }

    private static void check(Kind kind, String... nameAndCode) throws IOException {
        Comparison c = new Comparison(processor);
        for (int i = 0; i < nameAndCode.length; i += 2) {
            c.check(nameAndCode[i], nameAndCode[i + 1], states(i + 1, kind));
        }
        c.finish();
    }

    /** Opcode bytes 0F xx with a prefix, as xmm0, xmm1 and as xmm0, [edi]. */
    private static void opcodes(Kind kind, String prefix, String... opcodes) throws IOException {
        List<String> l = new ArrayList<>();
        for (String o : opcodes) {
            for (String m : new String[] {"c1", "07"}) {
                l.add(prefix + " 0f" + o + " " + m);
                l.add(prefix + "0f" + o + m);
            }
        }
        check(kind, l.toArray(new String[0]));
    }

    private static final String[] ARITHMETIC = {"58", "5c", "59", "5e", "51", "5d", "5f"};

    @Test
    void scalarDouble() throws IOException {
        opcodes(Kind.DOUBLES, "f2", ARITHMETIC);
    }

    @Test
    void packedDouble() throws IOException {
        opcodes(Kind.DOUBLES, "66", ARITHMETIC);
    }

    @Test
    void scalarSingle() throws IOException {
        opcodes(Kind.SINGLES, "f3", ARITHMETIC);
    }

    @Test
    void packedSingle() throws IOException {
        opcodes(Kind.SINGLES, "", ARITHMETIC);
    }

    @Test
    void comparisons() throws IOException {
        for (int p = 0; p < 8; p++) {
            check(Kind.DOUBLES, "cmpsd " + p, "f20fc2c10" + p, "cmppd " + p, "660fc2070" + p);
            check(Kind.SINGLES, "cmpss " + p, "f30fc2c10" + p, "cmpps " + p, "0fc2070" + p);
        }
        check(Kind.DOUBLES, "comisd", "660f2fc1", "ucomisd", "660f2ec1");
        check(Kind.SINGLES, "comiss", "0f2fc1", "ucomiss", "0f2e07");
    }

    @Test
    void conversions() throws IOException {
        check(Kind.DOUBLES, "cvtsd2si", "f20f2dc1", "cvttsd2si", "f20f2c07", "cvtsd2ss", "f20f5ac1", "cvtpd2ps", "660f5ac1", "cvtpd2dq", "f20fe6c1",
                "cvttpd2dq", "660fe6c1", "cvtpd2pi", "660f2dc1", "cvttpd2pi", "660f2cc1");
        check(Kind.SINGLES, "cvtss2si", "f30f2dc1", "cvttss2si", "f30f2cc1", "cvtss2sd", "f30f5ac1", "cvtps2pd", "0f5ac1", "cvtps2dq", "660f5bc1",
                "cvttps2dq", "f30f5bc1", "cvtps2pi", "0f2dc1", "cvttps2pi", "0f2cc1", "cvtsi2sd", "f20f2ac0", "cvtsi2ss", "f30f2ac0",
                "cvtsi2ss m", "f30f2a07", "cvtdq2ps", "0f5bc1", "cvtdq2pd", "f30fe6c1", "cvtpi2ps", "0f2ac1", "cvtpi2pd", "660f2ac1");
    }

    private static final String[] INTEGER = {"60", "61", "62", "63", "64", "65", "66", "67", "68", "69", "6a", "6b", "74", "75", "76", "d1", "d2", "d3",
        "d4", "d5", "d8", "d9", "da", "db", "dc", "dd", "de", "df", "e0", "e1", "e2", "e3", "e4", "e5", "e8", "e9", "ea", "eb", "ec", "ed", "ee", "ef",
        "f1", "f2", "f3", "f4", "f5", "f6", "f8", "f9", "fa", "fb", "fc", "fd", "fe"};

    @Test
    void integerInXmm() throws IOException {
        opcodes(Kind.INTEGERS, "66", INTEGER);
        opcodes(Kind.INTEGERS, "66", "6c", "6d", "54", "55", "56", "57", "14", "15");
        opcodes(Kind.INTEGERS, "", "54", "55", "56", "57", "14", "15");
    }

    @Test
    void integerInMmx() throws IOException {
        opcodes(Kind.INTEGERS, "", INTEGER);
    }

    @Test
    void absoluteValues() throws IOException {
        for (String o : new String[] {"381c", "381d", "381e"}) {
            opcodes(Kind.INTEGERS, "", o);
            opcodes(Kind.INTEGERS, "66", o);
        }
    }

    @Test
    void shiftsByConstants() throws IOException {
        List<String> l = new ArrayList<>();
        for (String n : new String[] {"00", "01", "07", "0f", "10", "1f", "20", "3f", "40", "ff"}) {
            for (String op : new String[] {"71d1", "71e1", "71f1", "72d1", "72e1", "72f1", "73d1", "73f1"}) {
                l.addAll(List.of("mmx " + op + n, "0f" + op + n, "xmm " + op + n, "660f" + op + n));
            }
            l.addAll(List.of("psrldq " + n, "660f73d9" + n, "pslldq " + n, "660f73f9" + n));
        }
        check(Kind.INTEGERS, l.toArray(new String[0]));
    }

    @Test
    void shufflesInsertsAndMasks() throws IOException {
        List<String> l = new ArrayList<>();
        for (String n : new String[] {"00", "1b", "4e", "e4", "b1", "93", "ff", "44", "ee", "d8", "27"}) {
            for (String op : new String[] {"660f70c1", "f30f70c1", "f20f70c1", "0f70c1", "0fc6c1", "660fc6c1", "0fc4c0", "660fc4c0", "660fc407",
                "0fc5c1", "660fc5c1"}) {
                l.addAll(List.of(op + n, op + n));
            }
        }
        l.addAll(List.of("pmovmskb mm", "0fd7c1", "pmovmskb xmm", "660fd7c1", "movmskps", "0f50c1", "movmskpd", "660f50c1", "maskmovq", "0ff7c1",
                "maskmovdqu", "660ff7c1"));
        check(Kind.INTEGERS, l.toArray(new String[0]));
    }

    @Test
    void moves() throws IOException {
        check(Kind.INTEGERS, "movups", "0f10c1", "movups m", "0f1007", "movups m,", "0f1107", "movaps", "0f28c1", "movaps m,", "0f2907", "movaps misaligned",
                "0f284701", "movups misaligned", "0f104701", "movdqu misaligned,", "f30f7f4703", "movdqa misaligned,", "660f7f4703", "movss", "f30f10c1",
                "movss m", "f30f1007", "movss m,", "f30f1107", "movsd", "f20f10c1", "movsd m", "f20f1007", "movsd m,", "f20f1107", "movhlps", "0f12c1",
                "movlhps", "0f16c1", "movlps", "0f1207", "movlps,", "0f1307", "movhpd", "660f1607", "movhpd,", "660f1707", "movd mm", "0f6ec0", "movd xmm",
                "660f6ec0", "movd m,mm", "0f7e07", "movd eax,xmm", "660f7ec0", "movq mm", "0f6f07", "movq mm,mm", "0f6fc1", "movq m,mm", "0f7f07", "movq xmm",
                "f30f7ec1", "movq m,xmm", "660fd607", "movq2dq", "f30fd6c1", "movdq2q", "f20fd6c1", "movnti", "0fc307", "emms", "0f77",
                "stmxcsr", "0fae1f", "movntq", "0fe707", "movntdq", "660fe707", "misaligned operand", "660fef4708");
    }

    @Test
    void mxcsr() throws IOException {
        List<MachineState> states = states(3, Kind.INTEGERS);
        for (MachineState m : states) {
            // Bit 17 exists on AMD processors only.
            m.data().putInt(0, m.data().getInt(0) & ~(1 << 17) & (m.registers[1] % 2 == 0 ? 0xffff : -1));
        }
        Comparison c = new Comparison(processor);
        c.check("ldmxcsr", "0fae17", states);
        c.finish();
    }

    /** RCPPS and RSQRTPS differ between processors; both must keep the architectural bound of 1.5 * 2^-12. */
    @Test
    void estimatesAreWithinTheirBound() {
        Operands o = new Operands(5);
        for (int i = 0; i < 100_000; i++) {
            float x = Float.intBitsToFloat(o.random.nextInt(0x0100_0000, 0x7d00_0000));
            assertClose(1.0 / x, Float.intBitsToFloat((int) SseConvert.rcp(Float.floatToRawIntBits(x))));
            assertClose(1.0 / Math.sqrt(x), Float.intBitsToFloat((int) SseConvert.rsqrt(Float.floatToRawIntBits(x))));
        }
    }

    private static void assertClose(double exact, float estimate) {
        org.junit.jupiter.api.Assertions.assertTrue(Math.abs(estimate / exact - 1) <= 1.5 / 4096, exact + " " + estimate);
    }
}
