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
import org.gearshift.translator.x86.runtime.FusedMultiplyAdd;
import org.gearshift.translator.x86.runtime.HalfPrecision;
import org.gearshift.translator.x86.runtime.PageCrossing;

/** FMA and F16C (SDM vol. 1, 5.14 and 5.16). */
final class Fma {
    private static final Helper DOUBLE = SseArithmetic.helper(FusedMultiplyAdd.class, "fmaDouble", I64, I64, I64, I64, I32);
    private static final Helper SINGLES = SseArithmetic.helper(FusedMultiplyAdd.class, "fmaSingles", I64, I64, I64, I64, I32);
    private static final Helper SINGLE = SseArithmetic.helper(FusedMultiplyAdd.class, "fmaSingle", I32, I32, I32, I32, I32);
    private static final Helper HALVES_TO_SINGLES = SseArithmetic.helper(HalfPrecision.class, "phToPs", I64, I64);
    private static final Helper SINGLES_TO_HALVES = SseArithmetic.helper(HalfPrecision.class, "psToPh", I64, I64, I64, I32);
    private static final long LOW = 0xffff_ffffL;

    /** Operand numbers of x, y and z in x * y + z, by the digits in the name. */
    private enum Order {
        ORDER_132("132", 0, 2, 1),
        ORDER_213("213", 1, 0, 2),
        ORDER_231("231", 1, 2, 0);

        final String digits;
        final int x;
        final int y;
        final int z;

        Order(String digits, int x, int y, int z) {
            this.digits = digits;
            this.x = x;
            this.y = y;
            this.z = z;
        }
    }

    /** Signs by name: of even and of odd elements. */
    private enum Signs {
        FMADD(0, 0),
        FMSUB(FusedMultiplyAdd.NEGATE_ADDEND, FusedMultiplyAdd.NEGATE_ADDEND),
        FNMADD(FusedMultiplyAdd.NEGATE_PRODUCT, FusedMultiplyAdd.NEGATE_PRODUCT),
        FNMSUB(FusedMultiplyAdd.NEGATE_PRODUCT | FusedMultiplyAdd.NEGATE_ADDEND, FusedMultiplyAdd.NEGATE_PRODUCT | FusedMultiplyAdd.NEGATE_ADDEND),
        FMADDSUB(FusedMultiplyAdd.NEGATE_ADDEND, 0),
        FMSUBADD(0, FusedMultiplyAdd.NEGATE_ADDEND);

        final int even;
        final int odd;

        Signs(int even, int odd) {
            this.even = even;
            this.odd = odd;
        }

        boolean alternate() {
            return even != odd;
        }
    }

    private Fma() {
    }

    static void register(LiftTable t) {
        for (Signs signs : Signs.values()) {
            for (Order order : Order.values()) {
                String name = "V" + signs + order.digits;
                t.add(Mnemonic.valueOf(name + "PD"), FpMode.avx((c, i) -> packed(c, i, signs, order, true)));
                t.add(Mnemonic.valueOf(name + "PS"), FpMode.avx((c, i) -> packed(c, i, signs, order, false)));
                if (!signs.alternate()) {
                    t.add(Mnemonic.valueOf(name + "SD"), FpMode.avx((c, i) -> scalarDouble(c, i, signs, order)));
                    t.add(Mnemonic.valueOf(name + "SS"), FpMode.avx((c, i) -> scalarSingle(c, i, signs, order)));
                }
            }
        }
        t.add(Mnemonic.VCVTPH2PS, FpMode.avx(Fma::halvesToSingles));
        t.add(Mnemonic.VCVTPS2PH, FpMode.avx(Fma::singlesToHalves));
    }

    private static void packed(LiftContext c, Instruction i, Signs signs, Order order, boolean doubles) {
        IrBuilder ir = c.ir;
        Insn[][] v = new Insn[3][];
        for (int k = 2; k >= 0; k--) {
            v[k] = Vectors.read(c, i.op(k));
        }
        Insn[] r = new Insn[v[0].length];
        Insn before = FpExceptions.begin(c);
        for (int n = 0; n < r.length; n++) {
            int operation = doubles ? (n & 1) == 0 ? signs.even : signs.odd : signs.even | signs.odd << FusedMultiplyAdd.UPPER_SHIFT;
            r[n] = ir.call(doubles ? DOUBLE : SINGLES, v[order.x][n], v[order.y][n], v[order.z][n], ir.i32(operation));
        }
        FpExceptions.end(c, before);
        Vectors.write(c, i.op(0), r);
    }

    private static void scalarDouble(LiftContext c, Instruction i, Signs signs, Order order) {
        Insn[] v = new Insn[3];
        for (int k = 2; k >= 0; k--) {
            v[k] = Vectors.read64(c, i.op(k));
        }
        Insn r = c.ir.call(DOUBLE, v[order.x], v[order.y], v[order.z], c.ir.i32(signs.even));
        Vectors.write(c, i.op(0), r, Vectors.high(c, i.op(0)));
    }

    private static void scalarSingle(LiftContext c, Instruction i, Signs signs, Order order) {
        IrBuilder ir = c.ir;
        Insn[] v = new Insn[3];
        for (int k = 2; k >= 0; k--) {
            v[k] = Vectors.read32(c, i.op(k));
        }
        Insn r = ir.call(SINGLE, v[order.x], v[order.y], v[order.z], ir.i32(signs.even));
        Insn keep = ir.and(Vectors.read64(c, i.op(0)), ~LOW);
        Vectors.write(c, i.op(0), ir.or(keep, ir.zext32(r)), Vectors.high(c, i.op(0)));
    }

    private static void halvesToSingles(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        Insn[] s = i.op(0).bits == 256 ? Vectors.read(c, i.op(1)) : new Insn[] {fourHalves(c, i.op(1))};
        Insn[] r = new Insn[2 * s.length];
        Insn before = FpExceptions.begin(c);
        for (int n = 0; n < s.length; n++) {
            r[2 * n] = ir.call(HALVES_TO_SINGLES, ir.and(s[n], LOW));
            r[2 * n + 1] = ir.call(HALVES_TO_SINGLES, ir.shr(s[n], 32));
        }
        FpExceptions.end(c, before);
        Vectors.write(c, i.op(0), r);
    }

    /** Both conversions have exceptions of type 11, which do not report #AC. */
    private static Insn fourHalves(LiftContext c, Operand o) {
        return o.isMemory() ? c.ir.load(64, c.addressUnaligned(o, false)) : Vectors.read64(c, o);
    }

    private static void singlesToHalves(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        Insn[] v = Vectors.read(c, i.op(1));
        Insn imm = ir.i32(Vectors.immediate(i));
        Insn to = i.op(0).isMemory() ? c.addressUnaligned(i.op(0), true) : null;
        if (to != null) {
            ir.call(PageCrossing.PROBE, c.wideAddress(to), ir.i32(i.op(0).bits / 8));
        }
        Insn before = FpExceptions.begin(c);
        Insn[] r = new Insn[v.length / 2];
        Insn zero = ir.i64(0);
        for (int n = 0; n < r.length; n++) {
            r[n] = ir.or(ir.call(SINGLES_TO_HALVES, v[2 * n], zero, imm), ir.shl(ir.call(SINGLES_TO_HALVES, v[2 * n + 1], zero, imm), 32));
        }
        FpExceptions.end(c, before);
        if (to != null) {
            for (int n = 0; n < r.length; n++) {
                ir.store(64, ir.add(to, 8 * n), r[n]);
            }
        } else {
            Vectors.write(c, i.op(0), r.length == 1 ? new Insn[] {r[0], zero} : r);
        }
    }
}
