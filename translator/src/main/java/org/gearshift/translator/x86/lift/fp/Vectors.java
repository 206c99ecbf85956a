package org.gearshift.translator.x86.lift.fp;

import static org.gearshift.ir.Type.I64;

import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.lift.LiftContext;
import org.gearshift.translator.x86.runtime.X87Environment;

/**
 * MMX and XMM operands as I64 halves. Memory of 16 bytes must be aligned except where {@code unaligned} says so. Reading an MMX register first
 * reports pending x87 exceptions; writing one makes all x87 registers valid with TOP 0 (SDM vol. 1, 9.5).
 */
final class Vectors {
    /** Reports pending x87 exceptions. */
    static final Helper PENDING = Helper.stateful("x87_pending", X87Environment.class, "fwait", true, FpSlots.X87_STATUS, FpSlots.NONE, Type.VOID);
    private static final int MMX_EXPONENT = 0xffff;

    private Vectors() {
    }

    static int slot(Operand xmm, int half) {
        return X86State.XMM + 2 * xmm.reg + half;
    }

    static boolean isMmx(Operand o) {
        return o.kind == Operand.Kind.MMX;
    }

    static boolean isXmm(Operand o) {
        return o.kind == Operand.Kind.XMM;
    }

    /** Both halves of an XMM register or of 16 aligned bytes. */
    static Insn[] read128(LiftContext c, Operand o) {
        return isXmm(o) ? registers(c, o) : c.loadMem128(o, true);
    }

    static Insn[] readUnaligned128(LiftContext c, Operand o) {
        return isXmm(o) ? registers(c, o) : c.loadMem128(o, false);
    }

    private static Insn[] registers(LiftContext c, Operand o) {
        return new Insn[] {c.ir.get64(slot(o, 0)), c.ir.get64(slot(o, 1))};
    }

    /** An MMX register, the low half of an XMM register, or 8 bytes of memory. */
    static Insn read64(LiftContext c, Operand o) {
        return switch (o.kind) {
            case XMM -> c.ir.get64(slot(o, 0));
            case MMX -> c.ir.get64(X86State.X87_MANTISSA + o.reg);
            case MEMORY -> c.ir.load(64, c.address(o, 8, false));
            default -> c.raw(o);
        };
    }

    /** The low 32 bits of a register, or 4 bytes of memory. */
    static Insn read32(LiftContext c, Operand o) {
        return switch (o.kind) {
            case XMM -> c.ir.get32(slot(o, 0));
            case MMX -> c.ir.get32(X86State.X87_MANTISSA + o.reg);
            case MEMORY -> c.ir.load(32, c.address(o, 4, false));
            default -> c.raw(o);
        };
    }

    static Insn high(LiftContext c, Operand o) {
        return c.ir.get64(slot(o, 1));
    }

    static void write128(LiftContext c, Operand o, Insn low, Insn high) {
        c.ir.put(slot(o, 0), low);
        c.ir.put(slot(o, 1), high);
    }

    static void writeLow(LiftContext c, Operand o, Insn low) {
        c.ir.put(slot(o, 0), low);
    }

    /** Replaces the low 32 bits of an XMM register. */
    static void writeLow32(LiftContext c, Operand o, Insn value) {
        IrBuilder ir = c.ir;
        Insn keep = ir.and(ir.get64(slot(o, 0)), 0xffff_ffff_0000_0000L);
        ir.put(slot(o, 0), ir.or(keep, ir.zext32(value)));
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
