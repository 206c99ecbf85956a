package org.gearshift.translator.x86.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.gearshift.translator.x86.X86Mode;
import org.junit.jupiter.api.Test;

/** Images in modes the tests on the processor don't reach: the real-address formats of FNSTENV and FNSAVE (SDM vol. 1, figures 8-10 and 8-12), and FXSAVE in 64-bit mode. */
class X87ImageFormatsTest {
    private static final long FLAT = X86Mode.FLAT_CS | X86Mode.FLAT_DS | X86Mode.FLAT_ES | X86Mode.FLAT_SS | X86Mode.OSFXSR;
    private static final long REAL = FLAT;
    private static final long VIRTUAL_8086 = FLAT | X86Mode.PROTECTED | X86Mode.V86 | 3;
    private static final long PROTECTED = FLAT | X86Mode.PROTECTED | X86Mode.CODE32 | X86Mode.STACK32;
    private static final long LONG = FLAT | X86Mode.PROTECTED | X86Mode.CODE64;
    /** Offset 5678h in segment 1234h is at 179b8h; 0123h in abcdh at abdf3h. */
    private static final int OPCODE = 0x5a5;

    private final Emulated emulated = new Emulated();

    private static MachineState state() {
        MachineState m = new MachineState();
        m.control(0x27f);
        m.status(0x3901);
        m.pointers(0x5678, 0x1234, OPCODE, 0x0123, 0xabcd);
        for (int i = 0; i < 8; i++) {
            m.st(i, Long.MIN_VALUE | i, 0x4000 + i);
        }
        m.tags(0x80);
        return m;
    }

    private MachineState run(MachineState m, long mode, String code) {
        emulated.load(HexFormat.of().parseHex(code), Processor.OFFSET, mode);
        MachineState after = emulated.execute(m);
        assertEquals(0, after.signal);
        return after;
    }

    private static int[] words(ByteBuffer b, int count) {
        int[] w = new int[count];
        for (int i = 0; i < count; i++) {
            w[i] = b.getShort(2 * i) & 0xffff;
        }
        return w;
    }

    @Test
    void environmentOf16Bits() {
        int[] expected = {0x27f, 0x3901, 0x3fff, 0x79b8, 0x1000 | OPCODE, 0xbdf3, 0xa000};
        assertArrayEquals(expected, words(run(state(), REAL, "67d937").data(), 7));
        assertArrayEquals(expected, words(run(state(), VIRTUAL_8086, "67d937").data(), 7));
    }

    /** Reserved bits are ones, as processors store them. */
    @Test
    void environmentOf32Bits() {
        int[] expected = {0x27f, 0xffff, 0x3901, 0xffff, 0x3fff, 0xffff, 0x79b8, 0xffff, 0x1000 | OPCODE, 0, 0xbdf3, 0xffff, 0xa000, 0};
        assertArrayEquals(expected, words(run(state(), REAL, "6667d937").data(), 14));
        assertArrayEquals(expected, words(run(state(), VIRTUAL_8086, "6667d937").data(), 14));
    }

    /** What was stored in a real-address format and loaded again has linear addresses for offsets. */
    @Test
    void realAddressEnvironmentsLoadWhatTheyStored() {
        for (String prefix : new String[] {"", "66"}) {
            MachineState m = run(run(state(), REAL, prefix + "67dd37"), REAL, prefix + "67dd27");
            MachineState s = state();
            assertEquals(s.control(), m.control());
            assertEquals(s.status(), m.status());
            assertEquals(s.tags(), m.tags());
            assertEquals(0x179b8, m.instructionOffset());
            assertEquals(0xabdf3, m.dataOffset());
            assertEquals(OPCODE, m.opcode());
            for (int i = 0; i < 8; i++) {
                assertEquals(s.significand(i), m.significand(i));
                assertEquals(s.exponent(i), m.exponent(i));
            }
            ByteBuffer image = run(m, PROTECTED, "d937").data();
            assertEquals(0x179b8, image.getInt(12));
            assertEquals(OPCODE << 16, image.getInt(16));
            assertEquals(0xabdf3, image.getInt(20));
        }
    }

    /** FIP, FCS, FDP and FDS of an image at its place. */
    private static long[] pointers(MachineState m) {
        return new long[] {m.data().getLong(8), m.data().getLong(16)};
    }

    @Test
    void fxsaveIn64BitMode() {
        MachineState m = state();
        m.pointers(0x89abcdef, 0x33, OPCODE, 0xfedcba98, 0x2b);
        MachineState narrow = run(m, LONG, "670fae07");
        assertArrayEquals(new long[] {0x33_89ab_cdefL, 0x2b_fedc_ba98L}, pointers(narrow));
        MachineState wide = run(m, LONG, "67480fae07");
        assertArrayEquals(new long[] {0x89ab_cdefL, 0xfedc_ba98L}, pointers(wide));
    }

    /** An FXRSTOR with REX.W brings back all 64 bits; one without keeps the lower halves. */
    @Test
    void fxrstorIn64BitMode() {
        MachineState m = state();
        m.data().putShort(0, (short) 0x37f).putLong(8, 0xffff_8123_4567_89abL).putLong(16, 0x7fff_1234_5678_9abcL).putInt(24, 0x1f80);
        for (int i = 0; i < 32; i++) {
            m.data().putLong(160 + 8 * i, i + 1);
        }
        MachineState loaded = run(m, LONG, "67480fae0f");
        for (int i = 0; i < 16; i++) {
            assertEquals(i + 1, loaded.xmm(i));
        }
        emulated.load(HexFormat.of().parseHex("67480fae07"), Processor.OFFSET, LONG);
        MachineState saved = emulated.run();
        assertArrayEquals(new long[] {0xffff_8123_4567_89abL, 0x7fff_1234_5678_9abcL}, pointers(saved));
        for (int i = 0; i < 32; i++) {
            assertEquals(i + 1, saved.data().getLong(160 + 8 * i));
        }
        emulated.load(HexFormat.of().parseHex("670fae0f"), Processor.OFFSET, LONG);
        emulated.run();
        emulated.load(HexFormat.of().parseHex("67480fae07"), Processor.OFFSET, LONG);
        assertArrayEquals(new long[] {0x4567_89abL, 0x5678_9abcL}, pointers(emulated.run()));
    }

    /** The pointers of an instruction in 64-bit code have 64 bits. */
    @Test
    void pointersIn64BitMode() {
        MachineState after = run(state(), LONG, "67d907670fae07");
        assertEquals(Processor.CODE, after.data().getInt(8));
        assertEquals(Processor.DATA + Processor.OFFSET, after.data().getInt(16));
    }
}
