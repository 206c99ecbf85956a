package org.gearshift.tools.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MinimizerTest {
    private static final Sequence.Unit NOP = new Sequence.Unit(new byte[] {(byte) 0x90}, -1);
    private static final Sequence.Unit CULPRIT = new Sequence.Unit(new byte[] {0x0f, (byte) 0xc8}, -1);

    /** A difference that needs one instruction, the value of one register, and one byte of memory. */
    private static Failure differs(Trial t, Sequence q) {
        boolean instruction = q.instructions().stream().anyMatch(i -> i.mnemonic().name().equals("BSWAP"));
        byte[] scratch = new byte[Layout.SCRATCH_BYTES];
        t.scratch(scratch);
        return instruction && t.start().general[2] == 0x1234 && scratch[77] == 5 ? new Failure("sequence", "test", t, null, q, List.of("differs")) : null;
    }

    @Test
    void whatDoesNotMatterIsTakenAway() throws Exception {
        List<Sequence.Unit> units = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            units.add(i == 13 ? CULPRIT : NOP);
        }
        Sequence q = new Sequence(32, units);
        Registers r = new Registers();
        for (int i = 0; i < 8; i++) {
            r.general[i] = 1000 + i;
        }
        r.general[2] = 0x1234;
        byte[] memory = new byte[64];
        memory[37] = 5;
        Trial t = new Trial(q.code(), r, List.of(new Patch(40, memory), new Patch(500, new byte[8])));
        Failure f = new Minimizer(MinimizerTest::differs).minimize(differs(t, q));
        assertArrayEquals(new byte[] {0x0f, (byte) 0xc8}, f.trial().code().bytes());
        assertEquals(1, f.trial().memory().size());
        assertEquals(new Patch(77, new byte[] {5}).offset(), f.trial().memory().get(0).offset());
        assertArrayEquals(new byte[] {5}, f.trial().memory().get(0).bytes());
        assertArrayEquals(new long[] {0, 0, 0x1234, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, f.trial().start().general);
    }

    @Test
    void jumpsKeepTheirTargetsWhenInstructionsGo() {
        Sequence.Unit jump = new Sequence.Unit(new byte[] {(byte) 0xe9, 0, 0, 0, 0}, 3);
        Sequence q = new Sequence(32, List.of(jump, NOP, NOP, CULPRIT));
        assertArrayEquals(new byte[] {(byte) 0xe9, 2, 0, 0, 0, (byte) 0x90, (byte) 0x90, 0x0f, (byte) 0xc8}, q.code().bytes());
        assertArrayEquals(new byte[] {(byte) 0xe9, 1, 0, 0, 0, (byte) 0x90, 0x0f, (byte) 0xc8}, q.without(1, 2).code().bytes());
        assertArrayEquals(new byte[] {(byte) 0xe9, 2, 0, 0, 0, (byte) 0x90, (byte) 0x90}, q.without(3, 4).code().bytes());
    }

    @Test
    void aTrialIsItsLineOfText() {
        Registers r = new Registers();
        r.general[0] = -1;
        r.general[9] = 0x123;
        r.eflags = 0x8d7;
        r.clearFp();
        r.vector(3, 1, 0x0102030405060708L);
        Trial t = new Trial(new Code(64, new byte[] {0x48, 1, (byte) 0xc8}, 0xffe), r, List.of(new Patch(16, new byte[] {1, 2})));
        String line = Reproducer.print(t);
        Trial again = Reproducer.parse(line);
        assertEquals(line, Reproducer.print(again));
        assertEquals(r, again.start());
    }
}
