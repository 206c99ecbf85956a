package org.gearshift.tools.conformance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;

/**
 * All forms the decoder's opcode tables hold, found by asking the decoder: each opcode of each map with each prefix that may mean something and
 * each byte behind it. Encodings that mean the same instruction with operands of the same kinds and sizes are one form. What a line in an opcode
 * table adds is therefore here as soon as the line is there.
 */
final class FormCatalogue {
    private static final int MAPS = 4;
    /** VEX.vvvv where it names no register. */
    private static final int ALL_ONES = 15;
    private static final byte[] NO_PREFIXES = {};

    private static final Map<Integer, List<Form>> CATALOGUES = new ConcurrentHashMap<>();

    private final int bits;
    private final long mode;
    private final Decoder decoder = new Decoder();
    private final Map<String, Collected> found = new LinkedHashMap<>();
    /** The latest form found with the present opcode and prefixes. */
    private Collected last;
    /** An instruction with a byte register has been found since this was cleared. */
    private boolean byteRegisters;
    private final byte[] buffer = new byte[32];
    private int at;

    /** A form in the making. */
    private static final class Collected {
        final byte[] prefixes;
        final Form.Rex rex;
        final int map;
        final int opcode;
        final int vex;
        final boolean memory;
        final Instruction sample;
        final BitSet choices = new BitSet();
        boolean vvvv;

        Collected(byte[] prefixes, Form.Rex rex, int map, int opcode, int vex, boolean memory, Instruction sample) {
            this.prefixes = prefixes;
            this.rex = rex;
            this.map = map;
            this.opcode = opcode;
            this.vex = vex;
            this.memory = memory;
            this.sample = sample;
        }
    }

    private FormCatalogue(int bits) {
        this.bits = bits;
        this.mode = Code.mode(bits);
    }

    /** Every form of 32- or 64-bit code, those that cannot be run included. */
    static List<Form> all(int bits) {
        return CATALOGUES.computeIfAbsent(bits, FormCatalogue::make);
    }

    private static List<Form> make(int bits) {
        FormCatalogue c = new FormCatalogue(bits);
        for (int map = 0; map < MAPS; map++) {
            for (int opcode = 0; opcode < 256; opcode++) {
                c.legacy(map, opcode);
                if (map > 0) {
                    c.vex(map, opcode);
                }
            }
        }
        return c.forms();
    }

    private void legacy(int map, int opcode) {
        if (map == 0 && isPrefixOrEscape(opcode) || map == 1 && (opcode == 0x38 || opcode == 0x3a)) {
            return;
        }
        variants(map, opcode);
        variants(map, opcode, 0x66);
        // With an operand size prefix besides only where they mean something at all.
        for (int p : new int[] {0xf3, 0xf2, 0xf0}) {
            if (variants(map, opcode, p)) {
                variants(map, opcode, 0x66, p);
            }
        }
    }

    /** Collects with these prefixes, and in 64-bit code with each kind of REX prefix; true if there was a form among them that is new. */
    private boolean variants(int map, int opcode, int... p) {
        byte[] prefixes = new byte[p.length];
        for (int i = 0; i < p.length; i++) {
            prefixes[i] = (byte) p[i];
        }
        int before = found.size();
        byteRegisters = false;
        collect(prefixes, Form.Rex.NONE, map, opcode, -1);
        if (bits == 64) {
            if (byteRegisters) {
                collect(prefixes, Form.Rex.REQUIRED, map, opcode, -1);
            }
            collect(prefixes, Form.Rex.WIDE, map, opcode, -1);
        }
        return found.size() > before;
    }

    private boolean isPrefixOrEscape(int b) {
        return switch (b) {
            case 0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3 -> true;
            default -> bits == 64 && (b >> 4 == 4 || b == 0xc4 || b == 0xc5);
        };
    }

    private void vex(int map, int opcode) {
        for (int vex = 0; vex < 16; vex++) {
            if (!mayExist(map, opcode, vex)) {
                continue;
            }
            collect(NO_PREFIXES, Form.Rex.NONE, map, opcode, vex);
        }
    }

    /** Whether any ModRM.reg with a memory operand, an index vector, or a register makes an instruction. */
    private boolean mayExist(int map, int opcode, int vex) {
        for (int reg = 0; reg < 8; reg++) {
            for (int shape : new int[] {0, 4, 0xc0}) {
                for (int vvvv : new int[] {ALL_ONES, 5}) {
                    if (decode(NO_PREFIXES, Form.Rex.NONE, map, opcode, vex, vvvv, shape | reg << 3).mnemonic() != Mnemonic.INVALID) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    private void collect(byte[] prefixes, Form.Rex rex, int map, int opcode, int vex) {
        last = null;
        Instruction zero = decode(prefixes, rex, map, opcode, vex, ALL_ONES, 0);
        boolean modrm = zero.mnemonic() == Mnemonic.INVALID || hasMemory(zero) && addressed(zero, 0);
        // From C0 on, 32-bit code has VEX prefixes there.
        int end = bits == 32 && vex < 0 && map == 0 && (opcode == 0xc4 || opcode == 0xc5) ? 0xc0 : 256;
        for (int next = 0; next < end; next++) {
            // Of memory operands few shapes are enough to know the form: no displacement; a SIB byte of 0, which indices in vector registers demand.
            if (next < 0xc0 && modrm && (next >> 6 != 0 || (next & 7) == 5)) {
                continue;
            }
            Instruction i = decode(prefixes, rex, map, opcode, vex, ALL_ONES, next);
            if (i.mnemonic() == Mnemonic.INVALID && vex >= 0) {
                i = decode(prefixes, rex, map, opcode, vex, 0, next);
            }
            enter(i, prefixes, rex, map, opcode, vex, next);
        }
    }

    private void enter(Instruction i, byte[] prefixes, Form.Rex rex, int map, int opcode, int vex, int next) {
        if (i.mnemonic() == Mnemonic.INVALID || i.mnemonic() == Mnemonic.TOO_LONG) {
            return;
        }
        boolean memory = next < 0xc0 && addressed(i, next);
        boolean bytes = hasByteRegister(i);
        byteRegisters |= bytes;
        if (rex == Form.Rex.REQUIRED && !bytes) {
            return;
        }
        Collected c = last;
        if (c == null || memory != c.memory || !alike(i, c.sample)) {
            c = found.computeIfAbsent(signature(i, map, opcode, vex, memory) + (rex == Form.Rex.REQUIRED ? " rex" : ""),
                    k -> new Collected(prefixes, rex, map, opcode, vex, memory, i));
            last = c;
        }
        if (c.rex != rex || !Arrays.equals(c.prefixes, prefixes)) {
            // Another spelling of a form that is there already.
            return;
        }
        c.choices.set(memory ? next >> 3 & 7 : next);
        c.vvvv |= vex >= 0 && decode(prefixes, rex, map, opcode, vex, 5, next).mnemonic() != Mnemonic.INVALID;
    }

    /** Whether two instructions of one opcode with the same prefixes have one signature. */
    private static boolean alike(Instruction a, Instruction b) {
        if (a.mnemonic() != b.mnemonic() || a.condition() != b.condition() || a.operandCount() != b.operandCount() || a.lock() != b.lock()) {
            return false;
        }
        for (int k = 0; k < a.operandCount(); k++) {
            if (a.op(k).kind != b.op(k).kind || a.op(k).bits != b.op(k).bits) {
                return false;
            }
        }
        return true;
    }

    private static boolean hasMemory(Instruction i) {
        for (Operand o : i.operands()) {
            if (o.isMemory()) {
                return true;
            }
        }
        return false;
    }

    /** True if the memory operand is addressed by the ModRM byte {@code next}, which has a base register (a SIB byte of 0 names the first). */
    private static boolean addressed(Instruction i, int next) {
        for (Operand o : i.operands()) {
            if (o.isMemory() && o.base == ((next & 7) == 4 ? 0 : next & 7)) {
                return true;
            }
        }
        return false;
    }

    private static boolean hasByteRegister(Instruction i) {
        for (Operand o : i.operands()) {
            if (o.kind == Operand.Kind.GPR && o.bits == 8) {
                return true;
            }
        }
        return false;
    }

    private static String signature(Instruction i, int map, int opcode, int vex, boolean memory) {
        StringBuilder b = new StringBuilder();
        b.append(map).append(' ').append(opcode).append(' ').append(vex >= 0 ? vex & 4 : -1).append(' ').append(i.mnemonic()).append(' ').append(i.condition());
        b.append(' ').append(memory).append(i.lock()).append(i.rep()).append(i.repne()).append(i.elementBits());
        for (Operand o : i.operands()) {
            b.append(' ').append(o.kind).append(o.bits);
        }
        // Without sized operands the operand size is told by itself: PUSHA, CBW, RET, LEAVE.
        b.append(i.elementBits() == 0 && sizeMatters(i) ? " " + i.operandBits() : "");
        return b.toString();
    }

    private static boolean sizeMatters(Instruction i) {
        return switch (i.mnemonic()) {
            case CBW, CWD, PUSHA, POPA, PUSHF, POPF, ENTER, LEAVE, PUSH, POP, CALL, RET, JMP, JCC, JCXZ, LOOP, LOOPE, LOOPNE, FNSAVE, FRSTOR, FNSTENV,
                    FLDENV, NOP, BOUND, XLAT, FXSAVE, FXRSTOR -> true;
            default -> false;
        };
    }

    private Instruction decode(byte[] prefixes, Form.Rex rex, int map, int opcode, int vex, int vvvv, int next) {
        int head = Encoder.head(buffer, prefixes, rex == Form.Rex.WIDE ? 0x48 : rex == Form.Rex.REQUIRED ? 0x40 : 0, map, opcode, vex, vvvv, 0);
        buffer[head] = (byte) next;
        Arrays.fill(buffer, head + 1, buffer.length, (byte) 0);
        at = 0;
        return decoder.decode(() -> buffer[at++] & 0xff, mode);
    }

    private List<Form> forms() {
        List<Form> forms = new ArrayList<>();
        for (Collected c : found.values()) {
            int[] choices = c.choices.stream().toArray();
            int head = c.prefixes.length + (c.rex == Form.Rex.NONE ? 0 : 1) + (c.vex >= 0 ? 4 : 1 + (c.map == 0 ? 0 : c.map == 1 ? 1 : 2));
            boolean nothingFollows = !c.memory && c.sample.length() == head;
            Form.Rex rex = c.rex == Form.Rex.NONE && bits == 64 && c.vex < 0 && !hasByteRegister(c.sample) ? Form.Rex.OPTIONAL : c.rex;
            forms.add(new Form(bits, c.prefixes, rex, c.map, c.opcode, c.vex, c.vvvv, c.memory, nothingFollows ? new int[0] : choices, c.sample));
        }
        return List.copyOf(forms);
    }
}
