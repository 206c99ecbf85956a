package org.gearshift.translator.x86.decode;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.gearshift.translator.x86.IsaExtension;

/**
 * The opcode maps, compiled from the tables {@link IntegerOpcodes}, {@link SystemOpcodes}, {@link X87Opcodes}, {@link SimdOpcodes}
 * and {@link VexOpcodes}.
 *
 * <p>A line of a table is {@code encoding | MNEMONIC operands | attributes}. Encoding: optional mandatory prefix ({@code NP} none of 66, F2, F3;
 * {@code NFx} neither F2 nor F3; {@code 66}, {@code F3}, {@code F2}; nothing: any, without meaning), optional {@code VEX}, opcode bytes in hex
 * ({@code +r} register, {@code +cc} condition in the low bits), then {@code /digit} for ModRM.reg, a hex ModRM byte ({@code +i}: any rm), or
 * {@code reg} for "ModRM.mod is 3". ModRM is implied by operands that need it. Operands: {@link OperandSpec}. Attributes: {@code lock},
 * {@code rep}, {@code repz}, {@code e8 ev ez} string element, {@code i64} invalid in and {@code o64} only in 64-bit mode, {@code d64 f64} operand
 * size there, {@code W0 W1} REX.W or VEX.W, {@code L0 L1} VEX.L, {@code B0} without REX.B, {@code mod3}, {@code nocs}, or the name of an
 * {@link IsaExtension}, where that isn't the table's.
 *
 * <p>A form that demands more is preferred to one that demands less, whatever the order of lines.
 */
final class OpcodeMaps {
    /** Maps: one-byte, 0F, 0F 38, 0F 3A, and with VEX 0F, 0F 38, 0F 3A, all others; an opcode's index is map * 256 + byte. */
    static final int MAP_0F = 0x100;
    static final int MAP_0F38 = 0x200;
    static final int MAP_0F3A = 0x300;
    static final int MAP_VEX_0F = 0x400;
    static final int MAP_VEX_0F38 = 0x500;
    static final int MAP_VEX_0F3A = 0x600;
    static final int MAP_VEX_OTHER = 0x700;
    private static final int SIZE = 0x800;

    private static final Form[] NONE = {};
    /** Candidates of opcodes without ModRM, in order of preference; null where there are none. */
    private static final Form[][] PLAIN = new Form[SIZE][];
    /** Candidates of opcodes with ModRM, by (mod == 3 ? 8 : 0) + reg; null where there are none. */
    private static final Form[][][] BY_MODRM = new Form[SIZE][][];
    /** Some form of each opcode: all of one opcode have as many bytes behind ModRM. */
    private static final Form[] SHAPES = new Form[SIZE];

    /**
     * Lines that need the same of the processor.
     *
     * @param extension256 what they need where VEX.L is 1
     */
    record Table(IsaExtension extension, IsaExtension extension256, String lines) {
        Table(IsaExtension extension, String lines) {
            this(extension, extension, lines);
        }
    }

    static final List<Table> TABLES = List.of(
            new Table(IsaExtension.BASE, IntegerOpcodes.ARITHMETIC), new Table(IsaExtension.BASE, IntegerOpcodes.SHIFTS_AND_BITS),
            new Table(IsaExtension.BASE, IntegerOpcodes.TRANSFER), new Table(IsaExtension.BASE, IntegerOpcodes.CONTROL),
            new Table(IsaExtension.BASE, IntegerOpcodes.HINTS), new Table(IsaExtension.BASE, SystemOpcodes.PORTS_AND_FLAGS),
            new Table(IsaExtension.BASE, SystemOpcodes.SYSTEM), new Table(IsaExtension.BASE, SystemOpcodes.EXTENDED_STATE),
            new Table(IsaExtension.BASE, SystemOpcodes.VIRTUALIZATION), new Table(IsaExtension.BASE, X87Opcodes.TABLE),
            new Table(IsaExtension.MMX, SimdOpcodes.MMX), new Table(IsaExtension.SSE, SimdOpcodes.SSE),
            new Table(IsaExtension.SSE2, SimdOpcodes.SSE2), new Table(IsaExtension.SSE3, SimdOpcodes.SSE3),
            new Table(IsaExtension.SSSE3, SimdOpcodes.SSSE3), new Table(IsaExtension.SSE4_1, SimdOpcodes.SSE4_1),
            new Table(IsaExtension.SSE4_2, SimdOpcodes.SSE4_2), new Table(IsaExtension.AES, SimdOpcodes.AES),
            new Table(IsaExtension.PCLMULQDQ, SimdOpcodes.PCLMULQDQ), new Table(IsaExtension.GFNI, SimdOpcodes.GFNI),
            new Table(IsaExtension.SHA, SimdOpcodes.SHA),
            new Table(IsaExtension.AVX, VexOpcodes.FLOAT), new Table(IsaExtension.AVX, VexOpcodes.MOVES),
            new Table(IsaExtension.AVX, IsaExtension.AVX2, VexOpcodes.INTEGER), new Table(IsaExtension.AVX2, VexOpcodes.AVX2),
            new Table(IsaExtension.F16C, VexOpcodes.F16C), new Table(IsaExtension.FMA, VexOpcodes.FMA),
            new Table(IsaExtension.AES, IsaExtension.VAES, VexOpcodes.AES),
            new Table(IsaExtension.PCLMULQDQ, IsaExtension.VPCLMULQDQ, VexOpcodes.PCLMULQDQ),
            new Table(IsaExtension.GFNI, VexOpcodes.GFNI));

    static {
        Map<String, Mnemonic> mnemonics = new HashMap<>(4096);
        for (Mnemonic m : Mnemonic.values()) {
            mnemonics.put(m.name(), m);
        }
        Map<String, IsaExtension> extensions = new HashMap<>();
        for (IsaExtension e : IsaExtension.values()) {
            extensions.put(e.name(), e);
        }
        OpcodeMaps maps = new OpcodeMaps(mnemonics, extensions);
        for (Table table : TABLES) {
            String lines = table.lines;
            int end;
            for (int start = 0; start < lines.length(); start = end + 1) {
                end = lines.indexOf('\n', start);
                maps.line(table, lines.substring(start, end));
            }
        }
        undefinedShapes();
    }

    /**
     * Opcodes without a form have operands nevertheless: in the three-byte maps ModRM, and in 0F 3A a byte behind it; with VEX in map 0F those they have without.
     */
    private static void undefinedShapes() {
        Form modrm = new Form();
        Form modrmAndByte = new Form();
        modrmAndByte.operands = new int[] {OperandSpec.parse("Iu")};
        for (int opcode = MAP_0F38; opcode < SIZE; opcode++) {
            if (SHAPES[opcode] != null) {
                continue;
            }
            int map = opcode & ~0xff;
            int like = MAP_0F | opcode & 0xff;
            SHAPES[opcode] = map == MAP_VEX_0F ? SHAPES[like] : map == MAP_0F3A || map == MAP_VEX_0F3A ? modrmAndByte : modrm;
            if (map != MAP_VEX_0F || BY_MODRM[like] != null) {
                BY_MODRM[opcode] = new Form[16][];
                Arrays.fill(BY_MODRM[opcode], NONE);
            }
        }
    }

    private final Map<String, Mnemonic> mnemonics;
    private final Map<String, IsaExtension> extensions;

    private OpcodeMaps(Map<String, Mnemonic> mnemonics, Map<String, IsaExtension> extensions) {
        this.mnemonics = mnemonics;
        this.extensions = extensions;
    }

    /** True if a ModRM byte follows the opcode. */
    static boolean hasModrm(int opcode) {
        return BY_MODRM[opcode] != null;
    }

    /** Candidates of an opcode without ModRM, in order of preference. */
    static Form[] forms(int opcode) {
        Form[] forms = PLAIN[opcode];
        return forms == null ? NONE : forms;
    }

    /** Candidates of an opcode with ModRM. */
    static Form[] forms(int opcode, int modrm) {
        return BY_MODRM[opcode][modrm >= 0xc0 ? 8 | modrm >>> 3 & 7 : modrm >>> 3 & 7];
    }

    /** A form, from which the length of undefined instructions with an opcode follows: of this opcode or one like it. Null if nothing follows the opcode. */
    static Form shape(int opcode) {
        return SHAPES[opcode];
    }

    private void line(Table table, String line) {
        int bar = line.indexOf(" | ");
        int bar2 = line.indexOf(" | ", bar + 3);
        String meaning = bar2 < 0 ? line.substring(bar + 3) : line.substring(bar + 3, bar2);
        Form form = new Form();
        form.extension = table.extension;
        form.extension256 = table.extension256;
        int space = meaning.indexOf(' ');
        form.mnemonic = mnemonics.get(space < 0 ? meaning : meaning.substring(0, space));
        if (form.mnemonic == null) {
            throw new IllegalArgumentException(line);
        }
        if (space >= 0) {
            operands(form, meaning.substring(space + 1));
        }
        if (bar2 >= 0) {
            for (String attribute : split(line.substring(bar2 + 3), ' ')) {
                attribute(form, attribute);
            }
        }
        encoding(form, split(line.substring(0, bar), ' '));
    }

    private static void operands(Form form, String text) {
        String[] names = split(text, ',');
        form.operands = new int[names.length];
        for (int i = 0; i < names.length; i++) {
            int spec = OperandSpec.parse(names[i]);
            int kind = OperandSpec.kind(spec);
            form.operands[i] = spec;
            form.modrm |= OperandSpec.usesModrm(kind);
            form.mod |= OperandSpec.mod(kind);
            form.attributes |= kind == OperandSpec.B || kind == OperandSpec.H ? Form.VVVV : kind == OperandSpec.X ? Form.VSIB : 0;
        }
    }

    private void attribute(Form form, String name) {
        switch (name) {
            case "lock" -> form.attributes |= Form.LOCK;
            case "rep" -> form.attributes |= Form.REP;
            case "repz" -> form.attributes |= Form.REPZ;
            case "e8" -> form.attributes |= Form.ELEMENT_8;
            case "ev" -> form.attributes |= Form.ELEMENT_V;
            case "ez" -> form.attributes |= Form.ELEMENT_Z;
            case "d64" -> form.attributes |= Form.D64;
            case "f64" -> form.attributes |= Form.F64;
            case "B0" -> form.attributes |= Form.NO_REX_B;
            case "nocs" -> form.attributes |= Form.NO_CS;
            case "mod3" -> {
                form.attributes |= Form.MOD3;
                form.mod = Form.MOD_ANY;
            }
            case "i64" -> form.modes = Form.MODE_LEGACY;
            case "o64" -> form.modes = Form.MODE_64;
            case "W0" -> form.widths = Form.W0;
            case "W1" -> form.widths = Form.W1;
            case "L0" -> form.lengths = Form.L0;
            case "L1" -> form.lengths = Form.L1;
            default -> {
                form.extension = extensions.get(name);
                form.extension256 = form.extension;
                if (form.extension == null) {
                    throw new IllegalArgumentException("attribute " + name);
                }
            }
        }
    }

    private static void encoding(Form form, String[] tokens) {
        int i = prefix(form, tokens[0]) ? 1 : 0;
        int map = 0;
        if (tokens[i].equals("VEX")) {
            map = MAP_VEX_0F - MAP_0F;
            i++;
        }
        if (tokens[i].equals("0F")) {
            i++;
            map += MAP_0F;
            if (tokens[i].equals("38") || tokens[i].equals("3A")) {
                map += tokens[i].equals("38") ? MAP_0F38 - MAP_0F : MAP_0F3A - MAP_0F;
                i++;
            }
        }
        String opcode = tokens[i++];
        for (; i < tokens.length; i++) {
            modrm(form, tokens[i]);
        }
        int first = map + hex(opcode);
        if (opcode.endsWith("+cc")) {
            for (int cc = 0; cc < 16; cc++) {
                add(first + cc, form.withCondition(cc));
            }
        } else {
            int count = opcode.endsWith("+r") ? 8 : 1;
            for (int k = 0; k < count; k++) {
                add(first + k, form);
            }
        }
    }

    private static boolean prefix(Form form, String token) {
        switch (token) {
            case "NP" -> form.prefixes = Form.NP;
            case "NFx" -> form.prefixes = Form.NP | Form.P66;
            case "66" -> form.prefixes = Form.P66;
            case "F3" -> form.prefixes = Form.PF3;
            case "F2" -> form.prefixes = Form.PF2;
            default -> {
                return false;
            }
        }
        return true;
    }

    private static void modrm(Form form, String token) {
        form.modrm = true;
        if (token.charAt(0) == '/') {
            form.reg = token.charAt(1) - '0';
        } else {
            form.mod = Form.MOD_REGISTER;
            if (!token.equals("reg")) {
                int byteValue = hex(token);
                form.reg = byteValue >>> 3 & 7;
                form.rm = token.endsWith("+i") ? -1 : byteValue & 7;
            }
        }
    }

    private static void add(int opcode, Form form) {
        SHAPES[opcode] = form;
        if (!form.modrm) {
            PLAIN[opcode] = insert(PLAIN[opcode], form);
            return;
        }
        Form[][] buckets = BY_MODRM[opcode];
        if (buckets == null) {
            buckets = BY_MODRM[opcode] = new Form[16][];
            Arrays.fill(buckets, NONE);
        }
        for (int bucket = 0; bucket < 16; bucket++) {
            int mod = bucket < 8 ? Form.MOD_MEMORY : Form.MOD_REGISTER;
            if ((form.mod == Form.MOD_ANY || form.mod == mod) && (form.reg < 0 || form.reg == (bucket & 7))) {
                buckets[bucket] = insert(buckets[bucket], form);
            }
        }
    }

    /** A copy of {@code forms} with {@code form} behind those that are as specific or more. */
    private static Form[] insert(Form[] forms, Form form) {
        if (forms == null || forms.length == 0) {
            return new Form[] {form};
        }
        Form[] more = new Form[forms.length + 1];
        int at = 0;
        while (at < forms.length && forms[at].generality() <= form.generality()) {
            more[at] = forms[at];
            at++;
        }
        more[at] = form;
        System.arraycopy(forms, at, more, at + 1, forms.length - at);
        return more;
    }

    private static int hex(String token) {
        return Character.digit(token.charAt(0), 16) << 4 | Character.digit(token.charAt(1), 16);
    }

    /** String.split without its regular expressions, which cost start-up time. */
    private static String[] split(String text, char separator) {
        int count = 1;
        for (int i = 0; i < text.length(); i++) {
            count += text.charAt(i) == separator ? 1 : 0;
        }
        String[] parts = new String[count];
        int start = 0;
        for (int i = 0; i < count; i++) {
            int end = text.indexOf(separator, start);
            parts[i] = text.substring(start, end < 0 ? text.length() : end);
            start = end + 1;
        }
        return parts;
    }
}
