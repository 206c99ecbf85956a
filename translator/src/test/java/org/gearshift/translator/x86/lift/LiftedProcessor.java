package org.gearshift.translator.x86.lift;

import java.util.HashMap;
import java.util.Map;
import org.gearshift.ir.FlatMap;
import org.gearshift.ir.Block;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.GuestFault;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.OpSemantics;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86State;

/**
 * Executes lifted blocks, one IR operation after the other, by {@link OpSemantics}: nothing but lifter, builder and helpers is in between. Has
 * the memory window of {@link MachineState} and no monitor services.
 */
class LiftedProcessor extends GuestContext {
    static final long MODE32 = X86Mode.PROTECTED | X86Mode.CODE32 | X86Mode.STACK32 | X86Mode.FLAT_CS | X86Mode.FLAT_DS | X86Mode.FLAT_ES
            | X86Mode.FLAT_SS | 3;
    static final long MODE64 = X86Mode.PROTECTED | X86Mode.CODE64 | X86Mode.STACK32 | 3;
    static final int CODE = 0x30000000;
    private static final int FLAG_MASK = 0xcd5;

    private final X86Lifter lifter = new X86Lifter();
    final long mode;
    private final Map<Insn, Long> values = new HashMap<>();

    LiftedProcessor(long mode) {
        super(X86State.LAYOUT);
        this.mode = mode;
        useRam(new byte[0x2000]);
        readMap = FlatMap.empty();
        writeMap = FlatMap.empty();
        int page = MachineState.WINDOW >>> 12;
        for (int i = 0; i < 2; i++) {
            // Frames in the wrong order, so that nothing may take neighbours in memory for neighbours in RAM.
            FlatMap.put(readMap, page + i, 1 - i);
            FlatMap.put(writeMap, page + i, 1 - i);
        }
    }

    /** Executes code to its end on a state, which it changes to the outcome. Returns the exception's vector, or -1. */
    int execute(byte[] code, MachineState m) {
        enter(m);
        int vector = execute(code);
        if (vector < 0) {
            leave(m);
        }
        return vector;
    }

    /** Executes code to its end on the state slots. Returns the exception's vector, or -1. */
    int execute(byte[] code) {
        long first = CODE - X86Mode.csBase(mode);
        long pc = first;
        try {
            for (int steps = 0; pc - first < code.length && steps < 10_000; steps++) {
                int left = code.length - (int) (pc - first);
                // Instructions behind the code are NOPs.
                pc = run(lifter.lift(a -> a - CODE < code.length ? code[(int) a - CODE] & 0xff : 0x90, pc, mode, left));
            }
            return -1;
        } catch (GuestFault f) {
            return f.vector;
        }
    }

    private void enter(MachineState m) {
        boolean wide = X86Mode.is(mode, X86Mode.CODE64);
        for (int i = 0; i < 16; i++) {
            s[X86State.GPR + i] = wide ? m.registers[i] : (int) m.registers[i];
        }
        boolean zf = (m.flags & 0x40) != 0;
        boolean pf = (m.flags & 4) != 0;
        long cf = m.flags & 1;
        long of = m.flags >> 11 & 1;
        s[X86State.FLAG_RES] = zf ? 0 : 1;
        long parityByte = pf == zf ? 0 : 1;
        s[X86State.FLAG_AUX] = (int) (cf << 31 | (cf ^ of) << 30 | parityByte << 8 | (m.flags & 0x10) >> 1 | m.flags >> 7 & 1);
        s[X86State.DF] = (m.flags & 0x400) != 0 ? -1 : 1;
        s[X86State.EFLAGS_SYS] = 0x200;
        for (int i = 0; i < MachineState.WINDOW_BYTES; i++) {
            ram[place(MachineState.WINDOW + i)] = m.memory[i];
        }
    }

    private static int place(long va) {
        return (int) ((va & 0xfff) + (va >>> 12 == MachineState.WINDOW >>> 12 ? 0x1000 : 0));
    }

    private void leave(MachineState m) {
        boolean wide = X86Mode.is(mode, X86Mode.CODE64);
        for (int i = 0; i < 16; i++) {
            long v = s[X86State.GPR + i];
            if (!wide && v != (int) v) {
                throw new AssertionError("register " + i + " is not sign-extended: " + Long.toHexString(v));
            }
            m.registers[i] = wide ? v : v & 0xffff_ffffL;
        }
        long res = s[X86State.FLAG_RES];
        long aux = s[X86State.FLAG_AUX];
        long f = aux >> 31 & 1;
        f |= (~Long.bitCount((res ^ aux >> 8) & 0xff) & 1) << 2;
        f |= (aux >> 3 & 1) << 4;
        f |= res == 0 ? 0x40 : 0;
        f |= ((res < 0 ? 1 : 0) ^ aux & 1) << 7;
        f |= s[X86State.DF] < 0 ? 0x400 : 0;
        f |= (aux >> 31 ^ aux >> 30 & 1) << 11 & 0x800;
        m.flags = m.flags & ~FLAG_MASK | f;
        for (int i = 0; i < MachineState.WINDOW_BYTES; i++) {
            m.memory[i] = ram[place(MachineState.WINDOW + i)];
        }
    }

    /** Executes a block and gives the pc that follows. */
    long run(Block b) {
        values.clear();
        for (Insn i : b.insns()) {
            long v = step(i);
            if (i.resultType() == Type.I32 && v != (int) v) {
                throw new AssertionError(i.op() + " gives an I32 that is not sign-extended");
            }
            values.put(i, v);
        }
        return switch (b.terminator().kind()) {
            case GOTO, EXIT -> b.terminator().target();
            case BRANCH -> val(b.terminator().value()) != 0 ? b.terminator().target() : b.terminator().otherwise();
            case INDIRECT -> val(b.terminator().value()) & 0xffff_ffffL;
            case EXIT_TO_STATE -> s[X86State.RIP];
        };
    }

    private long val(Insn i) {
        Long v = values.get(i);
        if (v == null) {
            throw new AssertionError("use of a value that the block does not define: " + i.op());
        }
        return v;
    }

    private long step(Insn i) {
        return switch (i.op()) {
            case CONST -> i.imm();
            case GET -> i.type() == Type.I32 ? (int) s[(int) i.imm()] : s[(int) i.imm()];
            case PUT -> s[(int) i.imm()] = val(i.arg(0));
            case MARK -> 0;
            case LOAD, LOAD_RMW -> load(address(i), (int) i.imm());
            case STORE -> {
                store(address(i), (int) i.imm(), val(i.arg(1)));
                yield 0;
            }
            case CALL -> call(i);
            case VMCALL -> vmcall((int) i.imm(), i.argCount() > 0 ? val(i.arg(0)) : 0, i.argCount() > 1 ? val(i.arg(1)) : 0,
                    i.argCount() > 2 ? val(i.arg(2)) : 0);
            case SEGCHECK -> {
                long offset = address(i);
                if (offset + i.segCheckBytes() - 1 > s[i.segCheckLimitSlot()]) {
                    segmentCheckSlow(i.segCheckSegment(), offset, i.segCheckBytes(), i.segCheckWrite());
                }
                yield 0;
            }
            default -> OpSemantics.eval(i.op(), i.type(), i.imm(), val(i.arg(0)), i.argCount() > 1 ? val(i.arg(1)) : 0,
                    i.argCount() > 2 ? val(i.arg(2)) : 0);
        };
    }

    private long call(Insn i) {
        long[] a = new long[5];
        for (int k = 0; k < i.argCount(); k++) {
            a[k] = val(i.arg(k));
        }
        try {
            return (long) i.helper().uniform().invokeExact((GuestContext) this, a[0], a[1], a[2], a[3], a[4]);
        } catch (RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private long address(Insn i) {
        long a = val(i.arg(0));
        return i.arg(0).resultType() == Type.I32 ? a & 0xffff_ffffL : a;
    }

    private long load(long va, int bits) {
        long v = 0;
        for (int k = 0; k < bits / 8; k++) {
            v |= (ram[checked(va + k)] & 0xffL) << 8 * k;
        }
        return bits == 32 ? (int) v : v;
    }

    private void store(long va, int bits, long v) {
        checked(va);
        checked(va + bits / 8 - 1);
        for (int k = 0; k < bits / 8; k++) {
            ram[checked(va + k)] = (byte) (v >> 8 * k);
        }
    }

    private int checked(long va) {
        if (va >>> 13 != MachineState.WINDOW >>> 13) {
            throw raise(14, 0);
        }
        return place(va);
    }

    @Override
    public long loadSlow(long va, int bits, boolean rmw) {
        return load(va & 0xffff_ffffL, bits);
    }

    @Override
    public void storeSlow(long va, long value, int bits) {
        store(va & 0xffff_ffffL, bits, value);
    }

    @Override
    public void segmentCheckSlow(int segment, long offset, int bytes, boolean write) {
        throw raise(segment == X86State.SS ? 12 : 13, 0);
    }

    @Override
    public long vmcall(int number, long a, long b, long c) {
        throw raise(number == 0 ? (int) a : 6, -1);
    }
}
