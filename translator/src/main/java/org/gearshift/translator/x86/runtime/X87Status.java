package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;

/** x87 control and status words, the register stack, and how exceptions are recorded (Intel SDM vol. 1, 8.1 and 8.5). */
final class X87Status {
    /** Exception flags of FSW, and mask bits at the same places in FCW. */
    static final int IE = 1;
    static final int DE = 2;
    static final int ZE = 4;
    static final int OE = 8;
    static final int UE = 16;
    static final int PE = 32;
    static final int EXCEPTIONS = 0x3f;
    /** Stack fault; error summary; condition codes; busy (a copy of the summary). */
    static final int SF = 0x40;
    static final int ES = 0x80;
    static final int C0 = 0x100;
    static final int C1 = 0x200;
    static final int C2 = 0x400;
    static final int C3 = 0x4000;
    static final int BUSY = 0x8000;

    /** FCW: precision control (bits 8..9) and rounding control (bits 10..11). */
    static final int ROUND_NEAREST = 0;
    static final int ROUND_DOWN = 1;
    static final int ROUND_UP = 2;
    static final int ROUND_CHOP = 3;

    /** Real indefinite: the default QNaN. */
    static final long INDEFINITE = 0xc000_0000_0000_0000L;
    static final int INDEFINITE_EXPONENT = 0xffff;

    private X87Status() {
    }

    static int roundingControl(long[] s) {
        return (int) s[X86State.X87_CONTROL] >> 10 & 3;
    }

    /**
     * Records exceptions.
     *
     * @return those of them that are unmasked: not 0 for IE, DE, ZE means that the operation leaves its destination alone
     */
    static int raise(long[] s, int flags) {
        int unmasked = flags & ~(int) s[X86State.X87_CONTROL] & EXCEPTIONS;
        long status = s[X86State.X87_STATUS] | flags;
        s[X86State.X87_STATUS] = unmasked != 0 ? status | ES | BUSY : status;
        return unmasked;
    }

    /** What every waiting instruction does first, before it looks at memory: reports a pending unmasked exception. */
    static void await(GuestContext ctx) {
        if ((ctx.s[X86State.X87_STATUS] & ES) != 0) {
            reportPending(ctx);
        }
    }

    /** {@link #await}, then C1 is cleared: for instructions that cannot fault any more. */
    static void begin(GuestContext ctx) {
        await(ctx);
        clearC1(ctx.s);
    }

    static void clearC1(long[] s) {
        s[X86State.X87_STATUS] &= ~(long) C1;
    }

    /** Hands a pending exception to the monitor: #MF, or the external interrupt where CR0.NE is clear. */
    private static void reportPending(GuestContext ctx) {
        ctx.vmcall(X86Service.X87_ERROR.ordinal(), 16, 0, 0);
    }

    // ---- memory operands: loaded after the check for pending exceptions, before anything changes ----

    static int load32(GuestContext ctx, long address) {
        await(ctx);
        int v = GuestStores.load32(ctx, address);
        clearC1(ctx.s);
        return v;
    }

    static long load64(GuestContext ctx, long address) {
        await(ctx);
        long v = GuestStores.load64(ctx, address);
        clearC1(ctx.s);
        return v;
    }

    /** A signed integer of 2, 4 or 8 bytes. */
    static long loadInteger(GuestContext ctx, long address, int bytes) {
        await(ctx);
        long v = switch (bytes) {
            case 2 -> (short) GuestStores.load16(ctx, address);
            case 4 -> GuestStores.load32(ctx, address);
            default -> GuestStores.load64(ctx, address);
        };
        clearC1(ctx.s);
        return v;
    }

    static int physical(long[] s, int i) {
        return (int) s[X86State.X87_TOP] + i & 7;
    }

    static boolean isEmpty(long[] s, int register) {
        return (s[X86State.X87_EMPTY] >>> register & 1) != 0;
    }

    static void set(long[] s, int register, long significand, int exponent) {
        s[X86State.X87_MANTISSA + register] = significand;
        s[X86State.X87_EXPONENT + register] = exponent;
    }

    static void setIndefinite(long[] s, int register) {
        set(s, register, INDEFINITE, INDEFINITE_EXPONENT);
    }

    static void markFull(long[] s, int register) {
        s[X86State.X87_EMPTY] &= ~(1L << register);
    }

    static void pop(long[] s) {
        long top = s[X86State.X87_TOP];
        s[X86State.X87_EMPTY] |= 1L << top;
        s[X86State.X87_TOP] = top + 1 & 7;
    }

    /**
     * Makes room for a push: the register becomes the top of the stack and full.
     *
     * @return its number, or -1 on an unmasked stack overflow (nothing changed); after a masked one it holds the indefinite and
     *     the result is {@code number | 8}: the instruction is finished
     */
    static int push(long[] s) {
        int register = (int) s[X86State.X87_TOP] - 1 & 7;
        if (isEmpty(s, register)) {
            s[X86State.X87_TOP] = register;
            s[X86State.X87_EMPTY] &= ~(1L << register);
            return register;
        }
        if (raise(s, IE | SF | C1) != 0) {
            return -1;
        }
        s[X86State.X87_TOP] = register;
        setIndefinite(s, register);
        return register | 8;
    }

    /** Records a stack underflow; true if it is masked. */
    static boolean underflow(long[] s) {
        return raise(s, IE | SF) == 0;
    }

    /** Underflow with a destination register: masked, it gets the indefinite and the instruction goes on with its pop. */
    static boolean underflow(long[] s, int register) {
        if (!underflow(s)) {
            return false;
        }
        setIndefinite(s, register);
        markFull(s, register);
        return true;
    }

    /** Replaces condition codes C0..C3. */
    static void setConditions(long[] s, int codes) {
        s[X86State.X87_STATUS] = s[X86State.X87_STATUS] & ~(C0 | C1 | C2 | C3) | codes;
    }
}
