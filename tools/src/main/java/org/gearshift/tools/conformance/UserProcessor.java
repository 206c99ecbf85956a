package org.gearshift.tools.conformance;

import java.util.Arrays;
import org.gearshift.ir.GuestContext;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.cpu.Eflags;

/**
 * An emulated processor that runs a user-level program in the memory of {@link Layout}: loads a trial's state into slots and RAM, and reads what
 * became of it.
 */
abstract class UserProcessor {
    /** Status-word bits apart from TOP. */
    private static final int TOP = 7 << 11;
    /** JMP through memory. */
    private static final int EXIT_BYTES = 6;
    // RAM frames of the trial's pages; neighbours in memory are none in RAM.
    static final int READ_ONLY_FRAME = 0x101;
    static final int[] SCRATCH_FRAMES = {0x103, 0x102};
    static final int[] CODE_FRAMES = {0x105, 0x104};

    final GuestContext context;
    final long[] s;
    final int bits;
    private final long exitPointer;
    private long[] initial;

    /** @param exitPointer see {@link NativeOracle#exitPointer}: code that reads itself sees the same as there */
    UserProcessor(GuestContext context, int bits, long exitPointer) {
        this.exitPointer = exitPointer;
        this.context = context;
        this.s = context.s;
        this.bits = bits;
    }

    /** The state slots are now what every trial begins with. */
    final void rememberInitialState() {
        initial = Arrays.copyOf(s, X86State.LAYOUT.slotCount());
        byte[] pages = Layout.initialPages();
        System.arraycopy(pages, 0, context.ram, READ_ONLY_FRAME << 12, Layout.PAGE);
    }

    /** Key of {@link org.gearshift.translator.x86.X86Mode} now. */
    abstract long mode();

    /** Makes mode and maps follow slots changed from outside. */
    abstract void refresh();

    /**
     * The byte at a linear address, fetched as an instruction.
     *
     * @throws org.gearshift.ir.GuestFault page fault
     */
    abstract int fetch(long linear);

    /** If the program has been left through the interrupt table: how; otherwise null. */
    abstract Outcome interrupted(Trial t);

    /** Instructions must be run one by one: TF. */
    abstract boolean singleStep();

    /** Before an instruction that is run by itself: false if an exception was delivered in its place. */
    abstract boolean beforeSingleStep();

    /** Behind an instruction that was run by itself. */
    abstract void afterSingleStep();

    /** Puts code where the processor fetches it. */
    final void load(Code c) {
        for (int f : CODE_FRAMES) {
            Arrays.fill(context.ram, f << 12, (f + 1) << 12, (byte) 0xcc);
        }
        for (int i = 0; i < c.bytes().length; i++) {
            code(c.offset() + i, c.bytes()[i]);
        }
        int end = c.offset() + c.bytes().length;
        if (end + EXIT_BYTES <= Layout.CODE_BYTES) {
            int to = (int) (bits == 64 ? exitPointer - (Layout.CODE + end + EXIT_BYTES) : exitPointer);
            code(end, (byte) 0xff);
            code(end + 1, (byte) 0x25);
            for (int k = 0; k < 4; k++) {
                code(end + 2 + k, (byte) (to >> 8 * k));
            }
        }
    }

    private void code(int at, byte b) {
        context.ram[CODE_FRAMES[at >>> 12] << 12 | at & 0xfff] = b;
    }

    /** Begins a trial. {@code scratch} are the scratch pages as it finds them. */
    final void begin(Trial t, byte[] scratch) {
        System.arraycopy(initial, 0, s, 0, initial.length);
        for (int i = 0; i < 2; i++) {
            System.arraycopy(scratch, i << 12, context.ram, SCRATCH_FRAMES[i] << 12, Layout.PAGE);
        }
        Registers r = t.start();
        for (int i = 0; i < bits / 4; i++) {
            if (bits == 64 || i < 8) {
                s[X86State.GPR + i] = bits == 64 ? r.general[i] : (int) r.general[i];
            }
        }
        Eflags.set(s, r.eflags, Eflags.ALL);
        s[X86State.RIP] = t.code().start();
        if (r.fp != null) {
            enterFp(r);
        }
        context.faultPending = false;
        refresh();
    }

    private void enterFp(Registers r) {
        int top = r.status() >> 11 & 7;
        s[X86State.X87_CONTROL] = r.control();
        s[X86State.X87_STATUS] = r.status() & ~TOP;
        s[X86State.X87_TOP] = top;
        s[X86State.X87_EMPTY] = ~r.valid() & 0xff;
        for (int i = 0; i < 8; i++) {
            s[X86State.X87_MANTISSA + (top + i & 7)] = r.significand(i);
            s[X86State.X87_EXPONENT + (top + i & 7)] = r.exponent(i);
        }
        for (int n = 0; n < 16; n++) {
            for (int part = 0; part < 2; part++) {
                s[X86State.XMM + 2 * n + part] = r.vector(n, part);
                s[X86State.YMM_HIGH + 2 * n + part] = r.vector(n, part + 2);
            }
        }
        s[X86State.MXCSR] = r.mxcsr();
    }

    /** The registers now. {@code like} tells whether floating-point state counts. */
    final Registers registers(Registers like) {
        Registers r = new Registers();
        for (int i = 0; i < (bits == 64 ? 16 : 8); i++) {
            long v = s[X86State.GPR + i];
            if (bits == 32 && v != (int) v) {
                throw new IllegalStateException("register " + i + " is not sign-extended: " + Long.toHexString(v));
            }
            r.general[i] = bits == 64 ? v : v & 0xffff_ffffL;
        }
        r.eflags = Eflags.get(s);
        if (like.fp != null) {
            leaveFp(r);
        }
        return r;
    }

    private void leaveFp(Registers r) {
        r.fp = new byte[Registers.FP_BYTES];
        int top = (int) s[X86State.X87_TOP];
        r.control((int) s[X86State.X87_CONTROL]);
        r.status((int) s[X86State.X87_STATUS] & ~TOP | top << 11);
        r.valid((int) ~s[X86State.X87_EMPTY] & 0xff);
        for (int i = 0; i < 8; i++) {
            int n = top + i & 7;
            r.st(i, s[X86State.X87_MANTISSA + n], (int) s[X86State.X87_EXPONENT + n] & 0xffff);
        }
        for (int n = 0; n < 16; n++) {
            for (int part = 0; part < 2; part++) {
                r.vector(n, part, s[X86State.XMM + 2 * n + part]);
                r.vector(n, part + 2, s[X86State.YMM_HIGH + 2 * n + part]);
            }
        }
        r.mxcsr((int) s[X86State.MXCSR]);
    }

    /** The outcome of a trial whose instruction faulted with {@link GuestContext#fault}. */
    abstract Outcome faulted(Trial t);

    final Outcome ended(Trial t, Outcome.Kind kind) {
        return new Outcome(kind, 0, 0, 0, kind == Outcome.Kind.DONE ? 0 : s[X86State.RIP], registers(t.start()));
    }

    /** Copies the scratch pages as they are now. */
    final void scratch(byte[] to) {
        for (int i = 0; i < 2; i++) {
            System.arraycopy(context.ram, SCRATCH_FRAMES[i] << 12, to, i << 12, Layout.PAGE);
        }
    }
}
