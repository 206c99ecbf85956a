package org.gearshift.translator.x86.runtime;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Random sequences of x87 and MMX instructions end as they do on the processor: the stack wraps, overflows and underflows, control words and whole environments are
 * loaded on the way, and an unmasked exception stops at the next instruction that waits. {@code -Dgearshift.test.sequences=N} runs more of them,
 * {@code -Dgearshift.test.seed=S} others.
 */
class X87SequencesOnProcessorTest {
    private static final int SEQUENCES = Integer.getInteger("gearshift.test.sequences", 2000);
    private static final long SEED = Long.getLong("gearshift.test.seed", 87);
    private static final int EMMS = 0x77;
    private static final int MOVD_LOAD = 0x6e;
    private static final int MOVD_STORE = 0x7e;
    private static final int STATES = 16;
    private static Processor processor;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        processor = new Processor(true);
    }

    @AfterAll
    static void stop() {
        processor.close();
    }

    /** One instruction on registers or on memory within 100 bytes from EDI. */
    private static byte[] instruction(Operands o, int[] mmx) {
        if (mmx.length > 0 && o.random.nextInt(3) == 0) {
            return mmx(o, mmx[o.random.nextInt(mmx.length)]);
        }
        int opcode = 0xd8 + o.random.nextInt(8);
        if (o.random.nextInt(3) > 0) {
            return new byte[] {(byte) opcode, (byte) (0xc0 | o.random.nextInt(64))};
        }
        return new byte[] {(byte) opcode, (byte) (0x47 | o.random.nextInt(8) << 3), (byte) o.random.nextInt(100)};
    }

    /** EMMS, or an instruction on MMX registers and memory, or EAX, ECX and EDX where it is one that moves a doubleword. */
    private static byte[] mmx(Operands o, int opcode) {
        if (opcode == EMMS) {
            return new byte[] {0x0f, EMMS};
        }
        int other = opcode == MOVD_LOAD || opcode == MOVD_STORE ? o.random.nextInt(3) : o.random.nextInt(8);
        int modrm = o.random.nextInt(8) << 3 | (o.random.nextInt(4) == 0 ? 7 : 0xc0 | other);
        return new byte[] {0x0f, (byte) opcode, (byte) modrm};
    }

    /** Valid, with a result that both sides must agree on to the last bit. */
    private static boolean suitable(Instruction i) {
        Mnemonic m = i.mnemonic();
        boolean undefined = m == Mnemonic.FNSTSW || m == Mnemonic.FNSTENV || m == Mnemonic.FNSAVE;
        boolean departs = m == Mnemonic.FCOMI || m == Mnemonic.FCOMIP || m == Mnemonic.FUCOMI || m == Mnemonic.FUCOMIP;
        return m != Mnemonic.INVALID && !X87OnProcessorTest.FUNCTIONS.contains(m) && !departs && (processor.amd || !undefined);
    }

    private static byte[] sequence(Operands o, int[] mmx) {
        ByteArrayOutputStream code = new ByteArrayOutputStream();
        int length = 2 + o.random.nextInt(29);
        while (length > 0) {
            byte[] one = instruction(o, mmx);
            if (suitable(X87OnProcessorTest.decode(one))) {
                code.writeBytes(one);
                length--;
            }
        }
        return code.toByteArray();
    }

    private static void check(String what, int[] mmx) throws IOException {
        Comparison c = new Comparison(processor);
        c.pointers = mmx.length == 0;
        c.sequence = true;
        c.ignoredStatus = X87Conditions.undefined();
        for (int n = 0; n < SEQUENCES; n++) {
            long seed = SEED + n * 1_000_003L;
            byte[] code = sequence(new Operands(seed), mmx);
            c.check("seed " + seed + " " + Arrays.toString(code), code, Processor.OFFSET, X87States.random(seed, STATES));
        }
        c.finish();
        System.out.printf("%s: %d sequences from seed %d, %d runs, 0 differences%n", what, SEQUENCES, SEED, c.compared());
    }

    @Test
    void sequences() throws IOException {
        check("x87", new int[0]);
    }

    /** MOVD, MOVQ, PADDD, PXOR, PMULLW, PACKSSWB, EMMS among them: registers are shared, the stack is emptied and filled. */
    @Test
    void sequencesWithMmx() throws IOException {
        check("x87 and MMX", new int[] {MOVD_LOAD, MOVD_STORE, 0x6f, 0x7f, 0xfe, 0xef, 0xd5, 0x63, EMMS});
    }
}
