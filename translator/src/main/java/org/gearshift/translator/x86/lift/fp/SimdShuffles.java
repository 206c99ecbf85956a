package org.gearshift.translator.x86.lift.fp;

import static org.gearshift.ir.Type.I32;
import static org.gearshift.ir.Type.I64;

import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.lift.LiftContext;
import org.gearshift.translator.x86.lift.LiftTable;
import org.gearshift.translator.x86.runtime.PackedInteger;

/** Shuffles, insertion and extraction of elements in MMX, SSE and AVX registers (SDM vol. 1, 5.5.1.4, 5.6.1.5, 5.6.3 and 5.10.5). */
final class SimdShuffles {
    private static final Helper PSHUFW = Helper.pure("pshufw", PackedInteger.class, "pshufw", I64, I64, I32);
    private static final long HIGH = 0xffff_ffff_0000_0000L;

    private SimdShuffles() {
    }

    static void register(LiftTable t) {
        VectorForms.unary(t, Mnemonic.PSHUFD, (ir, v, order) -> new Insn[] {doublewords(ir, v, order), doublewords(ir, v, order >> 4)});
        VectorForms.laneBy(t, Mnemonic.SHUFPS, (ir, a, b, order) -> new Insn[] {doublewords(ir, a, order), doublewords(ir, b, order >> 4)});
        VectorForms.lane(t, Mnemonic.UNPCKLPS, (ir, a, b) -> new Insn[] {lows(ir, a[0], b[0]), highs(ir, a[0], b[0])});
        VectorForms.lane(t, Mnemonic.UNPCKHPS, (ir, a, b) -> new Insn[] {lows(ir, a[1], b[1]), highs(ir, a[1], b[1])});
        VectorForms.lane(t, Mnemonic.UNPCKLPD, (ir, a, b) -> new Insn[] {a[0], b[0]});
        VectorForms.lane(t, Mnemonic.UNPCKHPD, (ir, a, b) -> new Insn[] {a[1], b[1]});
        VectorForms.add(t, SimdShuffles::shufpd, Mnemonic.SHUFPD);
        VectorForms.unary(t, Mnemonic.PSHUFLW, (ir, v, order) -> new Insn[] {words(ir, v[0], order), v[1]});
        VectorForms.unary(t, Mnemonic.PSHUFHW, (ir, v, order) -> new Insn[] {v[0], words(ir, v[1], order)});
        t.add(Mnemonic.PSHUFW, FpMode.simd((c, i) -> {
            Vectors.beginMmx(c);
            Insn v = Vectors.read64(c, i.op(1));
            Vectors.writeMmx(c, i.op(0), words(c.ir, v, Vectors.immediate(i)));
        }));
        VectorForms.add(t, (c, i) -> insert(c, i, 16), Mnemonic.PINSRW);
        VectorForms.add(t, (c, i) -> extract(c, i, 16), Mnemonic.PEXTRW);
    }

    private static Insn words(IrBuilder ir, Insn v, int order) {
        return ir.call(PSHUFW, v, ir.i32(order));
    }

    /** Both low doublewords. */
    static Insn lows(IrBuilder ir, Insn a, Insn b) {
        return ir.or(ir.and(a, ~HIGH), ir.shl(b, 32));
    }

    /** Both high doublewords. */
    static Insn highs(IrBuilder ir, Insn a, Insn b) {
        return ir.or(ir.shr(a, 32), ir.and(b, HIGH));
    }

    /** Two doublewords of a 128-bit value chosen by the low two fields of {@code order}. */
    static Insn doublewords(IrBuilder ir, Insn[] v, int order) {
        int a = order & 3;
        int b = order >> 2 & 3;
        if (b == a + 1 && (a & 1) == 0) {
            return v[a >> 1];
        }
        Insn low = (a & 1) == 0 ? ir.and(v[a >> 1], ~HIGH) : ir.shr(v[a >> 1], 32);
        Insn high = (b & 1) == 0 ? ir.shl(v[b >> 1], 32) : ir.and(v[b >> 1], HIGH);
        return ir.or(low, high);
    }

    /** The immediate has a bit for each quadword of the result. */
    private static void shufpd(LiftContext c, Instruction i) {
        Insn[] b = Vectors.read(c, Vectors.second(i));
        Insn[] a = Vectors.read(c, Vectors.first(i));
        int order = Vectors.immediate(i);
        Insn[] r = new Insn[a.length];
        for (int n = 0; n < r.length; n++) {
            r[n] = ((n & 1) == 0 ? a : b)[(n & 2) + (order >> n & 1)];
        }
        Vectors.write(c, i.op(0), r);
    }

    /** PINSRx: replaces one element of 8, 16, 32 or 64 bits. */
    static void insert(LiftContext c, Instruction i, int bits) {
        IrBuilder ir = c.ir;
        boolean mmx = Vectors.isMmx(i.op(0));
        if (mmx) {
            Vectors.beginMmx(c);
        }
        Operand s = Vectors.second(i);
        Insn v = s.isMemory() ? ir.load(bits, c.address(s, bits / 8, false)) : c.rawRegister(Math.max(bits, 32), s.reg);
        int n = Vectors.immediate(i) & (mmx ? 64 : 128) / bits - 1;
        if (mmx) {
            Vectors.writeMmx(c, i.op(0), merged(ir, Vectors.read64(c, i.op(0)), v, n * bits, bits));
        } else {
            Insn[] r = Vectors.read(c, Vectors.first(i));
            int part = n * bits >> 6;
            r[part] = merged(ir, r[part], v, n * bits & 63, bits);
            Vectors.write(c, i.op(0), r);
        }
    }

    private static Insn merged(IrBuilder ir, Insn old, Insn v, int shift, int bits) {
        if (bits == 64) {
            return v;
        }
        long mask = (1L << bits) - 1;
        return ir.or(ir.and(old, ~(mask << shift)), ir.shl(ir.and(ir.zext32(v), mask), shift));
    }

    /** PEXTRx: one element, zero-extended into a register, or to memory. */
    static void extract(LiftContext c, Instruction i, int bits) {
        Operand d = i.op(0);
        Operand s = i.op(1);
        IrBuilder ir = c.ir;
        boolean mmx = Vectors.isMmx(s);
        if (mmx) {
            Vectors.beginMmx(c);
        }
        int n = Vectors.immediate(i) & (mmx ? 64 : 128) / bits - 1;
        Insn half = mmx ? Vectors.read64(c, s) : ir.get64(Vectors.slot(s, n * bits >> 6));
        Insn v = ir.shr(half, n * bits & 63);
        if (bits != 64) {
            v = ir.trunc(bits < 32 ? ir.and(v, (1L << bits) - 1) : v);
        }
        if (d.isMemory()) {
            ir.store(bits, c.address(d, bits / 8, true), v);
        } else {
            c.writeRegister(bits == 64 ? 64 : 32, d.reg, v);
        }
        if (mmx) {
            Vectors.enterMmx(c);
        }
    }
}
