package org.gearshift.translator.x86.decode;

import java.util.List;
import org.gearshift.translator.x86.IsaExtension;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86State;

/**
 * Decodes one instruction at a time as an Intel 64 processor does, without AVX-512, MPX and TSX. Holds the state of the instruction
 * under way: one decoder serves one thread.
 *
 * <p>What a caller may rely on, beyond {@link Instruction}:
 * <ul>
 * <li>Immediates of arithmetic, moves and pushes are sign-extended to 64 bits whatever their size (AND AL,0x80 has -128); ports, counts, vectors,
 * control bytes (PSHUFD, CMPPS ...), RET's and ENTER's numbers are zero-extended.</li>
 * <li>Registers have their full width in {@code bits} (YMM 256, XMM 128, MMX 64) also where the instruction uses less; memory has the datum's.</li>
 * <li>Displacements are sign-extended; the effective address is to be truncated to {@code addressBits}. Absolute addresses (MOV moffs included)
 * have neither base nor index.</li>
 * <li>Immediates are 8, 16, 32 or 64 bits after extension: {@code ADD EBX, imm8} has 32.</li>
 * <li>REP means F3 or F2 on MOVS, STOS, LODS, INS and OUTS (F2 repeats there like F3); on CMPS and SCAS F3 is rep and F2 repne.</li>
 * <li>{@link Mnemonic#INVALID} raises #UD, and has the length that the opcode's operands would give it: a processor fetches all of that before it finds
 * that there is no such instruction. {@link Mnemonic#TOO_LONG} raises #GP(0).</li>
 * </ul>
 */
public final class Decoder {
    /** Architectural limit of an instruction's length in bytes. */
    public static final int MAX_LENGTH = 15;

    private static final int REX_W = 8;
    private static final int REX_R = 4;
    private static final int REX_X = 2;
    private static final int REX_B = 1;

    // Classes of prefix bytes.
    private static final byte P_SEGMENT = 1;
    private static final byte P_OPERAND = 2;
    private static final byte P_ADDRESS = 3;
    private static final byte P_LOCK = 4;
    private static final byte P_REPEAT = 5;
    private static final byte P_REX = 6;
    private static final byte[] PREFIX = new byte[256];
    /** Segment number by override prefix byte. */
    private static final byte[] OVERRIDE = new byte[256];
    /** Base and index of 16-bit addresses by ModRM.rm. */
    private static final byte[] BASE_16 = {3, 3, 5, 5, 6, 7, 5, 3};
    private static final byte[] INDEX_16 = {6, 7, 6, 7, -1, -1, -1, -1};

    static {
        int[] overrides = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
        for (int seg = 0; seg < overrides.length; seg++) {
            PREFIX[overrides[seg]] = P_SEGMENT;
            OVERRIDE[overrides[seg]] = (byte) seg;
        }
        PREFIX[0x66] = P_OPERAND;
        PREFIX[0x67] = P_ADDRESS;
        PREFIX[0xf0] = P_LOCK;
        PREFIX[0xf2] = P_REPEAT;
        PREFIX[0xf3] = P_REPEAT;
        for (int b = 0x40; b < 0x50; b++) {
            PREFIX[b] = P_REX;
        }
    }

    /** Ends the decoding of an overlong instruction from within. */
    private static final class TooLong extends RuntimeException {
        private static final TooLong INSTANCE = new TooLong();

        private TooLong() {
            super(null, null, false, false);
        }
    }

    private ByteSource source;
    private int length;

    private boolean mode64;
    private boolean vexAllowed;
    private int defaultBits;

    private boolean lock;
    /** F3, F2 or 0: the last of them. */
    private int repeat;
    private boolean prefix66;
    private boolean prefix67;
    /** Segment number of the effective override prefix, or -1. */
    private int override;
    /** The REX byte, and REX or VEX bits W R X B as REX has them; outside 64-bit mode 0. */
    private int rex;
    private int extension;
    private boolean vex;
    private int vvvv;
    /** REX.W or VEX.W, in every mode, and VEX.L. */
    private boolean wide;
    private boolean vex256;

    private int opcodeByte;
    private int modrm;
    private int operandBits;
    private int addressBits;
    /** Set when an operand turns out not to exist. */
    private boolean invalid;

    private int base;
    private int index;
    private int scale;
    private long disp;
    private int segment;

    /**
     * The instruction that begins with the next byte of {@code bytes}.
     *
     * @param mode {@link X86Mode} key; {@code CODE64} and {@code CODE32} give the default sizes, {@code PROTECTED} and {@code V86} whether VEX exists
     */
    public Instruction decode(ByteSource bytes, long mode) {
        source = bytes;
        length = 0;
        mode64 = X86Mode.is(mode, X86Mode.CODE64);
        vexAllowed = X86Mode.is(mode, X86Mode.PROTECTED) && !X86Mode.is(mode, X86Mode.V86);
        defaultBits = X86Mode.operandBits(mode);
        try {
            return instruction(prefixes());
        } catch (TooLong e) {
            return undecoded(Mnemonic.TOO_LONG);
        } finally {
            source = null;
        }
    }

    private int next() {
        if (length == MAX_LENGTH) {
            throw TooLong.INSTANCE;
        }
        int b = source.next();
        length++;
        return b;
    }

    /** Reads prefixes; returns the byte behind them. */
    private int prefixes() {
        lock = false;
        repeat = 0;
        prefix66 = false;
        prefix67 = false;
        override = -1;
        rex = 0;
        vex = false;
        vex256 = false;
        while (true) {
            int b = next();
            byte kind = PREFIX[b];
            if (kind == 0 || kind == P_REX && !mode64) {
                extension = rex & 15;
                wide = (rex & REX_W) != 0;
                return b;
            }
            // REX counts only right before the opcode.
            rex = 0;
            switch (kind) {
                case P_SEGMENT -> override = mode64 && b < 0x64 ? override : OVERRIDE[b];
                case P_OPERAND -> prefix66 = true;
                case P_ADDRESS -> prefix67 = true;
                case P_LOCK -> lock = true;
                case P_REPEAT -> repeat = b;
                default -> rex = b;
            }
        }
    }

    private Instruction instruction(int first) {
        addressBits = mode64 ? prefix67 ? 32 : 64 : prefix67 ? 48 - defaultBits : defaultBits;
        invalid = false;
        modrm = -1;
        int opcode = opcode(first);
        opcodeByte = opcode & 0xff;
        Form form;
        if (OpcodeMaps.hasModrm(opcode)) {
            if (modrm < 0) {
                modrm = next();
            }
            form = select(OpcodeMaps.forms(opcode, modrm));
        } else {
            form = select(OpcodeMaps.forms(opcode));
        }
        if (form == null) {
            return undefined(OpcodeMaps.shape(opcode));
        }
        operandBits = operandBits(form);
        if (modrm >= 0 && modrm < 0xc0 && !form.has(Form.MOD3)) {
            address(form.has(Form.VSIB));
        }
        List<Operand> operands = operands(form);
        if (invalid || vex && !form.has(Form.VVVV) && vvvv != 0 || form.has(Form.VSIB) && !isDistinct(operands)
                || lock && !(form.has(Form.LOCK) && operands.get(0).isMemory())) {
            return undecoded(Mnemonic.INVALID);
        }
        return new Instruction(form.mnemonic, form.condition, length, operandBits, addressBits, elementBits(form),
                override >= 0 ? override : X86State.DS, lock, repeats(form), form.has(Form.REPZ) && repeat == 0xf2, rex,
                vex ? vex256 ? 256 : 128 : 0, vex256 ? form.extension256 : form.extension, operands);
    }

    /** Destination, indices and mask of a gather: three different registers. */
    private static boolean isDistinct(List<Operand> operands) {
        int d = operands.get(0).reg;
        int x = operands.get(1).index;
        int m = operands.get(2).reg;
        return d != x && d != m && x != m;
    }

    /**
     * The rest of an instruction that does not exist. Faults of the fetch and the length limit come before #UD (SDM vol. 3, table 6-2), and a processor
     * knows the length from the opcode alone: whether prefixes, mode and ModRM.reg make an instruction of it shows later.
     *
     * @param shape {@link OpcodeMaps#shape}
     */
    private Instruction undefined(Form shape) {
        if (modrm >= 0 && modrm < 0xc0 && !(shape != null && shape.has(Form.MOD3))) {
            address(false);
        }
        if (shape != null) {
            operandBits = vex ? 32 : operandBits(shape);
            for (int spec : shape.operands) {
                if (OperandSpec.followsAddress(OperandSpec.kind(spec))) {
                    operand(shape, spec);
                }
            }
        }
        return undecoded(Mnemonic.INVALID);
    }

    private Instruction undecoded(Mnemonic why) {
        return new Instruction(why, -1, length, defaultBits, defaultBits, 0, X86State.DS, false, false, false, 0, 0, IsaExtension.BASE, List.of());
    }

    private boolean repeats(Form form) {
        return repeat == 0xf3 && form.has(Form.REP | Form.REPZ) || repeat == 0xf2 && form.has(Form.REP);
    }

    /** The opcode's index in {@link OpcodeMaps}. */
    private int opcode(int first) {
        if (first == 0x0f) {
            int second = next();
            if (second == 0x38) {
                return OpcodeMaps.MAP_0F38 | next();
            }
            return second == 0x3a ? OpcodeMaps.MAP_0F3A | next() : OpcodeMaps.MAP_0F | second;
        }
        if (first == 0xc4 || first == 0xc5) {
            int second = next();
            if (mode64 ? rex == 0 : second >= 0xc0) {
                return vex(first, second);
            }
            // LES, LDS; in 64-bit mode, where there are none, REX makes the bytes look so.
            modrm = second;
        }
        return first;
    }

    /** SDM vol. 2, 2.3.5: two- and three-byte VEX; {@code second} is the byte behind C5 or C4. */
    private int vex(int first, int second) {
        if (!vexAllowed) {
            // LES or LDS with a register operand.
            modrm = second;
            return first;
        }
        invalid = lock || prefix66 || repeat != 0;
        boolean brief = first == 0xc5;
        int last = brief ? second : next();
        int map = brief ? 1 : second & 31;
        vex = true;
        vvvv = ~last >>> 3 & 15;
        vex256 = (last & 4) != 0;
        wide = !brief && (last & 0x80) != 0;
        if (mode64) {
            extension = ~second >>> 5 & (brief ? REX_R : REX_R | REX_X | REX_B) | (wide ? REX_W : 0);
        }
        int pp = last & 3;
        prefix66 = pp == 1;
        repeat = pp == 2 ? 0xf3 : pp == 3 ? 0xf2 : 0;
        return (map < 1 || map > 3 ? OpcodeMaps.MAP_VEX_OTHER : OpcodeMaps.MAP_VEX_0F + (map - 1 << 8)) | next();
    }

    /** The candidate that this instruction's mode, prefixes and ModRM fit, or null. */
    private Form select(Form[] candidates) {
        int mode = mode64 ? Form.MODE_64 : Form.MODE_LEGACY;
        int prefixes = repeat != 0 ? repeat == 0xf3 ? Form.PF3 : Form.PF2 : prefix66 ? Form.P66 : Form.NP;
        int width = wide ? Form.W1 : Form.W0;
        int length = vex256 ? Form.L1 : Form.L0;
        for (Form f : candidates) {
            if ((f.modes & mode) != 0 && (f.prefixes & prefixes) != 0 && (f.widths & width) != 0 && (f.lengths & length) != 0
                    && (f.rm < 0 || f.rm == (modrm & 7)) && ((extension & REX_B) == 0 || !f.has(Form.NO_REX_B))) {
                return f;
            }
        }
        return null;
    }

    private int operandBits(Form form) {
        boolean toggled = prefix66 && form.prefixes != Form.P66;
        if (!mode64) {
            return toggled ? 48 - defaultBits : defaultBits;
        }
        if (form.has(Form.F64) || (extension & REX_W) != 0) {
            return 64;
        }
        return toggled ? 16 : form.has(Form.D64) ? 64 : 32;
    }

    private int elementBits(Form form) {
        if (form.has(Form.ELEMENT_V)) {
            return operandBits;
        }
        return form.has(Form.ELEMENT_8) ? 8 : form.has(Form.ELEMENT_Z) ? Math.min(operandBits, 32) : 0;
    }

    // Addresses.

    private void address(boolean vectorIndex) {
        base = -1;
        index = -1;
        scale = 1;
        disp = 0;
        if (addressBits == 16) {
            address16();
            invalid |= vectorIndex;
        } else {
            address32(vectorIndex);
        }
        if (override >= 0) {
            segment = override;
        } else {
            segment = base == 4 || base == 5 ? X86State.SS : X86State.DS;
        }
    }

    private void address16() {
        int mod = modrm >>> 6;
        int rm = modrm & 7;
        if (mod == 0 && rm == 6) {
            disp = immediate16();
            return;
        }
        base = BASE_16[rm];
        index = INDEX_16[rm];
        if (mod != 0) {
            disp = mod == 1 ? (byte) next() : immediate16();
        }
    }

    private void address32(boolean vectorIndex) {
        int mod = modrm >>> 6;
        int rm = modrm & 7;
        if (rm == 4) {
            int sib = next();
            rm = sib & 7;
            index = sib >>> 3 & 7 | (extension & REX_X) << 2;
            scale = 1 << (sib >>> 6);
            if (index == 4 && !vectorIndex) {
                index = -1;
                scale = 1;
            }
            if (mod == 0 && rm == 5) {
                disp = immediate32();
                return;
            }
        } else {
            invalid |= vectorIndex;
            if (mod == 0 && rm == 5) {
                base = mode64 ? Operand.RIP_BASE : -1;
                disp = immediate32();
                return;
            }
        }
        base = rm | (extension & REX_B) << 3;
        if (mod != 0) {
            disp = mod == 1 ? (byte) next() : immediate32();
        }
    }

    // Operands.

    private List<Operand> operands(Form form) {
        int[] specs = form.operands;
        switch (specs.length) {
            case 0:
                return List.of();
            case 1:
                return List.of(operand(form, specs[0]));
            case 2: {
                Operand a = operand(form, specs[0]);
                return List.of(a, operand(form, specs[1]));
            }
            case 3: {
                Operand a = operand(form, specs[0]);
                Operand b = operand(form, specs[1]);
                return List.of(a, b, operand(form, specs[2]));
            }
            default: {
                Operand a = operand(form, specs[0]);
                Operand b = operand(form, specs[1]);
                Operand c = operand(form, specs[2]);
                return List.of(a, b, c, operand(form, specs[3]));
            }
        }
    }

    private Operand operand(Form form, int spec) {
        int size = OperandSpec.size(spec);
        switch (OperandSpec.kind(spec)) {
            case OperandSpec.E:
            case OperandSpec.M:
            case OperandSpec.R:
                return form.has(Form.MOD3) || modrm >= 0xc0 ? Registers.general(bits(size), rm(), rex != 0) : memory(bits(size));
            case OperandSpec.G:
                return Registers.general(bits(size), reg(), rex != 0);
            case OperandSpec.V:
                return vector(size, reg());
            case OperandSpec.W:
                return modrm >= 0xc0 ? vector(size, rm()) : memory(bits(size));
            case OperandSpec.U:
                return vector(size, rm());
            case OperandSpec.H:
                return vector(size, vvvvRegister());
            case OperandSpec.P:
                return Registers.MMX[modrm >>> 3 & 7];
            case OperandSpec.Q:
                return modrm >= 0xc0 ? Registers.MMX[modrm & 7] : memory(bits(size));
            case OperandSpec.N:
                return Registers.MMX[modrm & 7];
            case OperandSpec.Z:
                return Registers.general(bits(size), opcodeByte & 7 | (extension & REX_B) << 3, rex != 0);
            case OperandSpec.I:
                return immediate(size);
            case OperandSpec.J:
                return relative(size);
            case OperandSpec.A:
                return farPointer();
            case OperandSpec.O:
                return offset(bits(size));
            case OperandSpec.S:
                return segmentRegister(form);
            default:
                return uncommonOperand(spec, size);
        }
    }

    private Operand uncommonOperand(int spec, int size) {
        switch (OperandSpec.kind(spec)) {
            case OperandSpec.C:
                return controlRegister();
            case OperandSpec.D:
                invalid |= reg() > 7;
                return Registers.DEBUG[reg() & 7];
            case OperandSpec.B:
                return Registers.general(bits(size), vvvvRegister(), true);
            case OperandSpec.L:
                return vector(size, next() >>> 4 & (mode64 ? 15 : 7));
            case OperandSpec.X:
                return Operand.gather(wide ? 64 : 32, segment, base, index, bits(size), scale, disp);
            case OperandSpec.ST0:
                return Registers.ST[0];
            case OperandSpec.STI:
                return Registers.ST[modrm & 7];
            case OperandSpec.XMM0:
                return Registers.XMM[0];
            case OperandSpec.AX:
                return Registers.general(bits(size), 0, false);
            case OperandSpec.CL:
                return Registers.general(8, 1, false);
            case OperandSpec.DX:
                return Registers.general(16, 2, false);
            case OperandSpec.ONE:
                return Registers.ONE;
            case OperandSpec.SEG:
                return Registers.SEGMENT[size];
            default:
                throw new AssertionError(spec);
        }
    }

    private Operand vector(int size, int number) {
        return bits(size) == 256 ? Registers.YMM[number] : Registers.XMM[number];
    }

    /** The top bit counts in 64-bit mode only. */
    private int vvvvRegister() {
        return vvvv & (mode64 ? 15 : 7);
    }

    private int reg() {
        return modrm >>> 3 & 7 | (extension & REX_R) << 1;
    }

    private int rm() {
        return modrm & 7 | (extension & REX_B) << 3;
    }

    /** Bits of a size column of the tables. */
    private int bits(int size) {
        return switch (size) {
            case OperandSpec.SIZE_V -> operandBits;
            case OperandSpec.SIZE_Z -> Math.min(operandBits, 32);
            case OperandSpec.SIZE_Y -> (extension & REX_W) != 0 ? 64 : 32;
            case OperandSpec.SIZE_P -> operandBits + 16;
            case OperandSpec.SIZE_S -> mode64 ? 80 : 48;
            case OperandSpec.SIZE_A -> operandBits * 2;
            case OperandSpec.SIZE_N -> mode64 ? 64 : 32;
            case OperandSpec.SIZE_ADDRESS -> addressBits;
            case OperandSpec.SIZE_QQ -> 256;
            case OperandSpec.SIZE_X -> vex256 ? 256 : 128;
            case OperandSpec.SIZE_XH -> vex256 ? 128 : 64;
            case OperandSpec.SIZE_XQ -> vex256 ? 64 : 32;
            case OperandSpec.SIZE_XE -> vex256 ? 32 : 16;
            default -> OperandSpec.BITS[size];
        };
    }

    private Operand memory(int bits) {
        return Operand.memory(bits, segment, base, index, scale, disp);
    }

    private Operand segmentRegister(Form form) {
        int number = modrm >>> 3 & 7;
        if (number > X86State.GS || number == X86State.CS && form.has(Form.NO_CS)) {
            invalid = true;
            return Registers.SEGMENT[0];
        }
        return Registers.SEGMENT[number];
    }

    /** CR0, CR2, CR3, CR4 and CR8 exist. */
    private Operand controlRegister() {
        int number = reg();
        invalid |= number > 8 || (1 << number & 0x11d) == 0;
        return Registers.CONTROL[number];
    }

    private Operand immediate(int size) {
        return switch (size) {
            case OperandSpec.BYTE -> Operand.immediate(8, (byte) next());
            case OperandSpec.SIZE_SIGNED -> Operand.immediate(operandBits, (byte) next());
            case OperandSpec.SIZE_UNSIGNED -> Operand.immediate(8, next());
            case OperandSpec.WORD -> Operand.immediate(16, immediate16() & 0xffff);
            case OperandSpec.SIZE_Z -> Operand.immediate(operandBits, operandBits == 16 ? immediate16() : immediate32());
            default -> Operand.immediate(operandBits, operandBits == 64 ? immediate64() : operandBits == 16 ? immediate16() : immediate32());
        };
    }

    private Operand relative(int size) {
        long displacement = size == OperandSpec.BYTE ? (byte) next() : operandBits == 16 ? immediate16() : immediate32();
        return Operand.relative(operandBits, displacement);
    }

    private Operand farPointer() {
        long offset = operandBits == 16 ? immediate16() & 0xffff : immediate32() & 0xffffffffL;
        return Operand.farPointer(operandBits + 16, immediate16() & 0xffff, offset);
    }

    private Operand offset(int bits) {
        long address = addressBits == 64 ? immediate64() : addressBits == 32 ? immediate32() : immediate16();
        return Operand.memory(bits, override >= 0 ? override : X86State.DS, -1, -1, 1, address);
    }

    private int immediate16() {
        int low = next();
        return (short) (low | next() << 8);
    }

    private int immediate32() {
        int b0 = next();
        int b1 = next();
        int b2 = next();
        return b0 | b1 << 8 | b2 << 16 | next() << 24;
    }

    private long immediate64() {
        long low = immediate32() & 0xffffffffL;
        return low | (long) immediate32() << 32;
    }
}
