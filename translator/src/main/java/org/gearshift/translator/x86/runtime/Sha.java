package org.gearshift.translator.x86.runtime;

import java.util.BitSet;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.X86State;

/**
 * SHA-1 and SHA-256 (FIPS 180-4; SDM vol. 1, 12.18). Numbers are in the order of SDM vol. 2: the first of a group in the top doubleword. Methods that compute a
 * whole register return its low half and leave the high one in the slot {@link X86State#RESULT_HIGH}.
 */
public final class Sha {
    private static final int[] K = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};

    private Sha() {
    }

    /** A helper of two registers and one more value. */
    public static Helper helper(String method, Type last) {
        BitSet result = new BitSet();
        result.set(X86State.RESULT_HIGH);
        return Helper.stateful(method, Sha.class, method, false, new BitSet(), result, Type.I64, Type.I64, Type.I64, Type.I64, Type.I64, last);
    }

    private static long pair(int low, int high) {
        return (long) high << 32 | low & 0xffff_ffffL;
    }

    private static int low(long v) {
        return (int) v;
    }

    private static int high(long v) {
        return (int) (v >> 32);
    }

    /** Four rounds of SHA-1 on A B C D, with the message words, to the first of which E is added. */
    public static long sha1rnds4(GuestContext ctx, long a0, long a1, long b0, long b1, int imm) {
        int a = high(a1);
        int b = low(a1);
        int c = high(a0);
        int d = low(a0);
        int e = 0;
        int k = K[imm & 3];
        for (int i = 0; i < 4; i++) {
            long words = i < 2 ? b1 : b0;
            int w = (i & 1) == 0 ? high(words) : low(words);
            int f = switch (imm & 3) {
                case 0 -> b & c ^ ~b & d;
                case 2 -> b & c ^ b & d ^ c & d;
                default -> b ^ c ^ d;
            };
            int next = f + Integer.rotateLeft(a, 5) + w + e + k;
            e = d;
            d = c;
            c = Integer.rotateLeft(b, 30);
            b = a;
            a = next;
        }
        ctx.s[X86State.RESULT_HIGH] = pair(b, a);
        return pair(d, c);
    }

    /** High half of SHA1MSG2: of {@code a1} and the second operand's halves. */
    public static long sha1msg2High(long a1, long b0, long b1) {
        return pair(Integer.rotateLeft(low(a1) ^ high(b0), 1), Integer.rotateLeft(high(a1) ^ low(b1), 1));
    }

    /** Low half of SHA1MSG2, given the high one. */
    public static long sha1msg2Low(long a0, long b0, long resultHigh) {
        return pair(Integer.rotateLeft(low(a0) ^ high(resultHigh), 1), Integer.rotateLeft(high(a0) ^ low(b0), 1));
    }

    /** Two rounds of SHA-256: {@code a} holds C D G H, {@code b} A B E F, {@code wk} the sums of message and constant; gives A B E F. */
    public static long sha256rnds2(GuestContext ctx, long a0, long a1, long b0, long b1, long wk) {
        int a = high(b1);
        int b = low(b1);
        int c = high(a1);
        int e = high(b0);
        int f = low(b0);
        int g = high(a0);
        int t = choose(e, f, g) + sigma1(e) + low(wk) + low(a0);
        int e1 = t + low(a1);
        int a2 = t + majority(a, b, c) + sigma0(a);
        int t2 = choose(e1, e, f) + sigma1(e1) + high(wk) + g;
        ctx.s[X86State.RESULT_HIGH] = pair(a2, t2 + majority(a2, a, b) + sigma0(a2));
        return pair(e1, t2 + c);
    }

    private static int choose(int e, int f, int g) {
        return e & f ^ ~e & g;
    }

    private static int majority(int a, int b, int c) {
        return a & b ^ a & c ^ b & c;
    }

    private static int sigma0(int a) {
        return Integer.rotateRight(a, 2) ^ Integer.rotateRight(a, 13) ^ Integer.rotateRight(a, 22);
    }

    private static int sigma1(int e) {
        return Integer.rotateRight(e, 6) ^ Integer.rotateRight(e, 11) ^ Integer.rotateRight(e, 25);
    }

    /** One half of SHA256MSG1: two words, and small sigma 0 of the one in {@code half}'s upper and that behind it. */
    public static long sha256msg1(long half, long behind) {
        return pair(low(half) + smallSigma0(high(half)), high(half) + smallSigma0(low(behind)));
    }

    private static int smallSigma0(int w) {
        return Integer.rotateRight(w, 7) ^ Integer.rotateRight(w, 18) ^ w >>> 3;
    }

    /** One half of SHA256MSG2: two words, and small sigma 1 of those two places earlier. */
    public static long sha256msg2(long half, long earlier) {
        return pair(low(half) + smallSigma1(low(earlier)), high(half) + smallSigma1(high(earlier)));
    }

    private static int smallSigma1(int w) {
        return Integer.rotateRight(w, 17) ^ Integer.rotateRight(w, 19) ^ w >>> 10;
    }
}
