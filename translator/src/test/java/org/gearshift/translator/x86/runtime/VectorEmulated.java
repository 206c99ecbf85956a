package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.FlatMap;
import org.gearshift.ir.Block;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.WideMap;
import org.gearshift.ir.interp.Interpreter;
import org.gearshift.ir.pass.PassPipeline;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.lift.X86Lifter;

/** The same code by decoder, lifter, passes and interpreter, with the memory of vector_oracle.c. */
final class VectorEmulated extends GuestContext {
    private static final int CODE = 0x30000000;
    private static final int WIDE_SHIFT = 20;
    private static final long SIMD = X86Mode.OSFXSR | X86Mode.OSXMMEXCPT | X86Mode.OSXSAVE | X86Mode.AVX | 3;
    private static final long FLAT = X86Mode.FLAT_CS | X86Mode.FLAT_DS | X86Mode.FLAT_ES | X86Mode.FLAT_SS;
    private final Interpreter interpreter = new Interpreter(X86State.LAYOUT, X86State.FLAG_RES, X86State.FLAG_AUX);
    private final PassPipeline passes = new PassPipeline(X86State.LAYOUT, true);
    private final X86Lifter lifter = new X86Lifter();
    private final boolean code64;
    private final long mode;
    private int handle = -1;
    private long faultAddress;

    VectorEmulated(int bits) {
        super(X86State.LAYOUT);
        code64 = bits == 64;
        mode = SIMD | X86Mode.PROTECTED | X86Mode.STACK32 | (code64 ? X86Mode.CODE64 : X86Mode.CODE32 | FLAT);
        useRam(new byte[0x2000]);
        readMap = FlatMap.empty();
        // Frames in the wrong order, so that nothing may take neighbours in memory for neighbours in RAM.
        FlatMap.put(readMap, VectorState.WINDOW >>> 12, 1);
        FlatMap.put(readMap, (VectorState.WINDOW >>> 12) + 1, 0);
        writeMap = readMap;
        wideShift = WIDE_SHIFT;
        wideReadMap = WideMap.empty(wideShift);
        WideMap.put(wideReadMap, wideShift, VectorState.WINDOW, 1);
        WideMap.put(wideReadMap, wideShift, VectorState.WINDOW + 0x1000, 0);
        wideWriteMap = wideReadMap;
        s[X86State.DF] = 1;
        s[X86State.CR4] = 1 << 9 | 1 << 10 | 1 << 18;
        s[X86State.XCR0] = 7;
    }

    /** Lifts an instruction for {@link #execute}. */
    void load(byte[] code) {
        if (handle >= 0) {
            interpreter.free(handle);
        }
        Block b = lifter.lift(a -> a - CODE < code.length ? code[(int) a - CODE] & 0xff : 0x90, CODE, mode, 1);
        handle = interpreter.prepare(passes.optimize(b));
    }

    VectorState execute(VectorState before) {
        enter(before);
        budget = 1;
        int exit = interpreter.run(this, handle);
        return leave(exit == Interpreter.EXIT_FAULT, new VectorState(before.middleBytes));
    }

    private static int place(long va) {
        return (int) (va & 0xfff) | (va >>> 12 == VectorState.WINDOW >>> 12 ? 0x1000 : 0);
    }

    private void enter(VectorState m) {
        for (int i = 0; i < 16; i++) {
            s[X86State.GPR + i] = code64 ? m.registers[i] : (int) m.registers[i];
            for (int n = 0; n < 4; n++) {
                s[(n < 2 ? X86State.XMM + 2 * i + n : X86State.YMM_HIGH + 2 * i + n - 2)] = m.vector(i, n);
            }
        }
        int f = (int) m.flags;
        int zf = f >> 6 & 1;
        int cf = f & 1;
        s[X86State.FLAG_RES] = 1 - zf;
        s[X86State.FLAG_AUX] = cf << 31 | (cf ^ f >> 11 & 1) << 30 | (f >> 4 & 1) << 3 | ((f >> 2 & 1) ^ 1 ^ 1 - zf) << 8 | f >> 7 & 1;
        s[X86State.MXCSR] = m.mxcsr();
        int status = m.image().getShort(2) & 0xffff;
        s[X86State.X87_CONTROL] = m.image().getShort(0);
        s[X86State.X87_STATUS] = status & ~0x3800;
        s[X86State.X87_TOP] = status >> 11 & 7;
        s[X86State.X87_EMPTY] = ~m.fx[4] & 0xff;
        for (int i = 0; i < 8; i++) {
            int r = X87Status.physical(s, i);
            s[X86State.X87_MANTISSA + r] = m.image().getLong(32 + 16 * i);
            s[X86State.X87_EXPONENT + r] = m.image().getShort(40 + 16 * i) & 0xffff;
        }
        for (int slot : new int[] {X86State.X87_FIP, X86State.X87_FCS, X86State.X87_FDP, X86State.X87_FDS, X86State.X87_FOP}) {
            s[slot] = 0;
        }
        for (int i = 0; i < m.middleBytes; i++) {
            ram[place(VectorState.SECOND_PAGE - m.middleBytes / 2 + i)] = m.memory[i];
        }
        System.arraycopy(m.memory, m.middleBytes, ram, place(VectorState.END), VectorState.END_BYTES);
    }

    private VectorState leave(boolean faulted, VectorState m) {
        if (faulted) {
            m.vector = fault.vector;
            m.error = Math.max(fault.errorCode, 0);
            m.address = faultAddress;
        }
        for (int i = 0; i < 16; i++) {
            long v = s[X86State.GPR + i];
            if (!code64 && v != (int) v) {
                throw new AssertionError("register " + i + " is not sign-extended: " + Long.toHexString(v));
            }
            m.registers[i] = code64 ? v : v & 0xffff_ffffL;
            for (int n = 0; n < 4; n++) {
                m.vector(i, n, s[(n < 2 ? X86State.XMM + 2 * i + n : X86State.YMM_HIGH + 2 * i + n - 2)]);
            }
        }
        m.flags = flags();
        m.mxcsr((int) s[X86State.MXCSR]);
        m.image().putShort(0, (short) s[X86State.X87_CONTROL]);
        m.image().putShort(2, (short) X87Environment.statusWord(s));
        m.fx[4] = (byte) ~s[X86State.X87_EMPTY];
        for (int i = 0; i < 8; i++) {
            int r = X87Status.physical(s, i);
            m.image().putLong(32 + 16 * i, s[X86State.X87_MANTISSA + r]);
            m.image().putShort(40 + 16 * i, (short) s[X86State.X87_EXPONENT + r]);
        }
        for (int i = 0; i < m.middleBytes; i++) {
            m.memory[i] = ram[place(VectorState.SECOND_PAGE - m.middleBytes / 2 + i)];
        }
        System.arraycopy(ram, place(VectorState.END), m.memory, m.middleBytes, VectorState.END_BYTES);
        return m;
    }

    private long flags() {
        long res = s[X86State.FLAG_RES];
        int aux = (int) s[X86State.FLAG_AUX];
        int cf = aux >>> 31;
        int of = cf ^ aux >>> 30 & 1;
        int sf = (res < 0 ? 1 : 0) ^ aux & 1;
        int pf = ~Integer.bitCount(((int) res ^ aux >>> 8) & 0xff) & 1;
        return cf | pf << 2 | (aux >>> 3 & 1) << 4 | (res == 0 ? 1 : 0) << 6 | sf << 7 | of << 11;
    }

    /** Every page that is accessed, the first one first. */
    private void check(long va, int bits, boolean write) {
        for (int k = 0; k < bits / 8; k++) {
            long at = va + k;
            if (at >>> 13 != VectorState.WINDOW >>> 13) {
                faultAddress = at;
                throw raise(14, 4 | (write ? 2 : 0));
            }
        }
    }

    @Override
    public long loadSlow(long va, int bits, boolean rmw) {
        long linear = code64 ? va : va & 0xffff_ffffL;
        check(linear, bits, rmw);
        long v = 0;
        for (int k = 0; k < bits / 8; k++) {
            v |= (ram[place(linear + k)] & 0xffL) << 8 * k;
        }
        return bits == 32 ? (int) v : v;
    }

    @Override
    public void storeSlow(long va, long value, int bits) {
        long linear = code64 ? va : va & 0xffff_ffffL;
        check(linear, bits, true);
        for (int k = 0; k < bits / 8; k++) {
            ram[place(linear + k)] = (byte) (value >> 8 * k);
        }
    }

    @Override
    public void segmentCheckSlow(int segment, long offset, int bytes, boolean write) {
        throw raise(13, 0);
    }

    @Override
    public long vmcall(int number, long a, long b, long c) {
        X86Service service = X86Service.of(number);
        switch (service) {
            case RAISE -> throw raise((int) a, (int) b);
            case X87_ERROR -> throw raise(16, -1);
            case UNIMPLEMENTED -> throw raise(6, -1);
            default -> throw new AssertionError(service);
        }
    }
}
