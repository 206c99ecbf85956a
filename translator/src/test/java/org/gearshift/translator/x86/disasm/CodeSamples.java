package org.gearshift.translator.x86.disasm;

import java.util.Arrays;
import java.util.Random;

/** Random code with every opcode map, prefix and ModRM form about equally likely. */
final class CodeSamples {
    private static final int[] PREFIXES = {0x66, 0x66, 0x66, 0xf2, 0xf2, 0xf3, 0xf3, 0x67, 0xf0, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};

    private static final int LEAD = 0x100;
    private static final int LONGEST = 32;

    private CodeSamples() {
    }

    /** About {@code count} instructions, at most {@code limit} bytes, behind a run of NOPs that keeps branch targets positive. */
    static byte[] random(Objdump.Machine machine, int count, long seed, int limit) {
        Random random = new Random(seed);
        byte[] code = new byte[limit];
        Arrays.fill(code, 0, LEAD, (byte) 0x90);
        int at = LEAD;
        for (int i = 0; i < count && at + LONGEST < limit; i++) {
            for (int k = 0; k < 8 && random.nextInt(3) == 0; k++) {
                code[at++] = (byte) PREFIXES[random.nextInt(PREFIXES.length)];
            }
            if (machine == Objdump.Machine.CODE64 && random.nextInt(3) == 0) {
                code[at++] = (byte) (0x40 + random.nextInt(16));
            }
            at = opcode(code, at, random);
            code[at++] = (byte) random.nextInt(256);
            code[at++] = (byte) random.nextInt(256);
            for (int k = random.nextInt(6); k > 0; k--) {
                code[at++] = (byte) (random.nextBoolean() ? 0 : random.nextInt(256));
            }
        }
        return Arrays.copyOf(code, at);
    }

    private static int opcode(byte[] code, int start, Random random) {
        int at = start;
        int map = random.nextInt(8);
        if (map == 7) {
            // VEX maps 2 and 3, L and vvvv mostly as BMI wants them.
            code[at++] = (byte) 0xc4;
            code[at++] = (byte) (0xe0 - 0x20 * random.nextInt(2) | 2 + random.nextInt(2));
            code[at++] = (byte) (random.nextInt(256) & (random.nextInt(4) == 0 ? 0xff : 0x83) | 0x78);
            code[at++] = (byte) (random.nextInt(3) == 0 ? random.nextInt(256) : 0xf0 + random.nextInt(8));
            return at;
        }
        if (map >= 2) {
            code[at++] = 0x0f;
        }
        if (map >= 5) {
            code[at++] = (byte) (map == 5 ? 0x38 : 0x3a);
        }
        code[at++] = (byte) random.nextInt(256);
        return at;
    }
}
