package org.gearshift.translator.x86.lift.fp;

import static org.gearshift.ir.Type.I64;

import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.lift.LiftContext;
import org.gearshift.translator.x86.runtime.X87Environment;

/**
 * MMX, XMM and YMM operands as I64s, lowest first. Memory of 16 bytes must be aligned for instructions without VEX prefix, except where {@code unaligned} says so. An
 * MMX instruction first reports pending x87 exceptions; writing an MMX register makes all x87 registers valid with TOP 0 (SDM vol. 1, 9.5). With a VEX
 * prefix, the bits of a destination above the instruction's width become zero.
 */
final class Vectors {
    /** Reports pending x87 exceptions. */
    static final Helper PENDING = Helper.stateful("x87_pending", X87Environment.class, "fwait", true, FpSlots.X87_STATUS, FpSlots.NONE, Type.VOID);
    private static final int MMX_EXPONENT = 0xffff;
    /** I64s in a YMM register. */
    private static final int YMM_PARTS = 4;

    private Vectors() {
    }

    /** Slot of bits 64n to 64n + 63 of a vector register. */
    static int slot(Operand register, int n) {
        return slot(register.reg, n);
    }

    static int slot(int register, int n) {
        return n < 2 ? X86State.XMM + 2 * register + n : X86State.YMM_HIGH + 2 * register + n - 2;
    }

    static boolean isMmx(Operand o) {
        return o.kind == Operand.Kind.MMX;
    }

    static boolean isXmm(Operand o) {
        return o.kind == Operand.Kind.XMM;
    }

    /** XMM or YMM. */
    static boolean isVector(Operand o) {
        return o.kind == Operand.Kind.XMM || o.kind == Operand.Kind.YMM;
    }

    static boolean isVex(Instruction i) {
        return i.vexBits() != 0;
    }

    /** The first source: with VEX an operand of its own, otherwise the destination. */
    static Operand first(Instruction i) {
        return i.op(isVex(i) ? 1 : 0);
    }

    static Operand second(Instruction i) {
        return i.op(isVex(i) ? 2 : 1);
    }

    /** The immediate, which is the last operand. */
    static int immediate(Instruction i) {
        return (int) i.op(i.operandCount() - 1).value;
    }

    /** All of an XMM or YMM register, or of memory, aligned where the instruction must have it so. */
    static Insn[] read(LiftContext c, Operand o) {
        return read(c, o, !isVex(c.insn()));
    }

    static Insn[] readUnaligned(LiftContext c, Operand o) {
        return read(c, o, false);
    }

    static Insn[] readAligned(LiftContext c, Operand o) {
        return read(c, o, true);
    }

    private static Insn[] read(LiftContext c, Operand o, boolean aligned) {
        if (!isVector(o)) {
            return c.loadVector(o, aligned);
        }
        Insn[] v = new Insn[o.bits / 64];
        for (int n = 0; n < v.length; n++) {
            v[n] = c.ir.get64(slot(o, n));
        }
        return v;
    }

    /** An MMX register, the low part of a vector register, or 8 bytes of memory; of 4 bytes, zero-extended, where the operand has only these. */
    static Insn read64(LiftContext c, Operand o) {
        return switch (o.kind) {
            case XMM, YMM -> c.ir.get64(slot(o, 0));
            case MMX -> c.ir.get64(X86State.X87_MANTISSA + o.reg);
            case MEMORY -> o.bits == 32 ? c.ir.zext32(read32(c, o)) : c.ir.load(64, c.address(o, 8, false));
            default -> c.raw(o);
        };
    }

    /** The low 32 bits of a register, or 4 bytes of memory. */
    static Insn read32(LiftContext c, Operand o) {
        return switch (o.kind) {
            case XMM, YMM -> c.ir.get32(slot(o, 0));
            case MMX -> c.ir.get32(X86State.X87_MANTISSA + o.reg);
            case MEMORY -> c.ir.load(32, c.address(o, 4, false));
            default -> c.raw(o);
        };
    }

    /** Low bits of a vector register or that many of memory, as I64 with zeros or anything above. */
    static Insn readLow(LiftContext c, Operand o, int bits) {
        if (isVector(o)) {
            return c.ir.get64(slot(o, 0));
        }
        Insn v = c.ir.load(bits, c.address(o, bits / 8, false));
        return bits == 64 ? v : c.ir.zext32(v);
    }

    static Insn high(LiftContext c, Operand o) {
        return c.ir.get64(slot(o, 1));
    }

    /** Writes a register's low parts; with VEX the others become zero. */
    static void write(LiftContext c, Operand o, Insn... v) {
        for (int n = 0; n < v.length; n++) {
            c.ir.put(slot(o, n), v[n]);
        }
        if (isVex(c.insn())) {
            for (int n = v.length; n < YMM_PARTS; n++) {
                c.ir.put(slot(o, n), c.ir.i64(0));
            }
        }
    }

    /** Writes the low half of a result whose high half is the first source's. */
    static void writeLow(LiftContext c, Instruction i, Insn low) {
        if (isVex(i)) {
            write(c, i.op(0), low, high(c, i.op(1)));
        } else {
            c.ir.put(slot(i.op(0), 0), low);
        }
    }

    /** Writes the low doubleword of a result that is otherwise the first source. */
    static void writeLow32(LiftContext c, Instruction i, Insn value) {
        IrBuilder ir = c.ir;
        Insn keep = ir.and(ir.get64(slot(first(i), 0)), 0xffff_ffff_0000_0000L);
        writeLow(c, i, ir.or(keep, ir.zext32(value)));
    }

    /** What an MMX instruction does first: pending x87 exceptions are reported. */
    static void beginMmx(LiftContext c) {
        c.ir.call(PENDING);
    }

    /** Enters MMX state; at the end, with what the instruction commits. */
    static void enterMmx(LiftContext c) {
        c.ir.put(X86State.X87_TOP, c.ir.i32(0));
        c.ir.put(X86State.X87_EMPTY, c.ir.i32(0));
    }

    static void writeMmx(LiftContext c, Operand o, Insn value) {
        enterMmx(c);
        c.ir.put(X86State.X87_MANTISSA + o.reg, value);
        c.ir.put(X86State.X87_EXPONENT + o.reg, c.ir.i32(MMX_EXPONENT));
    }

    /** A pure function of two halves. */
    static Helper binary(Class<?> owner, String method) {
        return Helper.pure(method, owner, method, I64, I64, I64);
    }
}
