package org.gearshift.translator.x86.lift.fp;

import static org.gearshift.ir.Type.I32;
import static org.gearshift.ir.Type.I64;

import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.lift.LiftContext;
import org.gearshift.translator.x86.lift.LiftTable;
import org.gearshift.translator.x86.runtime.Aes;
import org.gearshift.translator.x86.runtime.CarrylessMultiply;
import org.gearshift.translator.x86.runtime.GaloisField;
import org.gearshift.translator.x86.runtime.Sha;

/** AES, carry-less multiplication, SHA and Galois field arithmetic, and their VEX forms (SDM vol. 1, 5.12, 5.13, 5.18 and 5.21). */
final class Cryptography {
    private static final Helper AESIMC = Helper.pure("aesimc", Aes.class, "aesimc", I64, I64);
    private static final Helper AESKEYGENASSIST = Helper.pure("aeskeygenassist", Aes.class, "aeskeygenassist", I64, I64, I32);
    private static final Helper PRODUCT_LOW = Helper.pure("clmul_low", CarrylessMultiply.class, "low", I64, I64, I64);
    private static final Helper PRODUCT_HIGH = Helper.pure("clmul_high", CarrylessMultiply.class, "high", I64, I64, I64);
    private static final Helper SHA1RNDS4 = Sha.helper("sha1rnds4", I32);
    private static final Helper SHA256RNDS2 = Sha.helper("sha256rnds2", I64);
    private static final Helper SHA1MSG2_HIGH = sha("sha1msg2High", I64, I64, I64);
    private static final Helper SHA1MSG2_LOW = sha("sha1msg2Low", I64, I64, I64);
    private static final Helper SHA256MSG1 = sha("sha256msg1", I64, I64);
    private static final Helper SHA256MSG2 = sha("sha256msg2", I64, I64);

    private Cryptography() {
    }

    private static Helper sha(String method, Type... params) {
        return Helper.pure(method, Sha.class, method, I64, params);
    }

    static void register(LiftTable t) {
        for (Mnemonic m : new Mnemonic[] {Mnemonic.AESENC, Mnemonic.AESENCLAST, Mnemonic.AESDEC, Mnemonic.AESDECLAST}) {
            Helper h = SimdInteger.helper(Aes.class, m);
            VectorForms.lane(t, m, (ir, a, b) -> new Insn[] {ir.xor(ir.call(h, a[0], a[1]), b[0]), ir.xor(ir.call(h, a[1], a[0]), b[1])});
        }
        VectorForms.unaryHalf(t, Mnemonic.AESIMC, (ir, v) -> ir.call(AESIMC, v));
        VectorForms.unary(t, Mnemonic.AESKEYGENASSIST, (ir, v, imm) -> new Insn[] {
            ir.call(AESKEYGENASSIST, v[0], ir.i32(imm)), ir.call(AESKEYGENASSIST, v[1], ir.i32(imm))});
        VectorForms.laneBy(t, Mnemonic.PCLMULQDQ, (ir, a, b, imm) -> {
            Insn x = a[imm & 1];
            Insn y = b[imm >> 4 & 1];
            return new Insn[] {ir.call(PRODUCT_LOW, x, y), ir.call(PRODUCT_HIGH, x, y)};
        });
        SimdInteger.half(t, Mnemonic.GF2P8MULB, GaloisField.class);
        affine(t, Mnemonic.GF2P8AFFINEQB);
        affine(t, Mnemonic.GF2P8AFFINEINVQB);
        hashing(t);
    }

    private static void affine(LiftTable t, Mnemonic m) {
        String method = SimdInteger.name(m);
        Helper h = Helper.pure(method, GaloisField.class, method, I64, I64, I64, I32);
        VectorForms.laneBy(t, m, (ir, a, b, imm) -> new Insn[] {ir.call(h, a[0], b[0], ir.i32(imm)), ir.call(h, a[1], b[1], ir.i32(imm))});
    }

    private static void hashing(LiftTable t) {
        VectorForms.laneBy(t, Mnemonic.SHA1RNDS4, (ir, a, b, imm) -> whole(ir, ir.call(SHA1RNDS4, a[0], a[1], b[0], b[1], ir.i32(imm))));
        VectorForms.lane(t, Mnemonic.SHA1NEXTE, (ir, a, b) -> {
            Insn e = ir.shl(ir.zext32(ir.rotl(ir.trunc(ir.shr(a[1], 32)), 30)), 32);
            return new Insn[] {b[0], ir.add(b[1], e)};
        });
        VectorForms.lane(t, Mnemonic.SHA1MSG1, (ir, a, b) -> new Insn[] {ir.xor(a[0], b[1]), ir.xor(a[1], a[0])});
        VectorForms.lane(t, Mnemonic.SHA1MSG2, (ir, a, b) -> {
            Insn high = ir.call(SHA1MSG2_HIGH, a[1], b[0], b[1]);
            return new Insn[] {ir.call(SHA1MSG2_LOW, a[0], b[0], high), high};
        });
        VectorForms.lane(t, Mnemonic.SHA256MSG1, (ir, a, b) -> new Insn[] {ir.call(SHA256MSG1, a[0], a[1]), ir.call(SHA256MSG1, a[1], b[0])});
        VectorForms.lane(t, Mnemonic.SHA256MSG2, (ir, a, b) -> {
            Insn low = ir.call(SHA256MSG2, a[0], b[1]);
            return new Insn[] {low, ir.call(SHA256MSG2, a[1], low)};
        });
        VectorForms.add(t, Cryptography::sha256rnds2, Mnemonic.SHA256RNDS2);
    }

    private static Insn[] whole(IrBuilder ir, Insn low) {
        return new Insn[] {low, ir.get64(X86State.RESULT_HIGH)};
    }

    /** The sums of message words and constants are in XMM0. */
    private static void sha256rnds2(LiftContext c, Instruction i) {
        Insn[] b = Vectors.read(c, i.op(1));
        Insn[] a = Vectors.read(c, i.op(0));
        Insn sums = Vectors.read64(c, i.op(2));
        Vectors.write(c, i.op(0), whole(c.ir, c.ir.call(SHA256RNDS2, a[0], a[1], b[0], b[1], sums)));
    }
}
