package org.gearshift.tools.conformance;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;

/**
 * Makes the state an instruction begins with: registers and memory at random, and so that its operands lie where something can happen, be it in the
 * middle of the scratch pages, across their borders, or, now and then, nowhere.
 */
final class Randomizer {
    private static final int RAX = 0;
    private static final int RCX = 1;
    private static final int RDX = 2;
    private static final int RBX = 3;
    private static final int RSP = 4;
    private static final int RBP = 5;
    private static final int RSI = 6;
    private static final int RDI = 7;
    private static final int ARITHMETIC_FLAGS = 0x8d5;
    private static final int DIRECTION = 0x400;
    private static final int ALIGNMENT = 1 << 18;
    /** Bytes around an operand that get values of their own. */
    private static final int MARGIN = 32;
    private static final int FX_IMAGE = 512;

    private final SplittableRandom random;
    private final Values values;
    private Registers registers;
    private List<Patch> memory;
    private int bits;

    Randomizer(SplittableRandom random) {
        this.random = random;
        this.values = new Values(random);
    }

    /** A state for a sequence: four pointers, a small count in RBX. */
    Trial sequence(Code code, List<Instruction> instructions) {
        general(code);
        for (int r = RSP; r <= RDI; r++) {
            long offset = random.nextInt(12) == 0 ? place(8, false) : 0x400 + random.nextInt(0x1800);
            register(r, Layout.SCRATCH + (random.nextBoolean() ? offset & ~15 : offset));
        }
        register(RBX, 1 + random.nextInt(6));
        if (random.nextInt(64) != 0) {
            registers.eflags &= ~ALIGNMENT;
        }
        for (Instruction i : instructions) {
            if (usesFp(i) && (registers.fp == null || random.nextInt(3) == 0)) {
                floatingPoint(i);
            }
        }
        for (int r = RSP; r <= RDI; r++) {
            patch(registers.general[r] - Layout.SCRATCH - 64, 128, Values.Kind.values()[random.nextInt(Values.Kind.values().length)]);
        }
        return new Trial(code, registers, List.copyOf(memory));
    }

    private void general(Code code) {
        bits = code.bits();
        registers = new Registers();
        memory = new ArrayList<>(4);
        boolean small = random.nextInt(4) == 0;
        for (int r = 0; r < (bits == 64 ? 16 : 8); r++) {
            register(r, small ? random.nextInt(300) - 100 : values.integer());
        }
        // Programs mostly have a stack.
        register(RSP, Layout.SCRATCH + 0x800 + 8L * random.nextInt(0x200));
        registers.eflags = 0x202 | random.nextInt() & ARITHMETIC_FLAGS | (random.nextInt(4) == 0 ? DIRECTION : 0)
                | (random.nextInt(64) == 0 ? ALIGNMENT : 0);
    }

    /** A state for one instruction. */
    Trial trial(Code code, Instruction i) {
        general(code);
        if (usesFp(i)) {
            floatingPoint(i);
        }
        implied(i);
        for (Operand o : i.operands()) {
            if (o.isMemory() && (o.base >= 0 || o.index >= 0 || o.disp != 0)) {
                operand(i, o);
            }
        }
        afterwards(i);
        return new Trial(code, registers, List.copyOf(memory));
    }

    private void register(int r, long v) {
        registers.general[r] = bits == 64 ? v : v & 0xffff_ffffL;
    }

    /** Puts a pointer into a register of which only the address size counts. */
    private void pointer(int r, long offset, int addressBits) {
        if (addressBits == 16) {
            register(r, registers.general[r] & ~0xffffL | offset & 0xffff);
        } else if (addressBits == 32 && bits == 64) {
            register(r, random.nextInt(2) == 0 ? offset & 0xffff_ffffL : (long) random.nextInt() << 32 | offset & 0xffff_ffffL);
        } else {
            register(r, offset);
        }
    }

    static boolean usesFp(Instruction i) {
        for (Operand o : i.operands()) {
            if (o.kind == Operand.Kind.XMM || o.kind == Operand.Kind.YMM || o.kind == Operand.Kind.MMX || o.kind == Operand.Kind.ST) {
                return true;
            }
        }
        Mnemonic m = i.mnemonic();
        return m.compareTo(Mnemonic.FXSAVE) >= 0 && m.compareTo(Mnemonic.STMXCSR) <= 0 || m.compareTo(Mnemonic.FLD) >= 0;
    }

    // Floating-point state.

    /** What an instruction's data are, by its name; now and then something else. */
    private Values.Kind kind(Instruction i) {
        if (random.nextInt(6) == 0) {
            return Values.Kind.values()[random.nextInt(Values.Kind.values().length)];
        }
        String name = i.vexBits() > 0 ? i.mnemonic().name().substring(1) : i.mnemonic().name();
        if (i.mnemonic() == Mnemonic.FBLD) {
            return Values.Kind.BCD;
        }
        if (name.charAt(0) == 'F' && i.vexBits() == 0 && i.mnemonic().compareTo(Mnemonic.FLD) >= 0) {
            for (Operand o : i.operands()) {
                if (o.isMemory()) {
                    return name.startsWith("FI") ? Values.Kind.INTEGER : o.bits == 32 ? Values.Kind.F32 : o.bits == 64 ? Values.Kind.F64 : Values.Kind.F80;
                }
            }
            return Values.Kind.F80;
        }
        if (name.startsWith("CVTSI") || name.startsWith("CVTDQ") || name.startsWith("CVTPI")) {
            return Values.Kind.INTEGER;
        }
        if (name.contains("CVT")) {
            return name.contains("PD2") || name.contains("SD2") ? Values.Kind.F64 : Values.Kind.F32;
        }
        if (name.endsWith("PS") || name.endsWith("SS")) {
            return Values.Kind.F32;
        }
        return name.endsWith("PD") || name.endsWith("SD") || name.endsWith("SD_SSE") ? Values.Kind.F64 : Values.Kind.INTEGER;
    }

    private void floatingPoint(Instruction i) {
        registers.clearFp();
        Values.Kind kind = kind(i);
        ByteBuffer b = ByteBuffer.wrap(registers.fp).order(ByteOrder.LITTLE_ENDIAN);
        registers.control(values.x87Control());
        for (int st = 0; st < 8; st++) {
            values.extended(b, Registers.ST + 16 * st);
        }
        if (random.nextInt(3) == 0) {
            // Numbers of like size: cancellation, quotients near one.
            registers.st(1, values.significand() | Long.MIN_VALUE,
                    Math.max(0, (registers.exponent(0) & 0x7fff) - 3 + random.nextInt(6)) & 0x7fff | random.nextInt(2) << 15);
        }
        if (isMmx(i)) {
            for (int st = 0; st < 8; st++) {
                registers.st(st, values.datum(kind), random.nextInt(4) == 0 ? random.nextInt(0x10000) : 0xffff);
            }
        }
        tags();
        status();
        int lanes = registers.fp.length;
        for (int at = Registers.XMM; at < Registers.XMM + 16 * (bits == 64 ? 16 : 8); at += 8) {
            b.putLong(at, values.datum(kind));
        }
        for (int at = Registers.YMM_HIGH; at < Registers.YMM_HIGH + 16 * (bits == 64 ? 16 : 8) && at < lanes; at += 8) {
            b.putLong(at, values.datum(kind));
        }
        if (random.nextInt(4) == 0) {
            // Equal lanes in two registers, for comparisons.
            registers.vector(random.nextInt(8), 0, registers.vector(random.nextInt(8), 0));
        }
        registers.mxcsr(values.mxcsr());
    }

    private static boolean isMmx(Instruction i) {
        for (Operand o : i.operands()) {
            if (o.kind == Operand.Kind.MMX) {
                return true;
            }
        }
        return i.mnemonic() == Mnemonic.EMMS;
    }

    private void tags() {
        int top = random.nextInt(8);
        registers.status(top << 11);
        registers.valid(switch (random.nextInt(12)) {
            case 0 -> random.nextInt(256);
            case 1 -> 0;
            case 2, 3 -> 0xff;
            // The register a push would fill is empty.
            default -> 0xff & ~(1 << (top + 7 & 7));
        });
    }

    /** Conditions and sticky flags of earlier instructions; seldom an exception that is still to be reported. */
    private void status() {
        int status = registers.status() | random.nextInt() & 0x4700;
        if (random.nextInt(4) == 0) {
            status |= random.nextInt(0x80) & (random.nextInt(4) == 0 ? 0x7f : 0x40 | registers.control() & 0x3f);
        }
        boolean pending = (status & ~registers.control() & 0x3f) != 0;
        registers.status(pending ? status | 0x8080 : status);
    }

    // Memory.

    /** An offset in the scratch pages for a datum of so many bytes, or outside them. */
    private long place(int bytes, boolean aligned) {
        int b = Math.max(1, bytes);
        long at = switch (random.nextInt(20)) {
            case 0, 1 -> Layout.PAGE - 1 - random.nextInt(Math.max(1, b - 1));
            case 2 -> Layout.SCRATCH_BYTES - 1 - random.nextInt(Math.max(1, b - 1));
            case 3 -> Layout.SCRATCH_BYTES - b;
            case 4 -> random.nextInt(4) == 0 ? -1 - random.nextInt(Math.max(1, b - 1)) : 0;
            case 5 -> random.nextInt(3) == 0 ? -1L - random.nextInt(Layout.PAGE) : Layout.PAGE - b;
            case 6 -> random.nextInt(4) == 0 ? outside() - Layout.SCRATCH : MARGIN;
            default -> MARGIN + random.nextInt(Layout.SCRATCH_BYTES - 2 * MARGIN - Math.min(b, 0x800));
        };
        return aligned && b > 1 ? at & -Integer.highestOneBit(b) : at;
    }

    /** An address where no page is. */
    private long outside() {
        return switch (random.nextInt(bits == 64 ? 6 : 3)) {
            case 0 -> random.nextInt(0x10000);
            case 1 -> Layout.SCRATCH + Layout.SCRATCH_BYTES + random.nextInt(0x1000);
            case 2 -> 0x40000000L + random.nextInt(0x10000000);
            // About the ends of the canonical ranges; anywhere.
            case 3 -> (1L << 47) - 32 + random.nextInt(64);
            case 4 -> -(1L << 47) - 32 + random.nextInt(64);
            default -> random.nextLong() >> random.nextInt(32);
        };
    }

    private void patch(long offset, int bytes, Values.Kind kind) {
        int from = (int) Math.max(0, Math.min(Layout.SCRATCH_BYTES, offset));
        int to = (int) Math.max(from, Math.min(Layout.SCRATCH_BYTES, offset + bytes));
        if (to > from) {
            byte[] b = new byte[to - from];
            values.fill(b, kind);
            memory.add(new Patch(from, b));
        }
    }

    private void patch(long offset, byte[] bytes) {
        if (offset >= 0 && offset + bytes.length <= Layout.SCRATCH_BYTES) {
            memory.add(new Patch((int) offset, bytes));
        }
    }

    private static byte[] bytes(long v, int n) {
        byte[] b = new byte[n];
        for (int k = 0; k < n; k++) {
            b[k] = (byte) (v >> 8 * k);
        }
        return b;
    }

    private static int size(Instruction i, Operand o) {
        return switch (i.mnemonic()) {
            case FXSAVE, FXRSTOR -> FX_IMAGE;
            case FNSAVE, FRSTOR -> 108;
            case FNSTENV, FLDENV -> 28;
            default -> o.bits == 0 ? 16 : o.bits / 8;
        };
    }

    /** Makes an explicit memory operand point somewhere, and fills it. */
    private void operand(Instruction i, Operand o) {
        int bytes = size(i, o);
        boolean wantsAlignment = bytes >= 16 && bytes <= 32 || bytes == FX_IMAGE;
        long offset = place(bytes, random.nextInt(wantsAlignment ? 16 : 2) != 0);
        if (bytes == FX_IMAGE) {
            offset &= random.nextInt(32) == 0 ? -1 : -16;
        }
        if (i.mnemonic() == Mnemonic.FXRSTOR && offset > Layout.SCRATCH_BYTES - FX_IMAGE && random.nextInt(4) != 0) {
            offset = Layout.SCRATCH_BYTES - FX_IMAGE;
        }
        long linear = point(o, Layout.SCRATCH + offset, i.addressBits());
        offset = linear - Layout.SCRATCH;
        if (offset <= -0x1000 || offset >= Layout.SCRATCH_BYTES) {
            return;
        }
        if (i.mnemonic() == Mnemonic.FXRSTOR) {
            patch(offset, fxImage());
        } else {
            boolean fp = registers.fp != null;
            patch(offset - MARGIN, bytes + 2 * MARGIN, Values.Kind.INTEGER);
            patch(offset, bytes, fp ? kind(i) : Values.Kind.INTEGER);
        }
        contents(i, o, offset);
    }

    /** Sets base and index so that the operand is at a linear address, or near it where that is not possible; returns where it is. */
    private long point(Operand o, long linear, int addressBits) {
        if (o.indexBits != 0) {
            return pointVector(o, linear, addressBits);
        }
        long mask = addressBits == 64 ? -1 : (1L << addressBits) - 1;
        long base = Encoder.segmentBase(o.segment, bits);
        long rest = linear - base - o.disp;
        if (o.base == Operand.RIP_BASE) {
            return linear;
        }
        if (o.base >= 0 && o.index < 0) {
            pointer(o.base, rest, addressBits);
        } else if (o.base >= 0 && o.base == o.index) {
            rest = rest & mask;
            pointer(o.base, rest / (1 + o.scale), addressBits);
        } else if (o.base >= 0) {
            if (random.nextInt(4) != 0) {
                pointer(o.index, random.nextInt(64) - 32, addressBits);
            }
            pointer(o.base, rest - registers.general[o.index] * o.scale, addressBits);
        } else if (o.index >= 0) {
            pointer(o.index, (rest & mask) / o.scale, addressBits);
        }
        long a = o.disp + (o.base >= 0 ? registers.general[o.base] : 0) + (o.index >= 0 ? registers.general[o.index] * o.scale : 0);
        long at = base + (a & mask);
        return bits == 32 ? at & 0xffff_ffffL : at;
    }

    /** Small indices, most of them: the elements are near the base. */
    private long pointVector(Operand o, long linear, int addressBits) {
        pointer(o.base, linear - Encoder.segmentBase(o.segment, bits) - o.disp, addressBits);
        if (random.nextInt(16) != 0) {
            for (int part = 0; part < 4; part++) {
                long low = random.nextInt(32) - 16;
                long high = random.nextInt(32) - 16;
                registers.vector(o.index, part, random.nextBoolean() ? low : low & 0xffff_ffffL | high << 32);
            }
        }
        return linear;
    }

    private byte[] fxImage() {
        byte[] b = new byte[FX_IMAGE];
        random.nextBytes(b);
        ByteBuffer view = ByteBuffer.wrap(b).order(ByteOrder.LITTLE_ENDIAN);
        view.putShort(0, (short) values.x87Control());
        view.putInt(24, random.nextInt(16) == 0 ? random.nextInt() : values.mxcsr());
        for (int st = 0; st < 8; st++) {
            values.extended(view, Registers.ST + 16 * st);
        }
        return b;
    }

    /** Memory contents with a meaning of their own. */
    private void contents(Instruction i, Operand o, long offset) {
        switch (i.mnemonic()) {
            case CMPXCHG -> {
                if (random.nextBoolean()) {
                    patch(offset, bytes(registers.general[RAX], o.bits / 8));
                }
            }
            case CMPXCHG8B, CMPXCHG16B -> {
                if (random.nextBoolean()) {
                    patch(offset, bytes(registers.general[RAX], o.bits / 16));
                    patch(offset + o.bits / 16, bytes(registers.general[RDX], o.bits / 16));
                }
            }
            case LDMXCSR -> patch(offset, bytes(random.nextInt(8) == 0 ? random.nextInt() : values.mxcsr(), 4));
            case FLDCW -> patch(offset, bytes(random.nextInt(8) == 0 ? random.nextInt() : values.x87Control(), 2));
            case FLDENV, FRSTOR -> {
                patch(offset, bytes(random.nextInt(8) == 0 ? random.nextInt() : values.x87Control(), 2));
            }
            case BOUND -> {
                if (random.nextInt(3) != 0) {
                    int n = o.bits / 16;
                    long v = registers.general[i.op(0).reg];
                    patch(offset, bytes(v - random.nextInt(3), n));
                    patch(offset + n, bytes(v + random.nextInt(3), n));
                }
            }
            case JMP, CALL -> patch(offset, bytes(target(), o.bits / 8));
            default -> {
            }
        }
    }

    /** Where indirect jumps lead: see {@link Sequencer}. */
    private long target() {
        return Sequencer.landing(random);
    }

    // Operands an instruction has without naming them.

    private void implied(Instruction i) {
        switch (i.mnemonic()) {
            case MOVS, CMPS -> {
                string(i, RSI, i.segment());
                string(i, RDI, X86State.ES);
                repeated(i);
            }
            case LODS -> {
                string(i, RSI, i.segment());
                repeated(i);
            }
            case STOS, SCAS -> {
                string(i, RDI, X86State.ES);
                repeated(i);
            }
            case XLAT -> {
                long offset = place(256, false);
                pointer(RBX, Layout.SCRATCH + offset - Encoder.segmentBase(i.segment(), bits), i.addressBits());
            }
            case MASKMOVQ, MASKMOVDQU -> {
                long offset = place(16, random.nextBoolean());
                pointer(RDI, Layout.SCRATCH + offset - Encoder.segmentBase(i.segment(), bits), i.addressBits());
            }
            case PUSH, POP, PUSHA, POPA, PUSHF, POPF, CALL, RET, ENTER, LEAVE -> stack(i);
            case DIV, IDIV -> dividend(i);
            case SHL, SHR, SAR, ROL, ROR, RCL, RCR, SHLD, SHRD, RORX, SARX, SHLX, SHRX, BEXTR, BZHI ->
                register(RCX, registers.general[RCX] & ~0xff | values.count());
            case AAA, AAS, DAA, DAS, AAM, AAD -> register(RAX, random.nextBoolean() ? values.datum(Values.Kind.BCD) : registers.general[RAX]);
            case PCMPESTRI, PCMPESTRM -> {
                register(RAX, random.nextInt(40) - 20);
                register(RDX, random.nextInt(40) - 20);
            }
            case JCXZ -> register(RCX, random.nextInt(3) == 0 ? values.integer() : random.nextInt(4));
            case LOOP, LOOPE, LOOPNE -> pointer(RCX, 1 + random.nextInt(random.nextInt(8) == 0 ? 1000 : 4), i.addressBits());
            default -> {
            }
        }
    }

    private void string(Instruction i, int r, int segment) {
        int element = i.elementBits() / 8;
        long offset = place(element * 8, random.nextBoolean());
        pointer(r, Layout.SCRATCH + offset - Encoder.segmentBase(segment, bits), i.addressBits());
        patch(offset - MARGIN * 2, MARGIN * 4, Values.Kind.INTEGER);
        if (random.nextBoolean()) {
            // Runs of equal elements, for comparisons that go on.
            byte[] run = new byte[element * 10];
            byte[] one = bytes(registers.general[RAX], element);
            for (int k = 0; k < run.length; k++) {
                run[k] = one[k % element];
            }
            run[random.nextInt(run.length)] ^= (byte) random.nextInt(2);
            boolean down = (registers.eflags & DIRECTION) != 0;
            patch(down ? offset - run.length + element : offset, run);
        }
    }

    private void repeated(Instruction i) {
        if (i.rep() || i.repne()) {
            long count = random.nextInt(16) == 0 ? random.nextInt(0x3000) : random.nextInt(4) == 0 ? 0 : random.nextInt(24);
            pointer(RCX, count, i.addressBits());
        }
    }

    private void stack(Instruction i) {
        long offset = random.nextInt(3) == 0 ? place(8, false) : 0x400 + 8 * random.nextInt(0x300);
        register(RSP, Layout.SCRATCH + offset);
        if (i.mnemonic() == Mnemonic.LEAVE || i.mnemonic() == Mnemonic.ENTER) {
            register(RBP, Layout.SCRATCH + (random.nextInt(3) == 0 ? place(8, false) : 0x800 + 8 * random.nextInt(0x100)));
        }
        patch(offset - 64, 128, Values.Kind.INTEGER);
        if (i.mnemonic() == Mnemonic.RET) {
            patch(offset, bytes(target(), i.operandBits() / 8));
        }
    }

    /** Quotients that fit, half of the time. */
    private void dividend(Instruction i) {
        if (random.nextBoolean()) {
            boolean signed = i.mnemonic() == Mnemonic.IDIV;
            long low = values.integer();
            register(RAX, low);
            register(RDX, signed && low < 0 ? -1 : 0);
            if (i.operandCount() > 0 && i.op(0).bits == 8) {
                register(RAX, random.nextInt(0x800));
            }
        }
        if (random.nextInt(3) == 0) {
            register(RDX, random.nextInt(16));
        }
    }

    /** What depends on registers set for memory operands. */
    private void afterwards(Instruction i) {
        switch (i.mnemonic()) {
            case BT, BTS, BTR, BTC -> {
                Operand bit = i.op(1);
                if (i.op(0).isMemory() && bit.kind == Operand.Kind.GPR && bit.reg != i.op(0).base && bit.reg != i.op(0).index && random.nextInt(8) != 0) {
                    register(bit.reg, random.nextInt(1024) - 512);
                }
            }
            case JMP, CALL -> {
                Operand o = i.op(0);
                if (o.kind == Operand.Kind.GPR) {
                    register(o.reg, o.bits == 16 ? registers.general[o.reg] : target());
                }
            }
            default -> {
            }
        }
    }
}
