package org.gearshift.tools.conformance;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.gearshift.translator.x86.IsaExtension;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.vmm.cpu.Eflags;

/** Makes code: one instruction with what it needs around it, or a sequence with branches, calls and loops. */
final class Sequencer {
    /** Indirect jumps and returns land here: before a MOV, behind it, or at the end; see {@link #single}. */
    private static final int LANDING = 16;
    private static final byte[] MARK = {(byte) 0xb2, 0x5a, (byte) 0x90, (byte) 0x90};
    private static final byte NOP = (byte) 0x90;
    private static final int MOST_UNITS = 30;
    private static final int ATTEMPTS = 60;
    private static final int RBX = 3;
    private static final int RSP = 4;
    private static final int RDI = 7;
    /** CMP of two registers defines every arithmetic flag. */
    private static final byte[] DEFINE_FLAGS = {0x39, (byte) 0xd0};

    private final SplittableRandom random;
    private final Encoder encoder;

    Sequencer(SplittableRandom random) {
        this.random = random;
        this.encoder = new Encoder(random);
    }

    /** Code of one instruction, and the instruction. */
    record Single(Code code, Instruction instruction) {
    }

    /** An address where an indirect jump of {@link #single} finds code. */
    static long landing(SplittableRandom random) {
        return Layout.CODE + LANDING + new int[] {0, 2, MARK.length}[random.nextInt(3)];
    }

    /** One instruction of a form, at the beginning of the code, seldom across two pages or cut off by the end of the second. */
    Single single(Form f) {
        Encoder.Encoded e = encoder.encode(f);
        Instruction i = e.instruction();
        if (i.operandCount() > 0 && i.op(0).kind == Operand.Kind.RELATIVE) {
            return new Single(new Code(f.bits, relative(e, f)), i);
        }
        switch (i.mnemonic()) {
            case JMP, CALL, RET -> {
                ByteArrayOutputStream b = new ByteArrayOutputStream();
                b.writeBytes(e.bytes());
                while (b.size() < LANDING) {
                    b.write(NOP);
                }
                b.writeBytes(MARK);
                return new Single(new Code(f.bits, b.toByteArray()), i);
            }
            default -> {
            }
        }
        if (e.bytes().length > 1 && random.nextInt(16) == 0 && !isRipRelative(i)) {
            int before = 1 + random.nextInt(e.bytes().length - 1);
            if (random.nextInt(4) == 0) {
                return new Single(new Code(f.bits, java.util.Arrays.copyOf(e.bytes(), before), Layout.CODE_BYTES - before), i);
            }
            return new Single(new Code(f.bits, e.bytes(), Layout.PAGE - before), i);
        }
        return new Single(new Code(f.bits, e.bytes()), i);
    }

    private static boolean isRipRelative(Instruction i) {
        for (Operand o : i.operands()) {
            if (o.isMemory() && o.base == Operand.RIP_BASE) {
                return true;
            }
        }
        return false;
    }

    /** A direct branch: over a MOV or not, or, for loops, back to an increment. */
    private byte[] relative(Encoder.Encoded e, Form f) {
        ByteArrayOutputStream b = new ByteArrayOutputStream();
        boolean loop = f.mnemonic() == Mnemonic.LOOP || f.mnemonic() == Mnemonic.LOOPE || f.mnemonic() == Mnemonic.LOOPNE;
        byte[] branch = e.bytes().clone();
        int size = isShort(f) ? 1 : e.instruction().operandBits() == 16 ? 2 : 4;
        int displacement = new int[] {0, 2, MARK.length}[random.nextInt(3)];
        if (loop && random.nextBoolean()) {
            // inc dl
            b.write(0xfe);
            b.write(0xc2);
            displacement = -2 - branch.length;
        }
        for (int k = 0; k < size; k++) {
            branch[branch.length - size + k] = (byte) (displacement >> 8 * k);
        }
        b.writeBytes(branch);
        b.writeBytes(MARK);
        return b.toByteArray();
    }

    private static boolean isShort(Form f) {
        return f.map == 0 && (f.opcode >> 4 == 7 || f.opcode >= 0xe0 && f.opcode <= 0xe3 || f.opcode == 0xeb);
    }

    // Sequences.

    /** Whether instructions of a form can stand in sequences: what they leave is defined, and they keep pointers. */
    static boolean inSequences(Form f) {
        Instruction i = f.sample;
        if (HostDepartures.leavesOpen(i) || UndefinedResults.destinationEver(i) || Approximations.isEstimate(i.mnemonic()) || Approximations.isFunction(i.mnemonic())) {
            return false;
        }
        if (f.sample.extension() == IsaExtension.SHA && f.memory) {
            // See HostDepartures: alignment.
            return false;
        }
        return switch (f.set.name()) {
            case "control", "system", "segment", "state" -> false;
            default -> switch (i.mnemonic()) {
                case POPA, POPF, PUSHA, INS, OUTS, IN, OUT, STI, CLI, UD0, UD1, UD2, FNSTSW, FNSTENV, FNSAVE, FLDENV, FRSTOR, PAUSE, CLFLUSH, CLFLUSHOPT,
                        CLWB, SERIALIZE, XLAT, MASKMOVQ, MASKMOVDQU -> false;
                default -> true;
            };
        };
    }

    /** A sequence of up to 30 instructions of these forms. */
    Sequence sequence(int bits, List<Form> forms) {
        int length = 2 + random.nextInt(MOST_UNITS - 6);
        List<Sequence.Unit> units = new ArrayList<>();
        int loopFrom = random.nextInt(2) == 0 ? random.nextInt(length) : -1;
        List<Integer> pending = new ArrayList<>();
        while (units.size() < length) {
            switch (random.nextInt(10)) {
                case 0 -> pending.add(branch(units));
                case 1 -> call(units, bits, forms);
                default -> plain(units, bits, forms);
            }
            // Branches forward end a few instructions on.
            if (!pending.isEmpty() && random.nextInt(3) == 0) {
                retarget(units, pending.remove(0), units.size());
            }
        }
        for (int p : pending) {
            retarget(units, p, units.size());
        }
        if (loopFrom >= 0) {
            // dec ebx; jnz
            units.add(new Sequence.Unit(new byte[] {(byte) 0xff, (byte) 0xcb}, -1));
            units.add(new Sequence.Unit(new byte[] {0x0f, (byte) 0x85, 0, 0, 0, 0}, loopFrom));
        }
        return new Sequence(bits, units);
    }

    private static void retarget(List<Sequence.Unit> units, int unit, int target) {
        units.set(unit, new Sequence.Unit(units.get(unit).bytes(), target));
    }

    /** A conditional branch forward, whose target is still to be said. */
    private int branch(List<Sequence.Unit> units) {
        units.add(new Sequence.Unit(new byte[] {0x0f, (byte) (0x80 | random.nextInt(16)), 0, 0, 0, 0}, units.size() + 1));
        return units.size() - 1;
    }

    /** CALL of an instruction with a RET behind it. */
    private void call(List<Sequence.Unit> units, int bits, List<Form> forms) {
        int call = units.size();
        units.add(new Sequence.Unit(new byte[] {(byte) 0xe8, 0, 0, 0, 0}, call + 2));
        units.add(new Sequence.Unit(new byte[] {(byte) 0xe9, 0, 0, 0, 0}, 0));
        plain(units, bits, forms);
        units.add(new Sequence.Unit(new byte[] {(byte) 0xc3}, -1));
        retarget(units, call + 1, units.size());
    }

    private void plain(List<Sequence.Unit> units, int bits, List<Form> forms) {
        for (int n = 0; n < ATTEMPTS; n++) {
            Form f = forms.get(random.nextInt(forms.size()));
            Encoder.Encoded e = encoder.encode(f);
            if (keepsPointers(e.instruction())) {
                ByteArrayOutputStream b = new ByteArrayOutputStream();
                if (readsAuxiliary(e.instruction().mnemonic())) {
                    b.writeBytes(DEFINE_FLAGS);
                }
                b.writeBytes(e.bytes());
                if ((UndefinedResults.flagsEver(e.instruction()) & ~Eflags.AF) != 0) {
                    b.writeBytes(DEFINE_FLAGS);
                }
                units.add(new Sequence.Unit(b.toByteArray(), -1));
                return;
            }
        }
    }

    private static boolean readsAuxiliary(Mnemonic m) {
        return switch (m) {
            case LAHF, PUSHF, DAA, DAS, AAA, AAS -> true;
            default -> false;
        };
    }

    /** RSP, RBP, RSI and RDI point into the scratch pages and RBX counts: no instruction names them but to address memory. */
    private static boolean keepsPointers(Instruction i) {
        for (Operand o : i.operands()) {
            if (o.kind == Operand.Kind.GPR && !o.highByte && (o.reg == RBX || o.reg >= RSP && o.reg <= RDI)
                    || o.kind == Operand.Kind.GPR && o.highByte && o.reg == RBX) {
                return false;
            }
            if (o.isMemory() && i.mnemonic() != Mnemonic.LEA && !staysInside(i, o)) {
                return false;
            }
        }
        // Counts are random in sequences.
        return !(i.rep() || i.repne()) && i.addressBits() != 16;
    }

    private static boolean staysInside(Instruction i, Operand o) {
        if (o.base == Operand.RIP_BASE || o.index >= 0 || o.segment >= 4) {
            return false;
        }
        if (o.base < 0) {
            return o.disp >= Layout.SCRATCH && o.disp < Layout.SCRATCH + Layout.SCRATCH_BYTES;
        }
        return o.base >= RSP && o.base <= RDI && o.disp >= -512 && o.disp < 512 && i.addressBits() >= 32;
    }
}
