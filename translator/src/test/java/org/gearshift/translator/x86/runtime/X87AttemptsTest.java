package org.gearshift.translator.x86.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.Test;

/** Where an attempt gives a result, the general instruction gives it too, bit for bit, with the same status; and it mostly does give one. */
class X87AttemptsTest {
    private static final int TRIALS = Integer.getInteger("gearshift.test.attempts", 60_000);
    private static final int USUAL = 0x37f;
    private static final int MEMORY = Processor.DATA;
    /** Where that is in RAM. */
    private static final int INDEX = 0x2000;

    /** What is compared: an attempt on two numbers, and the instruction on ST(0) and ST(1) that leaves its result in ST(0). */
    private interface Attempt {
        long of(Emulated ctx, long am, int ae, long bm, int be);
    }

    private interface General {
        void run(Emulated ctx);
    }

    private final Operands operands = new Operands(7);
    private final MachineState state = new MachineState();
    private final Emulated ctx = new Emulated();
    private int given;

    /** Numbers as programs have them, near each other, and some of all other kinds. */
    private void begin() {
        operands.extended(state, 0);
        operands.extended(state, 1);
        if (operands.random.nextInt(2) == 0) {
            int near = (state.exponent(0) & 0x7fff) - 68 + operands.random.nextInt(136);
            state.st(1, operands.significand() | Long.MIN_VALUE, Math.min(Math.max(near, 1), 0x7ffe) | operands.random.nextInt(2) << 15);
        }
        for (int r = 0; r < 2; r++) {
            ctx.s[X86State.X87_MANTISSA + r] = state.significand(r);
            ctx.s[X86State.X87_EXPONENT + r] = state.exponent(r) & 0xffff;
        }
        ctx.s[X86State.X87_TOP] = 0;
        ctx.s[X86State.X87_EMPTY] = 0xfc;
        ctx.s[X86State.X87_CONTROL] = USUAL;
        ctx.s[X86State.X87_STATUS] = operands.random.nextInt(2) == 0 ? 0 : X87Status.C1 | X87Status.PE;
    }

    private static long merged(long status, int second) {
        return status & ~(long) X87Status.C1 | second >>> 16;
    }

    private void compare(String name, Attempt attempt, General general) {
        given = 0;
        for (int n = 0; n < TRIALS; n++) {
            begin();
            long am = ctx.s[X86State.X87_MANTISSA];
            int ae = (int) ctx.s[X86State.X87_EXPONENT];
            long bm = ctx.s[X86State.X87_MANTISSA + 1];
            int be = (int) ctx.s[X86State.X87_EXPONENT + 1];
            if (X87Attempts.isNumber(am, ae) == 0 || X87Attempts.isNumber(bm, be) == 0) {
                continue;
            }
            long m = attempt.of(ctx, am, ae, bm, be);
            int second = X87Attempts.second(ctx);
            long status = merged(ctx.s[X86State.X87_STATUS], second);
            if (second < 0) {
                continue;
            }
            given++;
            general.run(ctx);
            String what = String.format("%s %x.%x %x.%x", name, ae, am, be, bm);
            assertEquals(ctx.s[X86State.X87_MANTISSA], m, what);
            assertEquals(ctx.s[X86State.X87_EXPONENT], second & 0xffff, what);
            assertEquals(ctx.s[X86State.X87_STATUS], status, what);
        }
        assertTrue(given > TRIALS / 3, name + " gave a result " + given + " times only");
    }

    private static General stack(int operation) {
        return ctx -> X87Arithmetic.stack(ctx, operation, 0, 1, 0);
    }

    @Test
    void arithmetic() {
        compare("sum", X87Attempts::sum, stack(X87Arithmetic.ADD));
        compare("difference", (ctx, am, ae, bm, be) -> X87Attempts.sum(ctx, am, ae, bm, be ^ 0x8000), stack(X87Arithmetic.SUB));
        compare("difference of near ones", (ctx, am, ae, bm, be) -> X87Attempts.sum(ctx, am, ae, bm, be ^ 0x8000), stack(X87Arithmetic.SUB));
        compare("product", X87Attempts::product, stack(X87Arithmetic.MUL));
        compare("quotient", X87Attempts::quotient, stack(X87Arithmetic.DIV));
    }

    @Test
    void functions() {
        compare("root", (ctx, am, ae, bm, be) -> X87Attempts.root(ctx, am, ae), X87Arithmetic::fsqrt);
        for (int rc = 0; rc < 4; rc++) {
            int mode = rc;
            compare("integral", (ctx, am, ae, bm, be) -> {
                ctx.s[X86State.X87_CONTROL] = USUAL | mode << 10;
                return X87Attempts.integral(ctx, am, ae, mode);
            }, X87Arithmetic::frndint);
        }
    }

    @Test
    void comparisons() {
        for (int n = 0; n < TRIALS; n++) {
            begin();
            long am = ctx.s[X86State.X87_MANTISSA];
            int ae = (int) ctx.s[X86State.X87_EXPONENT];
            long bm = ctx.s[X86State.X87_MANTISSA + 1];
            int be = (int) ctx.s[X86State.X87_EXPONENT + 1];
            X87Comparison.fxam(ctx);
            assertEquals(ctx.s[X86State.X87_STATUS] & ~X87Status.EXCEPTIONS, X87Attempts.examine(am, ae));
            if (X87Attempts.isNumber(am, ae) != 0 && X87Attempts.isNumber(bm, be) != 0) {
                ctx.s[X86State.X87_STATUS] = 0;
                X87Comparison.fcom(ctx, 1, 0, 0);
                assertEquals(ctx.s[X86State.X87_STATUS], X87Attempts.order(am, ae, bm, be));
            }
        }
    }

    @Test
    void loads() {
        int usual = 0;
        for (int n = 0; n < TRIALS; n++) {
            long bits = n % 3 == 0 ? operands.random.nextLong() : operands.special64();
            begin();
            ctx.hostRam.put64(INDEX, bits);
            long m = X87Attempts.ofReal(ctx, bits);
            usual += X87Attempts.second(ctx) >= 0 ? 1 : 0;
            pushed(ctx, m, () -> X87Transfer.fld64(ctx, MEMORY));
            int single = n % 3 == 0 ? operands.random.nextInt() : operands.special32();
            begin();
            ctx.hostRam.put32(INDEX, single);
            long m32 = X87Attempts.ofSingle(ctx, single);
            pushed(ctx, m32, () -> X87Transfer.fld32(ctx, MEMORY));
            begin();
            long v = operands.random.nextLong() >> operands.random.nextInt(64);
            ctx.hostRam.put64(INDEX, v);
            long mi = X87Attempts.ofInteger(ctx, v);
            pushed(ctx, mi, () -> X87Transfer.fild(ctx, MEMORY, 8));
        }
        assertTrue(usual > TRIALS / 2);
    }

    private static void pushed(Emulated ctx, long m, Runnable load) {
        int second = X87Attempts.second(ctx);
        if (second < 0) {
            return;
        }
        long status = merged(ctx.s[X86State.X87_STATUS], second);
        load.run();
        assertEquals(ctx.s[X86State.X87_MANTISSA + 7], m);
        assertEquals(ctx.s[X86State.X87_EXPONENT + 7], second & 0xffff);
        assertEquals(ctx.s[X86State.X87_STATUS], status);
        assertEquals(1, X87Attempts.isNumber(m, second & 0xffff));
    }

    private interface Store {
        long of(Emulated ctx, long m, int e);
    }

    private void stored(String name, Store attempt, General general, long mask) {
        given = 0;
        for (int n = 0; n < TRIALS; n++) {
            begin();
            long m = ctx.s[X86State.X87_MANTISSA];
            int e = (int) ctx.s[X86State.X87_EXPONENT];
            if (X87Attempts.isNumber(m, e) == 0) {
                continue;
            }
            long v = attempt.of(ctx, m, e);
            int second = X87Attempts.second(ctx);
            if (second < 0) {
                continue;
            }
            given++;
            long status = merged(ctx.s[X86State.X87_STATUS], second);
            general.run(ctx);
            String what = String.format("%s of %x.%x", name, e, m);
            assertEquals(ctx.hostRam.get64(INDEX) & mask, v & mask, what);
            assertEquals(ctx.s[X86State.X87_STATUS], status, what);
        }
        assertTrue(given > TRIALS / 6, name + " gave a result " + given + " times only");
    }

    @Test
    void stores() {
        stored("fst m64", X87Attempts::toReal, ctx -> X87Transfer.fst64(ctx, MEMORY, 0), -1L);
        stored("fst m32", X87Attempts::toSingle, ctx -> X87Transfer.fst32(ctx, MEMORY, 0), 0xffff_ffffL);
        for (int bytes = 2; bytes <= 8; bytes *= 2) {
            for (int rc = 0; rc < 4; rc++) {
                int mode = rc;
                int size = bytes;
                stored("fist " + bytes, (ctx, m, e) -> X87Attempts.toInteger(ctx, m, e, mode, size), ctx -> X87Transfer.fist(ctx, MEMORY, size, mode, 0),
                        -1L >>> 64 - 8 * bytes);
            }
        }
    }
}
