package org.gearshift.translator.x86.lift;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Verifier;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.Test;

/** What holds for the IR of any code bytes, in every mode. */
class LiftedCodeInvariantsTest {
    private static final int ROUNDS = 60_000;
    private static final long START = 0x1000;
    private static final long FLAT = X86Mode.FLAT_CS | X86Mode.FLAT_DS | X86Mode.FLAT_ES | X86Mode.FLAT_SS;
    private static final long[] MODES = {
        0,
        X86Mode.PROTECTED | X86Mode.V86 | 3,
        X86Mode.PROTECTED | X86Mode.CODE32 | X86Mode.STACK32 | FLAT,
        X86Mode.PROTECTED | X86Mode.CODE32 | X86Mode.STACK32 | FLAT | 3,
        X86Mode.PROTECTED | X86Mode.CODE32 | X86Mode.STACK32 | FLAT | 3 | X86Mode.ALIGN_CHECK,
        X86Mode.PROTECTED | X86Mode.CODE32 | X86Mode.STACK32 | X86Mode.FLAT_DS | 0x10000L << 32,
        X86Mode.PROTECTED | X86Mode.STACK32 | FLAT,
        X86Mode.PROTECTED | X86Mode.CODE64 | X86Mode.STACK32,
        X86Mode.PROTECTED | X86Mode.CODE64 | X86Mode.STACK32 | 3,
    };

    private final X86Lifter lifter = new X86Lifter();

    @Test
    void registersAreWrittenOnlyAfterEverythingThatMayFault() {
        forRandomCode((block, code) -> {
            boolean written = false;
            for (Insn i : block.insns()) {
                if (i.op() == Op.MARK) {
                    written = false;
                } else if (i.op() == Op.PUT) {
                    written = true;
                } else {
                    assertTrue(!written || !i.mayFault(), () -> i.op() + " after a register was written: " + code);
                }
            }
        });
    }

    @Test
    void theVerifierFindsNothing() {
        forRandomCode((block, code) -> assertEquals(List.of(), Verifier.check(block, X86State.LAYOUT), code));
    }

    @Test
    void addressesHaveTheWidthOfTheMode() {
        forRandomCode((block, code) -> {
            boolean wide = code.startsWith("64:");
            for (Insn i : block.insns()) {
                if (i.op().argSignature().startsWith("A")) {
                    assertEquals(LiftContext.type(wide ? 64 : 32), i.arg(0).resultType(), () -> i.op() + ": " + code);
                }
            }
        });
    }

    private interface Check {
        void on(Block block, String code);
    }

    private void forRandomCode(Check check) {
        Random r = new Random(20);
        byte[] code = new byte[48];
        for (int n = 0; n < ROUNDS; n++) {
            r.nextBytes(code);
            // Half of the time a two-byte opcode, some of them with a prefix that selects another instruction.
            if (r.nextBoolean()) {
                int at = 0;
                switch (r.nextInt(6)) {
                    case 0 -> code[at++] = 0x66;
                    case 1 -> code[at++] = (byte) 0xf3;
                    case 2 -> code[at++] = (byte) 0xf2;
                    default -> {
                    }
                }
                code[at] = 0x0f;
            }
            long mode = MODES[n % MODES.length];
            long linear = X86Mode.csBase(mode) + START;
            String text = (X86Mode.is(mode, X86Mode.CODE64) ? "64:" : "") + Long.toHexString(mode) + " " + HexFormat.of().formatHex(code);
            Block block;
            try {
                block = lifter.lift(a -> code[(int) (a - linear) % code.length] & 0xff, START, mode, 1 + r.nextInt(3));
            } catch (RuntimeException e) {
                throw new AssertionError(text, e);
            }
            check.on(block, text);
        }
    }
}
