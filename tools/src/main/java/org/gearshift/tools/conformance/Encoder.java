package org.gearshift.tools.conformance;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;

/** Writes instructions of a form: registers, addressing, immediates and meaningless prefixes at random. */
final class Encoder {
    private static final int[] SEGMENT_PREFIXES = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
    private static final int FS_PREFIX = 0x64;
    private static final int ADDRESS_SIZE = 0x67;
    private static final int ATTEMPTS = 200;
    private static final int MAX_LENGTH = 15;
    private static final byte[] NO_PREFIXES = {};

    private final SplittableRandom random;
    private final Decoder decoder = new Decoder();

    /** An instruction and what it decodes to. */
    record Encoded(byte[] bytes, Instruction instruction) {
    }

    Encoder(SplittableRandom random) {
        this.random = random;
    }

    /**
     * Writes prefixes, REX or VEX, and opcode. {@code vvvv} is the inverted register number as VEX has it, {@code extension} the bits R, X and B as REX
     * has them.
     *
     * @return how many bytes they are
     */
    static int head(byte[] to, byte[] prefixes, int rex, int map, int opcode, int vex, int vvvv, int extension) {
        int n = 0;
        for (byte p : prefixes) {
            to[n++] = p;
        }
        if (vex >= 0) {
            to[n++] = (byte) 0xc4;
            to[n++] = (byte) (~extension << 5 & 0xe0 | map);
            to[n++] = (byte) ((vex & 8) << 4 | (vvvv & 15) << 3 | vex & 7);
        } else {
            if (rex != 0) {
                to[n++] = (byte) rex;
            }
            if (map > 0) {
                to[n++] = 0x0f;
            }
            if (map > 1) {
                to[n++] = (byte) (map == 2 ? 0x38 : 0x3a);
            }
        }
        to[n++] = (byte) opcode;
        return n;
    }

    /** A random instruction of the form, to be executed at {@link Layout#CODE}. */
    Encoded encode(Form f) {
        for (int i = 0; i < ATTEMPTS; i++) {
            byte[] bytes = attempt(f);
            Instruction decoded = decode(bytes, f.bits);
            if (matches(f, decoded) && decoded.length() <= MAX_LENGTH) {
                byte[] exact = Arrays.copyOf(bytes, decoded.length());
                return new Encoded(exact, decoded);
            }
        }
        throw new IllegalStateException("no encoding of " + f + " found");
    }

    Instruction decode(byte[] bytes, int bits) {
        int[] at = {0};
        return decoder.decode(() -> at[0] < bytes.length ? bytes[at[0]++] & 0xff : 0, Code.mode(bits));
    }

    private static boolean matches(Form f, Instruction i) {
        Instruction s = f.sample;
        if (i.mnemonic() != s.mnemonic() || i.condition() != s.condition() || i.lock() != s.lock() || i.rep() != s.rep() || i.repne() != s.repne()
                || i.operandCount() != s.operandCount() || i.operandBits() != s.operandBits()) {
            return false;
        }
        for (int k = 0; k < i.operandCount(); k++) {
            if (i.op(k).kind != s.op(k).kind || i.op(k).bits != s.op(k).bits) {
                return false;
            }
        }
        return NotExecutable.reason(i) == null;
    }

    private byte[] attempt(Form f) {
        ByteArrayOutputStream b = new ByteArrayOutputStream();
        boolean narrowAddress = (f.memory || f.sample.elementBits() > 0 || f.mnemonic() == Mnemonic.XLAT) && random.nextInt(8) == 0
                || f.has(Operand.Kind.RELATIVE) && random.nextInt(8) == 0 && f.mnemonic() != Mnemonic.JMP && f.mnemonic() != Mnemonic.CALL;
        narrowAddress &= !f.vsib || f.bits == 64;
        boolean address16 = f.bits == 32 && narrowAddress;
        prefixes(b, f, narrowAddress, address16);
        int extension = f.bits == 64 && (f.rex != Form.Rex.NONE || f.vex >= 0) ? random.nextInt(8) : 0;
        int vvvv = f.vvvv ? random.nextInt(f.bits == 64 ? 16 : 8) : 0;
        int rex = f.rex == Form.Rex.WIDE ? 0x48 | extension : f.rex == Form.Rex.REQUIRED ? 0x40 | extension
                : f.rex == Form.Rex.OPTIONAL && random.nextBoolean() ? 0x40 | extension : 0;
        byte[] head = new byte[MAX_LENGTH];
        b.write(head, 0, head(head, NO_PREFIXES, rex, f.map, f.opcode, f.vex, ~vvvv & 15, rex != 0 || f.vex >= 0 ? extension : 0));
        int displacementAt = -1;
        if (f.memory) {
            int reg = f.choices[random.nextInt(f.choices.length)];
            displacementAt = f.vsib ? modrmVector(b, reg) : address16 ? modrm16(b, reg) : modrm32(b, reg);
        } else if (f.choices.length > 0) {
            b.write(f.choices[random.nextInt(f.choices.length)]);
        }
        immediates(b);
        byte[] bytes = b.toByteArray();
        placeAbsolute(bytes, displacementAt, f);
        return bytes;
    }

    private void prefixes(ByteArrayOutputStream b, Form f, boolean narrowAddress, boolean address16) {
        if (narrowAddress) {
            b.write(ADDRESS_SIZE);
        }
        boolean control = f.set.name().equals("control");
        if (address16 && random.nextInt(8) != 0) {
            b.write(FS_PREFIX);
        } else if ((f.memory || f.sample.elementBits() > 0 || f.mnemonic() == Mnemonic.XLAT) && random.nextInt(6) == 0) {
            b.write(SEGMENT_PREFIXES[random.nextInt(SEGMENT_PREFIXES.length)]);
        } else if (!control && random.nextInt(24) == 0) {
            // Without meaning here.
            b.write(SEGMENT_PREFIXES[random.nextInt(4)]);
        }
        if (f.prefixes.length == 2 && random.nextBoolean()) {
            b.write(f.prefixes[1]);
            b.write(f.prefixes[0]);
        } else {
            b.writeBytes(f.prefixes);
        }
        if (f.prefixes.length > 0 && random.nextInt(16) == 0) {
            b.write(f.prefixes[f.prefixes.length - 1]);
        }
    }

    /** Returns where a displacement without base is, or -1. */
    private int modrm32(ByteArrayOutputStream b, int reg) {
        int base = random.nextInt(8);
        int sib = random.nextInt(256);
        switch (random.nextInt(8)) {
            case 0, 1 -> {
                // [base]
                b.write(reg << 3 | base);
                if (base == 4) {
                    return sib(b, sib & ~7 | base(sib));
                }
                return base == 5 ? b.size() : -1;
            }
            case 2, 3 -> {
                b.write(0x40 | reg << 3 | base);
                if (base == 4) {
                    b.write(sib);
                }
                b.write(random.nextInt(256));
            }
            case 4 -> {
                b.write(0x80 | reg << 3 | base);
                if (base == 4) {
                    b.write(sib);
                }
                write32(b, random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(1 << 20) - (1 << 19));
            }
            case 5 -> {
                b.write(0x44 | reg << 3);
                b.write(sib);
                b.write(random.nextInt(256));
            }
            case 6 -> {
                b.write(4 | reg << 3);
                return sib(b, sib);
            }
            default -> {
                // Absolute; RIP-relative in 64-bit mode.
                b.write(5 | reg << 3);
                return b.size();
            }
        }
        return -1;
    }

    private static int base(int sib) {
        return (sib & 7) == 5 ? 3 : sib & 7;
    }

    private int sib(ByteArrayOutputStream b, int sib) {
        b.write(sib);
        return (sib & 7) == 5 ? b.size() : -1;
    }

    /** With a SIB byte and a base register. */
    private int modrmVector(ByteArrayOutputStream b, int reg) {
        boolean displacement = random.nextBoolean();
        b.write((displacement ? 0x44 : 4) | reg << 3);
        int sib = random.nextInt(256);
        b.write(sib & ~7 | base(sib));
        if (displacement) {
            b.write(random.nextInt(256));
        }
        return -1;
    }

    private int modrm16(ByteArrayOutputStream b, int reg) {
        int rm = random.nextInt(8);
        int mod = random.nextInt(3);
        b.write(mod << 6 | reg << 3 | rm);
        if (mod == 0 && rm == 6) {
            int at = random.nextInt(Layout.SCRATCH_BYTES);
            b.write(at);
            b.write(at >> 8);
        } else if (mod == 1) {
            b.write(random.nextInt(256));
        } else if (mod == 2) {
            b.write(random.nextInt(256));
            b.write(random.nextInt(256));
        }
        return -1;
    }

    private void immediates(ByteArrayOutputStream b) {
        switch (random.nextInt(6)) {
            case 0 -> {
                b.write(random.nextInt(4));
                write32(b, 0);
                write32(b, 0);
            }
            case 1 -> {
                write32(b, -1);
                write32(b, -1);
            }
            case 2 -> {
                write32(b, 1 << random.nextInt(32));
                write32(b, random.nextInt());
            }
            default -> {
                write32(b, random.nextInt());
                write32(b, random.nextInt());
            }
        }
        write32(b, random.nextInt());
        write32(b, random.nextInt());
    }

    private static void write32(ByteArrayOutputStream b, int v) {
        for (int i = 0; i < 4; i++) {
            b.write(v >> 8 * i);
        }
    }

    /** Addresses without a base register, and moffs, are made to lie in the scratch pages, most of them. */
    private void placeAbsolute(byte[] bytes, int displacementAt, Form f) {
        Instruction i = decode(bytes, f.bits);
        for (Operand o : i.operands()) {
            if (!o.isMemory() || random.nextInt(12) == 0) {
                continue;
            }
            boolean offset = !f.memory && o.base < 0 && o.index < 0;
            if (displacementAt < 0 && !offset) {
                continue;
            }
            long linear = Layout.SCRATCH + random.nextInt(Layout.SCRATCH_BYTES);
            long value = linear - segmentBase(o.segment, f.bits) - (o.base == Operand.RIP_BASE ? Layout.CODE + i.length() : 0);
            int at = offset ? i.length() - i.addressBits() / 8 : displacementAt;
            int size = offset ? i.addressBits() / 8 : 4;
            for (int k = 0; k < size; k++) {
                bytes[at + k] = (byte) (value >> 8 * k);
            }
        }
    }

    /** Base of a segment, by X86State number. */
    static long segmentBase(int segment, int bits) {
        return switch (segment) {
            case 4 -> Layout.FS_BASE;
            case 5 -> bits == 64 ? Layout.GS_BASE_64 : Layout.GS_BASE_32;
            default -> 0;
        };
    }
}
