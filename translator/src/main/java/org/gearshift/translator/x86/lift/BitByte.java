package org.gearshift.translator.x86.lift;

import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.runtime.BitFunctions;

/** Bit and byte instructions (SDM vol. 1, 5.1.6). */
final class BitByte {
    /** What BTx does to the word, given the bit's mask; null for BT. */
    private interface Change {
        Insn apply(IrBuilder ir, Insn word, Insn mask);
    }

    private BitByte() {
    }

    static void register(LiftTable t) {
        t.add(Mnemonic.BT, (c, i) -> bitTest(c, i, null));
        t.add(Mnemonic.BTS, (c, i) -> bitTest(c, i, IrBuilder::or));
        t.add(Mnemonic.BTR, (c, i) -> bitTest(c, i, (ir, w, m) -> ir.and(w, ir.not(m))));
        t.add(Mnemonic.BTC, (c, i) -> bitTest(c, i, IrBuilder::xor));
        t.add(Mnemonic.BSF, (c, i) -> bitScan(c, i, true));
        t.add(Mnemonic.BSR, (c, i) -> bitScan(c, i, false));
        t.add(Mnemonic.SETCC, (c, i) -> c.write(i.op(0), c.condition(i.condition())));
        t.add(Mnemonic.POPCNT, BitByte::popcnt);
        t.add(Mnemonic.LZCNT, (c, i) -> countZeros(c, i, false));
        t.add(Mnemonic.TZCNT, (c, i) -> countZeros(c, i, true));
        t.addLegacy(Mnemonic.LZCNT, (c, i) -> bitScan(c, i, false));
        t.addLegacy(Mnemonic.TZCNT, (c, i) -> bitScan(c, i, true));
        t.add(Mnemonic.CRC32, BitByte::crc32);
    }

    private static void bitTest(LiftContext c, Instruction i, Change change) {
        IrBuilder ir = c.ir;
        Operand o = i.op(0);
        int bits = o.bits;
        Insn index = IntegerArithmetic.source(c, i.op(1), bits);
        Insn bit = ir.and(bits == 64 ? ir.trunc(index) : index, bits - 1);
        Insn address = o.isMemory() ? bitAddress(c, i, index, change != null) : null;
        Insn word = address == null ? c.raw(o) : change == null ? ir.load(bits, address) : ir.loadRmw(bits, address);
        Insn shifted = ir.shr(word, bit);
        if (change != null) {
            Insn mask = ir.shl(ir.constant(LiftContext.type(bits), 1), bit);
            Insn changed = change.apply(ir, word, mask);
            if (address != null) {
                c.replace(bits, address, word, changed);
            } else {
                c.write(o, changed);
            }
        }
        c.flags.setCarry(ir.shl(bits == 64 ? ir.trunc(shifted) : shifted, 31));
    }

    /** Linear address of the word that holds the bit: a register index reaches beyond the operand, to both sides. */
    private static Insn bitAddress(LiftContext c, Instruction i, Insn index, boolean write) {
        IrBuilder ir = c.ir;
        Operand o = i.op(0);
        Insn offset = c.effectiveAddress(o);
        if (i.op(1).kind != Operand.Kind.IMMEDIATE) {
            int log = Integer.numberOfTrailingZeros(o.bits);
            Insn words = ir.sar(ir.sext(o.bits, index), log);
            Insn bytes = ir.shl(words, log - 3);
            if (offset.resultType() == Type.I64 && bytes.resultType() == Type.I32) {
                bytes = ir.sext32(bytes);
            } else if (offset.resultType() == Type.I32 && bytes.resultType() == Type.I64) {
                bytes = ir.trunc(bytes);
            }
            offset = ir.zext(i.addressBits(), ir.add(offset, bytes));
        }
        return c.linear(o.segment, offset, o.bits / 8, write);
    }

    private static void bitScan(LiftContext c, Instruction i, boolean forward) {
        IrBuilder ir = c.ir;
        Operand d = i.op(0);
        int bits = d.bits;
        Insn s = c.read(i.op(1));
        Insn index = forward ? ir.ctz(s) : ir.sub(ir.constant(s.resultType(), bits == 64 ? 63 : 31), ir.clz(s));
        Insn zero = ir.eq(s, 0);
        if (bits == 32 && c.isCode64()) {
            Insn kept = c.rawRegister(64, d.reg);
            c.writeRegister(64, d.reg, ir.select(zero, kept, ir.zext32(index)));
        } else {
            c.write(d, ir.select(zero, c.raw(d), index));
        }
        c.flags.setLogic(bits, s);
    }

    private static void popcnt(LiftContext c, Instruction i) {
        Insn r = c.ir.popcnt(c.read(i.op(1)));
        c.write(i.op(0), r);
        c.flags.setAll(c.ir.i32(0), c.ir.i32(0), c.ir.i32(0), c.ir.eq(r, 0), c.ir.i32(0), c.ir.i32(0));
    }

    private static void countZeros(LiftContext c, Instruction i, boolean trailing) {
        IrBuilder ir = c.ir;
        int bits = i.op(0).bits;
        Insn s = c.read(i.op(1));
        Insn r;
        if (bits == 16) {
            r = trailing ? ir.ctz(ir.or(s, 0x10000)) : ir.sub(ir.clz(s), 16);
        } else {
            r = trailing ? ir.ctz(s) : ir.clz(s);
        }
        Insn carry = ir.eq(s, 0);
        c.write(i.op(0), r);
        c.flags.setAll(carry, c.condition(Flags.P), c.flags.adjust(), ir.eq(r, 0), c.condition(Flags.S), c.condition(Flags.O));
    }

    private static void crc32(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        Operand s = i.op(1);
        Insn data = c.raw(s);
        Insn crc = ir.call(BitFunctions.CRC32C, c.rawRegister(32, i.op(0).reg), s.bits == 64 ? data : ir.zext32(data), ir.i32(s.bits));
        c.writeRegister(32, i.op(0).reg, crc);
    }
}
