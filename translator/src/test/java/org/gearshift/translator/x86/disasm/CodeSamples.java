package org.gearshift.translator.x86.disasm;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import java.util.function.Consumer;

/** Code to compare disassemblers on: random, and every opcode in turn. */
final class CodeSamples {
    private static final int[] PREFIXES = {0x66, 0x66, 0x66, 0xf2, 0xf2, 0xf3, 0xf3, 0x67, 0xf0, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};

    private static final int[] MANDATORY = {0, 0x66, 0xf3, 0xf2};
    private static final byte[] SOME_MODRM = modrms(1);
    private static final byte[] ONE_REGISTER = Arrays.copyOfRange(SOME_MODRM, 4, 8);
    private static final byte[] ALL_MODRM = modrms(8);
    /** Addresses and immediates of any length, which are also short instructions, so that a disassembler is in step again behind them. */
    private static final byte[] TAIL = {0x51, 0x52, 0x53, 0x54, 0x50, (byte) 0x90, (byte) 0x90, (byte) 0x90, (byte) 0x90};
    /** Length of the run of NOPs before random code, which keeps branch targets positive. */
    static final int LEAD = 0x100;
    private static final int LONGEST = 40;

    /** Code, and at which offsets in it samples begin. */
    record Piece(byte[] code, BitSet starts) {
    }

    private CodeSamples() {
    }

    /**
     * Random code with every opcode map, prefix and ModRM form about equally likely: about {@code count} instructions, at most
     * {@code limit} bytes, behind {@link #LEAD} NOPs.
     */
    static byte[] random(Objdump.Machine machine, int count, long seed, int limit) {
        Random random = new Random(seed);
        byte[] code = new byte[limit];
        int at = lead(code);
        for (int i = 0; i < count && at + LONGEST < limit; i++) {
            // Now and then so many that the instruction gets about as long as it may be.
            boolean many = random.nextInt(50) == 0;
            for (int k = many ? random.nextInt(8) : 0; k < (many ? 15 : 8) && (many || random.nextInt(3) == 0); k++) {
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

    /** Uniformly random bytes behind {@link #LEAD} NOPs, {@code limit} bytes in all. */
    static byte[] uniform(long seed, int limit) {
        byte[] code = new byte[limit];
        new Random(seed).nextBytes(code);
        lead(code);
        return code;
    }

    private static int opcode(byte[] code, int start, Random random) {
        int at = start;
        int map = random.nextInt(8);
        if (map == 7) {
            // vvvv mostly as instructions want it that have no third operand.
            int last = random.nextInt(256) | (random.nextBoolean() ? 0x78 : 0);
            if (random.nextInt(3) == 0) {
                code[at++] = (byte) 0xc5;
                code[at++] = (byte) (last | 0xc0);
            } else {
                code[at++] = (byte) 0xc4;
                code[at++] = (byte) (0xe0 - 0x20 * random.nextInt(2) | 1 + random.nextInt(3));
                code[at++] = (byte) last;
            }
            code[at++] = (byte) random.nextInt(256);
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

    /**
     * Each opcode of one map with each mandatory prefix, register and memory operands, and all ModRM bytes where ModRM.rm is part
     * of the opcode; in 64-bit code with and without REX.W.
     *
     * @param escape bytes before the opcode
     * @param pieces takes the code in pieces of at most {@code limit} bytes
     */
    static void everyOpcode(Objdump.Machine machine, int[] escape, int limit, Consumer<Piece> pieces) {
        byte[] code = new byte[limit];
        int at = lead(code);
        BitSet starts = new BitSet();
        int rexes = machine == Objdump.Machine.CODE64 ? 2 : 1;
        for (int opcode = 0; opcode < 256; opcode++) {
            byte[] modrm = isRmOpcode(escape, opcode) ? ALL_MODRM : SOME_MODRM;
            for (int prefix : MANDATORY) {
                for (int i = 0; i < modrm.length * rexes; i++) {
                    if (at + 2 * LONGEST > limit) {
                        pieces.accept(new Piece(Arrays.copyOf(code, at), starts));
                        at = lead(code);
                        starts = new BitSet();
                    }
                    starts.set(at);
                    if (prefix != 0) {
                        code[at++] = (byte) prefix;
                    }
                    if (i >= modrm.length) {
                        code[at++] = 0x48;
                    }
                    for (int e : escape) {
                        code[at++] = (byte) e;
                    }
                    code[at++] = (byte) opcode;
                    code[at++] = modrm[i % modrm.length];
                    at += TAIL.length;
                    System.arraycopy(TAIL, 0, code, at - TAIL.length, TAIL.length);
                }
            }
        }
        pieces.accept(new Piece(Arrays.copyOf(code, at), starts));
    }

    /** Each opcode of VEX map 1, 2 or 3 with each pp, L and W, with vvvv unused and used, register and memory operands. */
    static void everyVexOpcode(Objdump.Machine machine, int map, int limit, Consumer<Piece> pieces) {
        byte[] code = new byte[limit];
        int at = lead(code);
        BitSet starts = new BitSet();
        for (int opcode = 0; opcode < 256; opcode++) {
            for (int last = 0; last < 32; last++) {
                // Bits pp, L, W from the number's; vvvv from its bit 4.
                int third = last & 7 | (last & 8) << 4 | ((last & 16) != 0 ? 0x78 : 0x70);
                for (byte modrm : isVexGroup(map, opcode) ? SOME_MODRM : ONE_REGISTER) {
                    if (at + 2 * LONGEST > limit) {
                        pieces.accept(new Piece(Arrays.copyOf(code, at), starts));
                        at = lead(code);
                        starts = new BitSet();
                    }
                    starts.set(at);
                    code[at++] = (byte) 0xc4;
                    code[at++] = (byte) (0xe0 | map);
                    code[at++] = (byte) third;
                    code[at++] = (byte) opcode;
                    code[at++] = modrm;
                    at += TAIL.length;
                    System.arraycopy(TAIL, 0, code, at - TAIL.length, TAIL.length);
                }
            }
        }
        pieces.accept(new Piece(Arrays.copyOf(code, at), starts));
    }

    private static int lead(byte[] code) {
        Arrays.fill(code, 0, LEAD, (byte) 0x90);
        return LEAD;
    }

    /** Shifts by constants, MXCSR, BLSI and its kin: the register field is part of the opcode. */
    private static boolean isVexGroup(int map, int opcode) {
        return map == 1 ? opcode >= 0x71 && opcode <= 0x73 || opcode == 0xae : map == 2 && opcode == 0xf3;
    }

    /** x87, 0F 01, 0F 1E, 0F AE, 0F C7, TSX. */
    private static boolean isRmOpcode(int[] escape, int opcode) {
        return escape.length == 0 ? opcode >= 0xd8 && opcode < 0xe0 || opcode == 0xc6 || opcode == 0xc7
                : escape.length == 1 && (opcode == 0x01 || opcode == 0x1e || opcode == 0xae || opcode == 0xc7);
    }

    /** Register forms with so many values of rm; memory forms with no displacement, with SIB, and RIP-relative or absolute. */
    private static byte[] modrms(int rms) {
        byte[] modrm = new byte[8 * (rms + 3)];
        int at = 0;
        for (int reg = 0; reg < 8; reg++) {
            for (int rm = 0; rm < rms; rm++) {
                modrm[at++] = (byte) (0xc0 | reg << 3 | reg + rm & 7);
            }
            modrm[at++] = (byte) (reg << 3);
            modrm[at++] = (byte) (0x44 | reg << 3);
            modrm[at++] = (byte) (0x05 | reg << 3);
        }
        return modrm;
    }
}
