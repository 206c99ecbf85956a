package org.gearshift.translator.x86.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.gearshift.ir.GuestFault;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.lift.X87Knowledge;
import org.junit.jupiter.api.Test;

/**
 * Code for a state of the x87 register stack does what general code does, to every slot and byte, and gives up before it has changed anything. In the usual cases it
 * does not give up.
 */
class X87UsualTest {
    private static final int STATES = Integer.getInteger("gearshift.test.states", 40);
    private static final int SEQUENCES = Integer.getInteger("gearshift.test.sequences", 1500);
    private static final int LENGTH = 10;
    private static final int SLOTS = X86State.LAYOUT.slotCount();

    private final Emulated general = new Emulated();
    private final Emulated usual = new Emulated();
    private final SplittableRandom random = new SplittableRandom(87);
    private int missed;
    private int finished;

    private static void load(Emulated e, byte[] code, int x87State) {
        e.load(code, Processor.OFFSET, Emulated.USER, x87State);
    }

    private static int stateOf(MachineState m) {
        return m.status() >> 11 & 7 | (~m.tags() & 0xff) << 3;
    }

    /** A random state with the usual control word, mostly, nothing pending, and this stack. */
    private static MachineState prepared(MachineState m, int top, int tags, boolean standard) {
        int flags = m.registers[0] % 2 == 0 ? X87Status.PE : 0;
        m.status(m.status() & ~(0x3800 | X87Status.EXCEPTIONS | X87Status.ES | X87Status.BUSY) | top << 11 | flags & m.control());
        m.tags(tags);
        if (standard) {
            m.control(0x37f);
        }
        return m;
    }

    private long[] after(Emulated e, MachineState m) {
        e.enter(m);
        e.s[X86State.RIP] = Processor.CODE;
        e.run();
        return Arrays.copyOf(e.s, SLOTS);
    }

    /** Runs code in both ways. */
    private void compare(byte[] code, MachineState m, int x87State) {
        usual.fault.kind = GuestFault.Kind.EXCEPTION;
        // A miss has none; any that there is a signal for.
        usual.fault.vector = 14;
        long[] found = after(usual, m);
        byte[] ram = usual.ram.clone();
        byte[] done = code;
        if (usual.fault.kind == GuestFault.Kind.MISS) {
            missed++;
            done = Arrays.copyOf(code, (int) found[X86State.RIP] - Processor.CODE);
        } else {
            finished++;
        }
        if (done.length == 0) {
            general.enter(m);
        } else {
            load(general, done, X87Knowledge.UNKNOWN);
            after(general, m);
        }
        String what = X87OnProcessorTest.name(code) + " " + m;
        found[X86State.RIP] = general.s[X86State.RIP];
        for (int slot = 0; slot < SLOTS; slot++) {
            assertEquals(general.s[slot], found[slot], X86State.LAYOUT.name(slot) + " after " + what);
        }
        assertEquals(-1, Arrays.mismatch(general.ram, ram), what);
    }

    private void check(int... bytes) {
        byte[] code = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            code[i] = (byte) bytes[i];
        }
        for (int stack = 0; stack < 4; stack++) {
            int top = random.nextInt(8);
            int tags = stack == 0 ? 0xff : stack == 1 ? random.nextInt(256) : 0xff & ~(1 << (top + 7 & 7));
            int x87State = top | (~tags & 0xff) << 3;
            load(usual, code, x87State);
            int n = 0;
            for (MachineState m : X87States.random(random.nextLong(), STATES)) {
                prepared(m, top, tags, n++ % 8 != 0);
                assertEquals(x87State, stateOf(m));
                compare(code, m, x87State);
            }
        }
    }

    @Test
    void registerForms() {
        for (int opcode = 0xd8; opcode <= 0xdf; opcode++) {
            for (int modrm = 0xc0; modrm <= 0xff; modrm++) {
                check(opcode, modrm);
            }
        }
        check(0x9b);
        assertTrue(finished > missed, finished + " finished, " + missed + " missed");
    }

    @Test
    void memoryForms() {
        for (int opcode = 0xd8; opcode <= 0xdf; opcode++) {
            for (int reg = 0; reg < 8; reg++) {
                check(opcode, reg << 3 | 7);
                check(opcode, reg << 3 | 0x47, 8 * reg);
            }
        }
        assertTrue(finished > missed, finished + " finished, " + missed + " missed");
    }

    /** One thing that is known leads to the next. */
    @Test
    void sequences() {
        for (int n = 0; n < SEQUENCES; n++) {
            byte[] code = new byte[2 * LENGTH];
            for (int i = 0; i < LENGTH; i++) {
                code[2 * i] = (byte) (0xd8 + random.nextInt(8));
                boolean memory = random.nextInt(3) == 0;
                code[2 * i + 1] = (byte) (memory ? random.nextInt(8) << 3 | 7 : 0xc0 + random.nextInt(64));
                if (random.nextInt(12) == 0) {
                    // MOVQ between MMX registers, EMMS.
                    code[2 * i] = 0x0f;
                    code[2 * i + 1] = 0x77;
                }
            }
            int top = random.nextInt(8);
            int tags = random.nextInt(2) == 0 ? 0xff & ~(1 << (top + 7 & 7)) & ~(1 << (top + 6 & 7)) : random.nextInt(256) | 1 << top | 1 << (top + 1 & 7);
            int x87State = top | (~tags & 0xff) << 3;
            load(usual, code, x87State);
            for (MachineState m : X87States.random(random.nextLong(), 6)) {
                compare(code, prepared(m, top, tags, random.nextInt(8) != 0), x87State);
            }
        }
        assertTrue(finished > 0 && missed > 0);
    }
}
