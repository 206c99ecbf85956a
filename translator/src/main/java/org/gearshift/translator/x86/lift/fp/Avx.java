package org.gearshift.translator.x86.lift.fp;

import static org.gearshift.ir.Type.I32;
import static org.gearshift.ir.Type.I64;

import java.util.Arrays;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.lift.Lift;
import org.gearshift.translator.x86.lift.LiftContext;
import org.gearshift.translator.x86.lift.LiftTable;
import org.gearshift.translator.x86.runtime.VariableShift;
import org.gearshift.translator.x86.runtime.VectorPermute;

/** Instructions of AVX and AVX2 that SSE has not, except those with masks in memory accesses (SDM vol. 1, 5.13 and 5.15). */
final class Avx {
    private static final Helper PERMUTE_SINGLES = Helper.pure("vpermilps", VectorPermute.class, "vpermilps", I64, I64, I64, I64);
    private static final Helper BROADCAST_BYTE = Helper.pure("broadcast_byte", VectorPermute.class, "broadcastByte", I64, I64);
    private static final Helper BROADCAST_WORD = Helper.pure("broadcast_word", VectorPermute.class, "broadcastWord", I64, I64);
    /** Sign bits of doublewords and quadwords. */
    private static final long SIGNS_32 = 0x8000_0000_8000_0000L;
    private static final long SIGNS_64 = Long.MIN_VALUE;
    private static final int REGISTERS = 16;
    private static final int LEGACY_REGISTERS = 8;

    private Avx() {
    }

    static void register(LiftTable t) {
        add(t, Mnemonic.VZEROUPPER, (c, i) -> zero(c, 2));
        add(t, Mnemonic.VZEROALL, (c, i) -> zero(c, 0));
        add(t, Mnemonic.VTESTPS, (c, i) -> Sse41.test(c, i, SIGNS_32));
        add(t, Mnemonic.VTESTPD, (c, i) -> Sse41.test(c, i, SIGNS_64));
        add(t, Mnemonic.VPBLENDD, (c, i) -> Sse41.blend(c, i, 32, 8));
        broadcasts(t);
        lanes(t);
        permutations(t);
        for (Mnemonic m : new Mnemonic[] {Mnemonic.VPSLLVD, Mnemonic.VPSLLVQ, Mnemonic.VPSRLVD, Mnemonic.VPSRLVQ, Mnemonic.VPSRAVD}) {
            Helper h = SimdInteger.helper(VariableShift.class, m);
            add(t, m, (c, i) -> {
                Insn[] b = Vectors.read(c, i.op(2));
                Insn[] a = Vectors.read(c, i.op(1));
                for (int n = 0; n < a.length; n++) {
                    a[n] = c.ir.call(h, a[n], b[n]);
                }
                Vectors.write(c, i.op(0), a);
            });
        }
    }

    private static void add(LiftTable t, Mnemonic m, Lift lift) {
        t.add(m, FpMode.avx(lift));
    }

    /** Clears the parts from the n-th on of all registers there are. */
    private static void zero(LiftContext c, int n) {
        int registers = X86Mode.is(c.mode, X86Mode.CODE64) ? REGISTERS : LEGACY_REGISTERS;
        Insn zero = c.ir.i64(0);
        for (int r = 0; r < registers; r++) {
            for (int k = n; k < 4; k++) {
                c.ir.put(Vectors.slot(r, k), zero);
            }
        }
    }

    private static void broadcasts(LiftTable t) {
        broadcast(t, Mnemonic.VPBROADCASTB, 8);
        broadcast(t, Mnemonic.VPBROADCASTW, 16);
        broadcast(t, Mnemonic.VPBROADCASTD, 32);
        broadcast(t, Mnemonic.VBROADCASTSS, 32);
        broadcast(t, Mnemonic.VPBROADCASTQ, 64);
        broadcast(t, Mnemonic.VBROADCASTSD, 64);
        for (Mnemonic m : new Mnemonic[] {Mnemonic.VBROADCASTF128, Mnemonic.VBROADCASTI128}) {
            add(t, m, (c, i) -> {
                Insn[] v = Vectors.read(c, i.op(1));
                Vectors.write(c, i.op(0), v[0], v[1], v[0], v[1]);
            });
        }
    }

    private static void broadcast(LiftTable t, Mnemonic m, int bits) {
        add(t, m, (c, i) -> {
            IrBuilder ir = c.ir;
            Insn s = Vectors.readLow(c, i.op(1), bits);
            Insn v = switch (bits) {
                case 8 -> ir.call(BROADCAST_BYTE, s);
                case 16 -> ir.call(BROADCAST_WORD, s);
                case 32 -> SimdShuffles.lows(ir, s, s);
                default -> s;
            };
            Insn[] r = new Insn[i.op(0).bits / 64];
            Arrays.fill(r, v);
            Vectors.write(c, i.op(0), r);
        });
    }

    private static void lanes(LiftTable t) {
        for (Mnemonic m : new Mnemonic[] {Mnemonic.VINSERTF128, Mnemonic.VINSERTI128}) {
            add(t, m, (c, i) -> {
                Insn[] b = Vectors.read(c, i.op(2));
                Insn[] a = Vectors.read(c, i.op(1));
                int to = (Vectors.immediate(i) & 1) * 2;
                a[to] = b[0];
                a[to + 1] = b[1];
                Vectors.write(c, i.op(0), a);
            });
        }
        for (Mnemonic m : new Mnemonic[] {Mnemonic.VEXTRACTF128, Mnemonic.VEXTRACTI128}) {
            add(t, m, (c, i) -> {
                Insn[] v = VectorForms.lane(Vectors.read(c, i.op(1)), (Vectors.immediate(i) & 1) * 2);
                if (i.op(0).isMemory()) {
                    c.storeVector(i.op(0), false, v);
                } else {
                    Vectors.write(c, i.op(0), v);
                }
            });
        }
        for (Mnemonic m : new Mnemonic[] {Mnemonic.VPERM2F128, Mnemonic.VPERM2I128}) {
            add(t, m, (c, i) -> {
                Insn[] b = Vectors.read(c, i.op(2));
                Insn[] a = Vectors.read(c, i.op(1));
                Insn[] low = chosenLane(c, a, b, Vectors.immediate(i));
                Insn[] high = chosenLane(c, a, b, Vectors.immediate(i) >> 4);
                Vectors.write(c, i.op(0), low[0], low[1], high[0], high[1]);
            });
        }
    }

    /** Bit 3 of the control gives zero, bit 1 chooses the operand, bit 0 its lane. */
    private static Insn[] chosenLane(LiftContext c, Insn[] a, Insn[] b, int control) {
        Insn zero = c.ir.i64(0);
        return (control & 8) != 0 ? new Insn[] {zero, zero} : VectorForms.lane((control & 2) != 0 ? b : a, (control & 1) * 2);
    }

    private static void permutations(LiftTable t) {
        for (Mnemonic m : new Mnemonic[] {Mnemonic.VPERMQ, Mnemonic.VPERMPD}) {
            add(t, m, (c, i) -> {
                Insn[] v = Vectors.read(c, i.op(1));
                int order = Vectors.immediate(i);
                Vectors.write(c, i.op(0), v[order & 3], v[order >> 2 & 3], v[order >> 4 & 3], v[order >> 6 & 3]);
            });
        }
        add(t, Mnemonic.VPERMD, Avx::permuteDoublewords);
        add(t, Mnemonic.VPERMPS, Avx::permuteDoublewords);
        add(t, Mnemonic.VPERMILPS, (c, i) -> {
            if (i.op(2).kind == Operand.Kind.IMMEDIATE) {
                int order = Vectors.immediate(i);
                eachLane(c, i, (v, k) -> new Insn[] {SimdShuffles.doublewords(c.ir, v, order), SimdShuffles.doublewords(c.ir, v, order >> 4)});
            } else {
                Insn[] control = Vectors.read(c, i.op(2));
                eachLane(c, i, (v, k) -> new Insn[] {
                    c.ir.call(PERMUTE_SINGLES, v[0], v[1], control[k]), c.ir.call(PERMUTE_SINGLES, v[0], v[1], control[k + 1])});
            }
        });
        add(t, Mnemonic.VPERMILPD, (c, i) -> {
            if (i.op(2).kind == Operand.Kind.IMMEDIATE) {
                int order = Vectors.immediate(i);
                eachLane(c, i, (v, k) -> new Insn[] {v[order >> k & 1], v[order >> k + 1 & 1]});
            } else {
                Insn[] control = Vectors.read(c, i.op(2));
                eachLane(c, i, (v, k) -> new Insn[] {byBit1(c.ir, v, control[k]), byBit1(c.ir, v, control[k + 1])});
            }
        });
    }

    private static Insn byBit1(IrBuilder ir, Insn[] v, Insn control) {
        return ir.select(ir.and(ir.trunc(control), 2), v[1], v[0]);
    }

    /** What becomes of the lane that begins at the n-th I64. */
    private interface EachLane {
        Insn[] apply(Insn[] v, int n);
    }

    private static void eachLane(LiftContext c, Instruction i, EachLane f) {
        Insn[] v = Vectors.read(c, i.op(1));
        for (int n = 0; n < v.length; n += 2) {
            Insn[] r = f.apply(VectorForms.lane(v, n), n);
            v[n] = r[0];
            v[n + 1] = r[1];
        }
        Vectors.write(c, i.op(0), v);
    }

    /** Doublewords of the second source, chosen by the low three bits of the first one's: by bits 1..0 in each lane, between lanes by bit 2. */
    private static void permuteDoublewords(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        Insn[] s = Vectors.read(c, i.op(2));
        Insn[] control = Vectors.read(c, i.op(1));
        Insn[] r = new Insn[4];
        for (int n = 0; n < 4; n++) {
            Insn low = ir.call(PERMUTE_SINGLES, s[0], s[1], control[n]);
            Insn high = ir.call(PERMUTE_SINGLES, s[2], s[3], control[n]);
            r[n] = ir.call(Sse41.BLEND_DOUBLEWORDS, low, high, ir.shl(control[n], 29));
        }
        Vectors.write(c, i.op(0), r);
    }
}
