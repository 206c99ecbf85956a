package org.gearshift.translator.x86.runtime;

import java.util.Arrays;
import org.gearshift.ir.Block;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.interp.Interpreter;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.lift.X86Lifter;

/** The same instruction by decoder, lifter and interpreter. */
final class Emulated extends GuestContext {
    private static final int DATA = 0x2000;
    private static final long MODE = 3 | X86Mode.PROTECTED | X86Mode.CODE32 | X86Mode.STACK32 | X86Mode.FLAT_CS | X86Mode.FLAT_DS | X86Mode.FLAT_ES
            | X86Mode.FLAT_SS | X86Mode.OSFXSR | X86Mode.OSXMMEXCPT;
    private final Interpreter interpreter = new Interpreter(X86State.LAYOUT, X86State.FLAG_RES, X86State.FLAG_AUX);
    private final X86Lifter lifter = new X86Lifter();
    private int handle;

    Emulated() {
        super(X86State.LAYOUT);
        ram = new byte[0x4000];
        readMap = new int[1 << 20];
        Arrays.fill(readMap, -1);
        for (int i = 0; i < 4; i++) {
            readMap[i] = i;
        }
        writeMap = readMap;
        s[X86State.DF] = 1;
        s[X86State.CR4] = 1 << 9 | 1 << 10;
    }

    /** Lifts an instruction for {@link #execute}. */
    void load(byte[] code) {
        byte[] padded = Arrays.copyOf(code, 32);
        Block b = lifter.lift(linear -> padded[(int) linear - 0x1000] & 0xff, 0x1000, MODE, 1);
        handle = interpreter.prepare(b);
    }

    MachineState execute(MachineState before) {
        enter(before);
        return run();
    }

    /** Executes the loaded instruction on the present state. */
    MachineState run() {
        budget = 1;
        int exit = interpreter.run(this, handle);
        return leave(exit == Interpreter.EXIT_FAULT ? fault.vector : -1);
    }

    /** Address of the data at EDI. */
    static int data() {
        return DATA;
    }

    void enter(MachineState m) {
        s[X86State.X87_CONTROL] = m.control();
        s[X86State.X87_STATUS] = m.status() & ~0x3800;
        s[X86State.X87_TOP] = m.status() >> 11 & 7;
        s[X86State.X87_EMPTY] = ~m.tags() & 0xff;
        for (int i = 0; i < 8; i++) {
            X87Status.set(s, X87Status.physical(s, i), m.significand(i), m.exponent(i));
        }
        for (int i = 0; i < 16; i++) {
            s[X86State.XMM + i] = m.xmm(i);
        }
        s[X86State.MXCSR] = m.mxcsr();
        System.arraycopy(m.memory, 0, ram, DATA, 128);
        s[X86State.RDI] = DATA;
        s[X86State.RAX] = (int) m.registers[0];
        s[X86State.RCX] = (int) m.registers[1];
        s[X86State.RDX] = (int) m.registers[2];
        int f = (int) m.registers[3];
        int zf = f >> 6 & 1;
        int cf = f & 1;
        s[X86State.FLAG_RES] = 1 - zf;
        s[X86State.FLAG_AUX] = cf << 31 | (cf ^ f >> 11 & 1) << 30 | (f >> 4 & 1) << 3 | ((f >> 2 & 1) ^ 1 ^ 1 - zf) << 8 | f >> 7 & 1;
    }

    MachineState leave(int vector) {
        MachineState m = new MachineState();
        m.signal = vector < 0 ? 0 : vector == 6 ? MachineState.SIGILL : vector == 13 ? MachineState.SIGSEGV : MachineState.SIGFPE;
        m.control((int) s[X86State.X87_CONTROL]);
        m.status(X87Environment.statusWord(s));
        m.tags((int) ~s[X86State.X87_EMPTY] & 0xff);
        int valid = m.tags();
        for (int i = 0; i < 8; i++) {
            int r = X87Status.physical(s, i);
            m.st(i, Extended.significand(s, r), Extended.exponent(s, r));
        }
        m.tags(valid);
        for (int i = 0; i < 16; i++) {
            m.xmm(i, s[X86State.XMM + i]);
        }
        m.mxcsr((int) s[X86State.MXCSR]);
        System.arraycopy(ram, DATA, m.memory, 0, 128);
        m.registers[0] = s[X86State.RAX] & 0xffff_ffffL;
        m.registers[1] = s[X86State.RCX] & 0xffff_ffffL;
        m.registers[2] = s[X86State.RDX] & 0xffff_ffffL;
        m.registers[3] = flags();
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

    @Override
    public long loadSlow(long va, int bits, boolean rmw) {
        throw raise(14, 0);
    }

    @Override
    public void storeSlow(long va, long value, int bits) {
        throw raise(14, 0);
    }

    @Override
    public void segmentCheckSlow(int segment, long offset, int bytes, boolean write) {
        throw raise(13, 0);
    }

    @Override
    public long vmcall(int number, long a, long b, long c) {
        switch (X86Service.of(number)) {
            case RAISE -> throw raise((int) a, (int) b);
            case X87_ERROR -> throw raise(16, -1);
            default -> throw new AssertionError(X86Service.of(number));
        }
    }
}
