package org.gearshift.translator.x86.lift;

import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.runtime.AlignmentCheck;
import org.gearshift.translator.x86.runtime.LockedAccess;

/** Data transfer (SDM vol. 1, 5.1.1), stack instructions apart. */
final class DataTransfer {
    private DataTransfer() {
    }

    static void register(LiftTable t) {
        t.add(Mnemonic.MOV, DataTransfer::mov);
        t.add(Mnemonic.XCHG, DataTransfer::xchg);
        t.add(Mnemonic.BSWAP, DataTransfer::bswap);
        t.add(Mnemonic.XADD, DataTransfer::xadd);
        t.add(Mnemonic.CMPXCHG, DataTransfer::cmpxchg);
        t.add(Mnemonic.CMPXCHG8B, DataTransfer::cmpxchg8b);
        t.add(Mnemonic.CMPXCHG16B, DataTransfer::cmpxchg16b);
        t.add(Mnemonic.CBW, DataTransfer::cbw);
        t.add(Mnemonic.CWD, DataTransfer::cwd);
        t.add((c, i) -> c.write(i.op(0), c.readAs(i.op(0).bits, i.op(1))), Mnemonic.MOVZX, Mnemonic.MOVDIRI);
        t.add((c, i) -> c.write(i.op(0), signExtended(c, i.op(0).bits, i.op(1))), Mnemonic.MOVSX, Mnemonic.MOVSXD);
        t.add(Mnemonic.CMOVCC, DataTransfer::cmov);
        t.add(Mnemonic.MOVBE, DataTransfer::movbe);
    }

    private static void mov(LiftContext c, Instruction i) {
        Operand d = i.op(0);
        Operand s = i.op(1);
        if (d.kind == Operand.Kind.SEGMENT) {
            toSegment(c, d.reg, c.readAs(16, s));
        } else if (d.kind == Operand.Kind.CONTROL || d.kind == Operand.Kind.DEBUG) {
            boolean control = d.kind == Operand.Kind.CONTROL;
            c.serviceEnd(control ? X86Service.WRITE_CR : X86Service.WRITE_DR, c.ir.i32(d.reg), c.raw(s));
        } else if (s.kind == Operand.Kind.CONTROL || s.kind == Operand.Kind.DEBUG) {
            boolean control = s.kind == Operand.Kind.CONTROL;
            Insn v = c.service(control ? X86Service.READ_CR : X86Service.READ_DR, c.ir.i32(s.reg));
            c.write(d, d.bits == 64 ? v : c.ir.trunc(v));
        } else if (s.kind == Operand.Kind.SEGMENT) {
            c.write(d, c.readAs(d.bits, s));
        } else {
            c.write(d, s.kind == Operand.Kind.IMMEDIATE ? c.constant(d.bits, s.value) : c.raw(s));
        }
    }

    private static void toSegment(LiftContext c, int segment, Insn selector) {
        if (segment == X86State.CS) {
            c.undefined();
            return;
        }
        Insn modeChanged = c.service32(X86Service.LOAD_SEGMENT, c.ir.i32(segment), selector);
        SegmentOps.loaded(c, segment, modeChanged);
    }

    private static void xchg(LiftContext c, Instruction i) {
        boolean memorySecond = i.op(1).isMemory();
        Operand place = i.op(memorySecond ? 1 : 0);
        Operand register = i.op(memorySecond ? 0 : 1);
        LiftContext.Destination d = c.modify(place);
        Insn a = d.raw();
        Insn b = c.raw(register);
        d.write(b);
        c.write(register, a);
    }

    private static void bswap(LiftContext c, Instruction i) {
        Operand d = i.op(0);
        // With a 16-bit operand, which the manual leaves undefined, processors clear the register.
        c.write(d, d.bits == 16 ? c.ir.i32(0) : c.ir.bswap(c.raw(d)));
    }

    private static void xadd(LiftContext c, Instruction i) {
        Operand s = i.op(1);
        LiftContext.Destination d = c.modify(i.op(0));
        Insn a = d.raw();
        Insn b = c.raw(s);
        Insn sum = c.ir.add(a, b);
        if (i.op(0).isMemory()) {
            d.write(sum);
            c.write(s, a);
        } else {
            c.write(s, a);
            d.write(sum);
        }
        c.flags.setAdd(s.bits, a, b, sum);
    }

    private static void cmpxchg(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        Operand o = i.op(0);
        int bits = o.bits;
        LiftContext.Destination d = c.modify(o);
        Insn old = d.read();
        Insn accumulator = c.readRegister(bits, 0);
        Insn equal = ir.eq(accumulator, old);
        Insn stored = ir.select(equal, c.raw(i.op(1)), old);
        if (o.isMemory()) {
            d.write(stored);
        }
        loadAccumulatorUnless(c, equal, bits, 0, old);
        if (!o.isMemory()) {
            // A register is written only if equal: otherwise not even its upper half is cleared.
            if (bits == 32 && c.isCode64()) {
                c.writeRegister(64, o.reg, ir.select(equal, ir.zext32(stored), c.rawRegister(64, o.reg)));
            } else {
                d.write(stored);
            }
        }
        c.flags.setSub(bits, accumulator, old, ir.sub(accumulator, old));
    }

    /** Register = equal ? itself, all 64 bits of it : value. */
    private static void loadAccumulatorUnless(LiftContext c, Insn equal, int bits, int register, Insn value) {
        if (bits == 32 && c.isCode64()) {
            c.writeRegister(64, register, c.ir.select(equal, c.rawRegister(64, register), c.ir.zext32(value)));
        } else {
            c.writeRegister(bits, register, c.ir.select(equal, c.rawRegister(bits, register), value));
        }
    }

    private static void cmpxchg8b(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        Insn a = c.address(i.op(0), 8, true);
        Insn old = ir.loadRmw(64, a);
        Insn equal = ir.eq(old, pair(c, 2, 0));
        c.replace(64, a, old, ir.select(equal, pair(c, 1, 3), old));
        loadAccumulatorUnless(c, equal, 32, 0, ir.trunc(old));
        loadAccumulatorUnless(c, equal, 32, 2, ir.trunc(ir.shr(old, 32)));
        c.flags.setZero(equal);
    }

    private static Insn pair(LiftContext c, int high, int low) {
        Insn h = c.ir.shl(c.ir.zext32(c.rawRegister(32, high)), 32);
        return c.ir.or(h, c.ir.zext32(c.rawRegister(32, low)));
    }

    private static void cmpxchg16b(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        Insn a = c.address(i.op(0), 16, true);
        ir.call(AlignmentCheck.CHECK16, a);
        Insn low = ir.loadRmw(64, a);
        Insn high = ir.loadRmw(64, ir.add(a, 8));
        Insn equal = ir.and(ir.eq(low, c.rawRegister(64, 0)), ir.eq(high, c.rawRegister(64, 2)));
        Insn newLow = ir.select(equal, c.rawRegister(64, 3), low);
        Insn newHigh = ir.select(equal, c.rawRegister(64, 1), high);
        if (c.atomic()) {
            ir.call(LockedAccess.SWAP128, a, low, high, newLow, newHigh);
        } else {
            ir.store(64, a, newLow);
            ir.store(64, ir.add(a, 8), newHigh);
        }
        loadAccumulatorUnless(c, equal, 64, 0, low);
        loadAccumulatorUnless(c, equal, 64, 2, high);
        c.flags.setZero(equal);
    }

    private static void cbw(LiftContext c, Instruction i) {
        int bits = i.operandBits();
        Insn v = c.ir.sext(bits / 2, c.rawRegister(bits / 2, 0));
        c.writeRegister(bits, 0, bits == 64 ? c.ir.sext32(v) : v);
    }

    private static void cwd(LiftContext c, Instruction i) {
        int bits = i.operandBits();
        c.writeRegister(bits, 2, c.ir.sar(c.ir.sext(bits, c.rawRegister(bits, 0)), bits == 64 ? 63 : 31));
    }

    /** An operand's value sign-extended to a datum of {@code bits}. */
    static Insn signExtended(LiftContext c, int bits, Operand o) {
        Insn v = c.ir.sext(o.bits, c.raw(o));
        boolean wide = v.resultType() == LiftContext.type(64);
        return bits == 64 ? wide ? v : c.ir.sext32(v) : wide ? c.ir.trunc(v) : v;
    }

    private static void cmov(LiftContext c, Instruction i) {
        Insn s = c.raw(i.op(1));
        c.write(i.op(0), c.ir.select(c.condition(i.condition()), s, c.raw(i.op(0))));
    }

    private static void movbe(LiftContext c, Instruction i) {
        Insn v = c.ir.bswap(c.raw(i.op(1)));
        c.write(i.op(0), i.op(0).bits == 16 ? c.ir.shr(v, 16) : v);
    }
}
