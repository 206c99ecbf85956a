package org.gearshift.translator.x86.lift;

import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.runtime.LockedAccess;

/** LEA, hints, undefined instructions, random numbers and the like (SDM vol. 1, 5.1.13, 5.1.15). */
final class Miscellaneous {
    private static final int CACHE_LINE = 64;

    private Miscellaneous() {
    }

    static void register(LiftTable t) {
        t.add(Mnemonic.LEA, Miscellaneous::lea);
        t.add(Mnemonic.XLAT, Miscellaneous::xlat);
        t.add((c, i) -> { }, Mnemonic.NOP, Mnemonic.ENDBR32, Mnemonic.ENDBR64, Mnemonic.PREFETCH, Mnemonic.PREFETCHW, Mnemonic.PREFETCHWT1,
                Mnemonic.PREFETCHNTA, Mnemonic.PREFETCHT0, Mnemonic.PREFETCHT1, Mnemonic.PREFETCHT2, Mnemonic.CLDEMOTE, Mnemonic.RDSSP);
        for (Mnemonic fence : new Mnemonic[] {Mnemonic.LFENCE, Mnemonic.MFENCE, Mnemonic.SFENCE}) {
            t.addIfAbsent(fence, Miscellaneous::fence);
        }
        t.addIfAbsent(Mnemonic.MOVNTI, (c, i) -> c.write(i.op(0), c.raw(i.op(1))));
        t.add((c, i) -> c.undefined(), Mnemonic.UD0, Mnemonic.UD1, Mnemonic.UD2);
        t.add(Mnemonic.PAUSE, (c, i) -> c.serviceEnd(X86Service.PAUSE, c.next()));
        t.add(Mnemonic.CPUID, (c, i) -> c.service(X86Service.CPUID));
        t.add(Miscellaneous::random, Mnemonic.RDRAND, Mnemonic.RDSEED);
        t.add(Miscellaneous::cacheLine, Mnemonic.CLFLUSH, Mnemonic.CLFLUSHOPT, Mnemonic.CLWB);
    }

    /**
     * Only MFENCE keeps a load behind an earlier store, and only where someone else could tell: the order that LFENCE and SFENCE ask for, all accesses have anyway (SDM
     * vol. 3A, 9.2.5), as stores that bypass caches do here.
     */
    static void fence(LiftContext c, Instruction i) {
        if (c.shared() && i.mnemonic() == Mnemonic.MFENCE) {
            c.ir.call(LockedAccess.FENCE);
        }
    }

    private static void lea(LiftContext c, Instruction i) {
        if (!i.op(1).isMemory()) {
            c.undefined();
            return;
        }
        Operand d = i.op(0);
        Insn a = c.effectiveAddress(i.op(1));
        boolean wide = a.resultType() == Type.I64;
        c.write(d, d.bits == 64 ? a : wide ? c.ir.trunc(a) : a);
    }

    private static void xlat(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        int bits = i.addressBits();
        Insn al = c.readRegister(8, 0);
        Insn offset = ir.add(c.rawRegister(bits, 3), bits == 64 ? ir.zext32(al) : al);
        Insn a = c.linear(i.segment(), c.asAddress(bits == 16 ? ir.zext16(offset) : offset), 1, false);
        c.writeRegister(8, 0, ir.load(8, a));
    }

    private static void random(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        Operand o = i.op(0);
        Insn v = c.service(X86Service.RDRAND, ir.i32(o.bits));
        c.write(o, o.bits == 64 ? v : ir.trunc(v));
        Insn zero = ir.i32(0);
        c.flags.setAll(ir.i32(1), zero, zero, zero, zero, zero);
    }

    private static void cacheLine(LiftContext c, Instruction i) {
        Operand o = i.op(0);
        Insn a = c.linear(o.segment, c.effectiveAddress(o), 1, false);
        c.service(X86Service.CACHE_LINE, a, c.ir.i32(CACHE_LINE));
    }
}
