package org.gearshift.translator.x86.runtime;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.gearshift.translator.x86.decode.TableForm;

/** A random instruction of one line of the opcode tables, and states that suit it. */
final class VectorSample {
    private static final int[] IMMEDIATES = {0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 63, 64, 0x40, 0x4e, 0x1b, 0xe4, 0x80, 0xff, 0xf1, 0x71};
    private static final int PREFIX_66 = 0x66;

    final byte[] code;
    final TableForm form;
    private final boolean code64;
    private final SplittableRandom random;
    private final Operands values;
    /** Base register of the memory operand, or -1; its displacement; the largest datum it may be. */
    private int base = -1;
    private int disp;
    /** Vector index register of a gather, or -1, and log2 of the scale. */
    private int index = -1;
    private int scale;

    VectorSample(TableForm form, boolean code64, Operands values) {
        this.form = form;
        this.code64 = code64;
        this.values = values;
        this.random = values.random;
        this.code = encode();
    }

    private boolean has(String attribute) {
        return form.attributes().contains(attribute);
    }

    private byte[] encode() {
        boolean modrm = form.digit() >= 0;
        int reg = form.digit() >= 0 ? form.digit() : register();
        int rm = register();
        int vvvv = 0;
        boolean memory = false;
        boolean gather = false;
        List<Integer> immediates = new ArrayList<>();
        for (String operand : form.operands()) {
            switch (operand.equals("XMM0") ? '0' : operand.charAt(0)) {
                case '0' -> {
                }
                case 'V', 'G' -> modrm = true;
                case 'P' -> {
                    modrm = true;
                    reg &= 7;
                }
                case 'W', 'E', 'Q' -> {
                    modrm = true;
                    memory = random.nextInt(3) == 0;
                    rm = operand.charAt(0) == 'Q' ? rm & 7 : rm;
                }
                case 'M' -> {
                    modrm = true;
                    memory = true;
                }
                case 'U', 'R' -> modrm = true;
                case 'N' -> {
                    modrm = true;
                    rm &= 7;
                }
                case 'H', 'B' -> vvvv = register();
                case 'I' -> immediates.add(random.nextBoolean() ? random.nextInt(256) : IMMEDIATES[random.nextInt(IMMEDIATES.length)]);
                case 'L' -> immediates.add(register() << 4 | random.nextInt(16));
                case 'X' -> {
                    modrm = true;
                    memory = true;
                    gather = true;
                }
                default -> throw new IllegalStateException(form + ": " + operand);
            }
        }
        if (gather) {
            // Three different registers.
            do {
                vvvv = register();
                index = register();
            } while (index == reg || vvvv == reg || vvvv == index);
        }
        boolean w = has("W1") || !has("W0") && random.nextInt(3) == 0 && (code64 || form.vex());
        ByteArrayOutputStream b = new ByteArrayOutputStream();
        if (memory) {
            base = gather ? new int[] {3, 6, 7, 5}[random.nextInt(4)] : base(reg);
            rm = base;
        }
        int extension = (w ? 8 : 0) | (reg & 8) >> 1 | (rm & 8) >> 3 | (gather ? (index & 8) >> 2 : 0);
        if (form.vex()) {
            vex(b, extension, vvvv);
        } else {
            legacy(b, extension);
        }
        b.write(form.opcode());
        if (modrm) {
            modrm(b, reg & 7, rm & 7, memory, gather);
        }
        immediates.forEach(b::write);
        return b.toByteArray();
    }

    private int register() {
        return random.nextInt(code64 ? 16 : 8);
    }

    /** A general register that is not an operand otherwise, and needs no SIB byte. */
    private int base(int reg) {
        int r;
        do {
            r = register();
        } while ((r & 7) == 4 || r == reg || r == 0 || r == 2);
        return r;
    }

    private void legacy(ByteArrayOutputStream b, int extension) {
        switch (form.prefix()) {
            case "66" -> b.write(PREFIX_66);
            case "F3" -> b.write(0xf3);
            case "F2" -> b.write(0xf2);
            default -> {
            }
        }
        if (code64 && (extension != 0 || random.nextInt(8) == 0)) {
            b.write(0x40 | extension);
        }
        b.write(0x0f);
        if (form.map() > 1) {
            b.write(form.map() == 2 ? 0x38 : 0x3a);
        }
    }

    private void vex(ByteArrayOutputStream b, int extension, int vvvv) {
        int pp = switch (form.prefix()) {
            case "66" -> 1;
            case "F3" -> 2;
            case "F2" -> 3;
            default -> 0;
        };
        boolean l = has("L1") || !has("L0") && random.nextBoolean();
        int last = ~vvvv << 3 & 0x78 | (l ? 4 : 0) | pp;
        if (form.map() == 1 && (extension & 11) == 0 && random.nextBoolean()) {
            b.write(0xc5);
            b.write(last | ((extension & 4) == 0 ? 0x80 : 0));
            return;
        }
        b.write(0xc4);
        b.write((~extension & 7) << 5 | form.map());
        b.write(last | (extension & 8) << 4);
    }

    private void modrm(ByteArrayOutputStream b, int reg, int rm, boolean memory, boolean gather) {
        if (!memory) {
            b.write(0xc0 | reg << 3 | rm);
            return;
        }
        boolean wide = random.nextInt(3) == 0;
        disp = wide ? random.nextInt(4096) - 2048 : random.nextInt(128) - 64;
        b.write((wide ? 0x80 : 0x40) | reg << 3 | (gather ? 4 : rm));
        if (gather) {
            scale = random.nextInt(4);
            b.write(scale << 6 | (index & 7) << 3 | rm);
        }
        for (int i = 0; i < (wide ? 4 : 1); i++) {
            b.write(disp >> 8 * i);
        }
    }

    /** A random state in which memory operands mostly are where there is memory. */
    VectorState state() {
        VectorState m = new VectorState();
        Kind kind = Kind.of(form.mnemonic());
        m.mxcsr(kind == Kind.INTEGERS && random.nextInt(4) != 0 ? 0x1f80 : values.mxcsr());
        for (int r = 0; r < 16; r++) {
            long v = integer();
            m.registers[r] = code64 ? v : v & 0xffff_ffffL;
            for (int n = 0; n < 4; n++) {
                m.vector(r, n, kind.value(this));
            }
        }
        relate(m);
        for (int i = 0; i < m.memory.length; i += 8) {
            m.data().putLong(i, kind.value(this));
        }
        for (int i = 0; i < 8; i++) {
            m.mmx(i, kind.value(this));
        }
        if (random.nextInt(4) == 0) {
            // Not MMX state yet.
            m.fx[4] = (byte) random.nextInt(256);
            m.image().putShort(2, (short) (random.nextInt(8) << 11));
        }
        m.flags = 0x202 | random.nextInt() & 0x8d5;
        lengths(m);
        pointers(m);
        return m;
    }

    /** Makes some elements equal to those of other registers, and some registers small: counts, indices, masks of strings. */
    private void relate(VectorState m) {
        for (int r = 0; r < 16; r++) {
            int other = random.nextInt(16);
            switch (random.nextInt(8)) {
                case 0 -> copy(m, r, other, -1L);
                case 1 -> copy(m, r, other, random.nextLong());
                case 2 -> {
                    m.vector(r, 0, random.nextInt(70));
                    m.vector(r, 1, random.nextBoolean() ? 0 : random.nextLong());
                }
                default -> {
                }
            }
        }
    }

    private static void copy(VectorState m, int to, int from, long mask) {
        for (int n = 0; n < 4; n++) {
            m.vector(to, n, m.vector(from, n) & mask | m.vector(to, n) & ~mask);
        }
    }

    /** RAX and RDX: lengths of strings, mostly. */
    private void lengths(VectorState m) {
        if (form.mnemonic().contains("PCMPE") && random.nextInt(3) != 0) {
            for (int r : new int[] {0, 2}) {
                long v = random.nextInt(24) - 4;
                m.registers[r] = code64 ? v : v & 0xffff_ffffL;
            }
        }
    }

    private void pointers(VectorState m) {
        if (form.mnemonic().contains("MASKMOVQ") || form.mnemonic().contains("MASKMOVDQU")) {
            m.registers[7] = VectorState.MIDDLE + random.nextInt(VectorState.MIDDLE_BYTES - 16);
        }
        if (base < 0) {
            return;
        }
        long target = switch (random.nextInt(10)) {
            case 0 -> VectorState.END + random.nextInt(VectorState.END_BYTES + 16);
            case 1 -> VectorState.END + VectorState.END_BYTES - (4 << random.nextInt(4));
            case 2, 3, 4 -> VectorState.MIDDLE + random.nextInt(VectorState.MIDDLE_BYTES - 32);
            case 5 -> VectorState.MIDDLE + 16 * random.nextInt(VectorState.MIDDLE_BYTES / 16);
            default -> VectorState.MIDDLE + 32 * random.nextInt(VectorState.MIDDLE_BYTES / 32);
        };
        long v = target - disp;
        m.registers[base] = code64 ? v : v & 0xffff_ffffL;
        if (index >= 0) {
            indices(m);
        }
    }

    boolean hasMemoryOperand() {
        return base >= 0;
    }

    /** Offsets of elements: near the base, seldom where there is no memory. */
    private void indices(VectorState m) {
        int reach = 64 >> scale;
        boolean wild = random.nextInt(6) == 0;
        boolean quads = form.mnemonic().contains("RQ");
        for (int n = 0; n < 4; n++) {
            long low = random.nextInt(2 * reach) - reach;
            long high = random.nextInt(2 * reach) - reach;
            low = wild && random.nextInt(4) == 0 ? low + 0x3000 : low;
            m.vector(index, n, quads ? low : high << 32 | low & 0xffff_ffffL);
        }
    }

    private long integer() {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextInt(200) - 100;
            case 1 -> 1L << random.nextInt(64);
            default -> random.nextLong() >> random.nextInt(64);
        };
    }

    /** What a mnemonic's operands are. */
    private enum Kind {
        INTEGERS {
            @Override
            long value(VectorSample s) {
                SplittableRandom r = s.random;
                return switch (r.nextInt(6)) {
                    case 0 -> r.nextLong() & r.nextLong() & r.nextLong();
                    case 1 -> r.nextLong() | r.nextLong() | r.nextLong();
                    case 2 -> 0x7f80_017f_8000_7fffL ^ 1L << r.nextInt(64);
                    case 3 -> r.nextLong() & (r.nextLong() & 0x0101_0101_0101_0101L) * 255;
                    default -> r.nextLong();
                };
            }
        },
        SINGLES {
            @Override
            long value(VectorSample s) {
                return (long) s.values.special32() << 32 | s.values.special32() & 0xffff_ffffL;
            }
        },
        DOUBLES {
            @Override
            long value(VectorSample s) {
                return s.values.special64();
            }
        },
        HALVES {
            @Override
            long value(VectorSample s) {
                long v = 0;
                for (int i = 0; i < 64; i += 16) {
                    int h = s.random.nextInt(0x10000);
                    h = s.random.nextInt(4) == 0 ? h & 0x83ff : s.random.nextInt(4) == 0 ? h | 0x7c00 : h;
                    v |= (long) h << i;
                }
                return v;
            }
        };

        abstract long value(VectorSample s);

        static Kind of(String mnemonic) {
            String m = mnemonic.replace("_SSE", "").replaceAll("^V", "");
            if (m.startsWith("CVTPH")) {
                return HALVES;
            }
            if (m.matches("CVT(DQ|PI|SI).*|P.*|MASKMOV.*")) {
                return INTEGERS;
            }
            if (m.matches("CVTT?[PS]S2.*|.*[PS]S")) {
                return SINGLES;
            }
            return m.matches("CVTT?[PS]D2.*|.*[PS]D") ? DOUBLES : INTEGERS;
        }
    }
}
