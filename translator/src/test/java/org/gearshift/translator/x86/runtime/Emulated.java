package org.gearshift.translator.x86.runtime;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.gearshift.ir.FlatMap;
import org.gearshift.ir.Block;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.interp.Interpreter;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.lift.X86Lifter;
import org.gearshift.translator.x86.lift.X87Knowledge;

/** The same instructions by decoder, lifter and interpreter; code and data are where they are for {@link Processor}. */
final class Emulated extends GuestContext {
    /** Most instructions in a sequence. */
    private static final int LONGEST = 40;
    /** The data's place in RAM. */
    private static final int FRAME = 2;
    /** Selectors that Linux gives to 32-bit programs. */
    private static final int USER_CS = 0x23;
    private static final int USER_DS = 0x2b;
    /** 32-bit code of a user program. */
    static final long USER = 3 | X86Mode.PROTECTED | X86Mode.CODE32 | X86Mode.STACK32 | X86Mode.FLAT_CS | X86Mode.FLAT_DS | X86Mode.FLAT_ES
            | X86Mode.FLAT_SS | X86Mode.OSFXSR | X86Mode.OSXMMEXCPT;
    private final Interpreter interpreter = new Interpreter(X86State.LAYOUT, X86State.FLAG_RES, X86State.FLAG_AUX);
    private final X86Lifter lifter = new X86Lifter();
    private int handle;
    /** Memory beyond the page, as it was. */
    private byte[] outside = new byte[MachineState.MEMORY];
    private int data = Processor.DATA + Processor.OFFSET;

    Emulated() {
        this(USER_CS, USER_DS);
    }

    /** With these selectors of code and data. */
    Emulated(int cs, int ds) {
        super(X86State.LAYOUT);
        useRam(new byte[0x4000]);
        readMap = FlatMap.empty();
        FlatMap.put(readMap, Processor.DATA >>> 12, FRAME);
        writeMap = readMap;
        s[X86State.SEG_SELECTOR + X86State.CS] = cs;
        for (int segment : new int[] {X86State.ES, X86State.SS, X86State.DS}) {
            s[X86State.SEG_SELECTOR + segment] = ds;
        }
        s[X86State.DF] = 1;
        s[X86State.CR0] = 1 << 5;
        s[X86State.CR4] = 1 << 9 | 1 << 10;
    }

    /** Lifts instructions, which must not transfer control, for {@link #execute}. */
    void load(byte[] code) {
        load(code, Processor.OFFSET, USER);
    }

    /** The same with EDI elsewhere in the page, in a mode of which FLAT_CS and flat data segments are part. */
    void load(byte[] code, int offset, long mode) {
        load(code, offset, mode, X87Knowledge.UNKNOWN);
    }

    /** The same for a state of the x87 register stack. */
    void load(byte[] code, int offset, long mode, int x87State) {
        data = Processor.DATA + offset;
        byte[] padded = Arrays.copyOf(code, code.length + 16);
        int instructions = 0;
        Decoder decoder = new Decoder();
        for (int at = 0; at < code.length; instructions++) {
            int[] from = {at};
            at += decoder.decode(() -> padded[from[0]++] & 0xff, mode).length();
        }
        assertTrue(instructions <= LONGEST, "too long");
        Block b = lifter.lift(linear -> padded[(int) linear - Processor.CODE] & 0xff, Processor.CODE, mode, instructions, x87State);
        handle = interpreter.prepare(b);
    }

    MachineState execute(MachineState before) {
        enter(before);
        return run();
    }

    /** Executes the loaded instructions on the present state. */
    MachineState run() {
        budget = LONGEST;
        int exit = interpreter.run(this, handle);
        return leave(exit == Interpreter.EXIT_FAULT ? fault.vector : -1);
    }

    /** Address of the data at EDI. */
    int data() {
        return data;
    }

    private int ramAt() {
        return (FRAME << 12) + data - Processor.DATA;
    }

    private int own() {
        return Math.min(MachineState.MEMORY, Processor.DATA + 0x1000 - data);
    }

    void enter(MachineState m) {
        s[X86State.X87_CONTROL] = m.control();
        int pending = (m.status() & ~m.control() & X87Status.EXCEPTIONS) == 0 ? 0 : X87Status.ES | X87Status.BUSY;
        s[X86State.X87_STATUS] = m.status() & ~(0x3800 | X87Status.ES | X87Status.BUSY) | pending;
        s[X86State.X87_TOP] = m.status() >> 11 & 7;
        s[X86State.X87_EMPTY] = ~m.tags() & 0xff;
        for (int i = 0; i < 8; i++) {
            X87Status.set(s, X87Status.physical(s, i), m.significand(i), m.exponent(i));
        }
        for (int i = 0; i < 16; i++) {
            s[X86State.XMM + i] = m.xmm(i);
        }
        s[X86State.MXCSR] = m.mxcsr();
        s[X86State.X87_FIP] = m.instructionOffset();
        s[X86State.X87_FCS] = m.instructionSelector();
        s[X86State.X87_FOP] = m.opcode();
        s[X86State.X87_FDP] = m.dataOffset();
        s[X86State.X87_FDS] = m.dataSelector();
        System.arraycopy(m.memory, 0, ram, ramAt(), own());
        outside = m.memory;
        s[X86State.RDI] = data;
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
        m.signal = signal(vector);
        m.faultedAt = vector < 0 ? 0 : (int) s[X86State.RIP] - Processor.CODE;
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
        m.pointers((int) s[X86State.X87_FIP], (int) s[X86State.X87_FCS], (int) s[X86State.X87_FOP], (int) s[X86State.X87_FDP], (int) s[X86State.X87_FDS]);
        System.arraycopy(outside, 0, m.memory, 0, MachineState.MEMORY);
        System.arraycopy(ram, ramAt(), m.memory, 0, own());
        m.registers[0] = s[X86State.RAX] & 0xffff_ffffL;
        m.registers[1] = s[X86State.RCX] & 0xffff_ffffL;
        m.registers[2] = s[X86State.RDX] & 0xffff_ffffL;
        m.registers[3] = flags();
        return m;
    }

    /** What Linux makes of an exception. */
    private static int signal(int vector) {
        return switch (vector) {
            case -1 -> 0;
            case 6 -> MachineState.SIGILL;
            case 13, 14 -> MachineState.SIGSEGV;
            case 16, 19 -> MachineState.SIGFPE;
            case 17 -> MachineState.SIGBUS;
            default -> throw new AssertionError("vector " + vector);
        };
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
