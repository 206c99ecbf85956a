package org.gearshift.backend.jvm;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.gearshift.ir.Block;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Region;
import org.gearshift.ir.Terminator;
import org.gearshift.ir.Type;

/** Random valid regions for {@link TestMachine}: every operation, shared values, loops, loads and stores that mostly hit RAM. */
final class RandomRegions {
    /** The slot that {@link #flags} are put to: got less often than any other. */
    private static final int FLAGS = TestMachine.NARROW + TestMachine.NARROW_COUNT - 1;

    private static final Op[] BINARY = {Op.ADD, Op.SUB, Op.MUL, Op.AND, Op.OR, Op.XOR};
    private static final Op[] SHIFT = {Op.SHL, Op.SHR, Op.SAR, Op.ROTL, Op.ROTR};
    private static final Op[] UNARY = {Op.NEG, Op.NOT, Op.SEXT8, Op.SEXT16, Op.ZEXT8, Op.ZEXT16, Op.BSWAP, Op.CLZ, Op.CTZ, Op.POPCNT};
    private static final Op[] COMPARE = {Op.EQ, Op.NE, Op.SLT, Op.SLE, Op.ULT, Op.ULE};
    private static final long[] INTERESTING = {0, 1, -1, 2, 31, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000L, 0xffffffffL,
        Long.MAX_VALUE, Long.MIN_VALUE};

    private final Random random;
    private final boolean wideCode;
    private List<Insn> out;
    private List<Insn> narrow;
    private List<Insn> wide;
    private Insn lastBase;
    private Insn lastWideBase;

    RandomRegions(Random random) {
        this.random = random;
        wideCode = random.nextInt(3) == 0;
    }

    Region region() {
        int n = 1 + random.nextInt(5);
        long base = random.nextInt(3) == 0 ? 0xffffffffc0100000L : random.nextBoolean() ? 0x1000 : 0xc0100000L;
        List<Long> pcs = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            pcs.add(base + i * 0x40L);
        }
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            blocks.add(block(pcs.get(i), pcs));
        }
        List<Long> entries = new ArrayList<>(List.of(pcs.get(random.nextInt(n))));
        for (long pc : pcs) {
            if (random.nextInt(3) == 0 && !entries.contains(pc)) {
                entries.add(pc);
            }
        }
        return new Region(blocks, entries);
    }

    private Block block(long pc, List<Long> pcs) {
        out = new ArrayList<>();
        narrow = new ArrayList<>();
        wide = new ArrayList<>();
        lastBase = null;
        lastWideBase = null;
        int n = 1 + random.nextInt(6);
        for (int i = 0; i < n; i++) {
            emit(new Insn(Op.MARK, Type.VOID, pc + i * 4L, null));
            instruction();
        }
        Terminator t = terminator(pcs);
        return new Block(pc, out, t, n, n * 4);
    }

    private Terminator terminator(List<Long> pcs) {
        return switch (random.nextInt(10)) {
            case 0, 1 -> Terminator.jump(target(pcs));
            case 2 -> Terminator.exit(target(pcs));
            case 3, 4 -> Terminator.indirect(indirectTarget(pcs));
            case 5 -> {
                if (random.nextBoolean()) {
                    vmcall(TestMachine.SETS_PC);
                } else {
                    // Without this the slot holds whatever the last exit or service left there.
                    emit(new Insn(Op.PUT, Type.I64, TestMachine.PC, null, value(Type.I64)));
                }
                yield Terminator.exitToState();
            }
            default -> Terminator.branch(value(Type.I32), target(pcs), target(pcs));
        };
    }

    private Insn indirectTarget(List<Long> pcs) {
        if (random.nextInt(6) == 0) {
            return value(random.nextBoolean() ? Type.I32 : Type.I64);
        }
        Type t = random.nextBoolean() ? Type.I32 : Type.I64;
        Insn a = emit(new Insn(Op.CONST, t, target(pcs), null));
        Insn b = emit(new Insn(Op.CONST, t, target(pcs), null));
        return emit(new Insn(Op.SELECT, t, 0, null, value(Type.I32), a, b));
    }

    private long target(List<Long> pcs) {
        return random.nextInt(5) == 0 ? 0x9000 + random.nextInt(4) : pcs.get(random.nextInt(pcs.size()));
    }

    private Insn emit(Insn i) {
        out.add(i);
        if (i.resultType() == Type.I32) {
            narrow.add(i);
        } else if (i.resultType() == Type.I64) {
            wide.add(i);
        }
        return i;
    }

    /** One guest instruction: computing and faulting operations, then PUTs; now and then a PUT too early. */
    private void instruction() {
        int n = random.nextInt(5);
        for (int i = 0; i < n; i++) {
            operation();
            if (random.nextInt(12) == 0) {
                put();
            }
        }
        int puts = random.nextInt(4);
        for (int i = 0; i < puts; i++) {
            put();
        }
    }

    private void put() {
        if (random.nextInt(6) == 0) {
            flags();
        } else if (random.nextInt(3) == 0) {
            int slot = TestMachine.WIDE + random.nextInt(TestMachine.WIDE_COUNT);
            Type t = random.nextInt(3) == 0 ? Type.I32 : Type.I64;
            // A slot with more than 32 significant bits is not accessed as I32 alone: see RegionCompiler.
            emit(new Insn(Op.GET, Type.I64, slot, null));
            emit(new Insn(Op.PUT, t, slot, null, value(t)));
        } else if (random.nextInt(30) == 0) {
            emit(new Insn(Op.PUT, Type.I64, TestMachine.PC, null, value(Type.I64)));
        } else {
            emit(new Insn(Op.PUT, Type.I32, TestMachine.NARROW + random.nextInt(TestMachine.NARROW_COUNT), null, value(Type.I32)));
        }
    }

    private void operation() {
        switch (random.nextInt(24)) {
            case 0, 1, 2 -> emit(new Insn(Op.LOAD, Type.I32, 8 << random.nextInt(3), null, address()));
            case 3 -> emit(new Insn(Op.LOAD, Type.I64, 64, null, address()));
            case 4, 5 -> readModifyWrite();
            case 6, 7 -> emit(new Insn(Op.STORE, Type.I32, 8 << random.nextInt(3), null, address(), value(Type.I32)));
            case 8 -> emit(new Insn(Op.STORE, Type.I64, 64, null, address(), value(Type.I64)));
            case 9 -> emit(new Insn(Op.SEGCHECK, Type.I32, Insn.segCheck(TestMachine.LIMIT, random.nextInt(6), 1 << random.nextInt(4),
                    random.nextBoolean()), null, value(Type.I32)));
            case 10 -> call();
            case 11 -> {
                if (random.nextInt(4) == 0) {
                    vmcall(0);
                }
            }
            default -> value(random.nextInt(3) == 0 ? Type.I64 : Type.I32);
        }
    }

    private void readModifyWrite() {
        int bits = 8 << random.nextInt(4);
        Type t = bits == 64 ? Type.I64 : Type.I32;
        Insn a = address();
        Insn old = emit(new Insn(Op.LOAD_RMW, t, bits, null, a));
        Insn sum = emit(new Insn(Op.ADD, t, 0, null, random.nextBoolean() ? old : value(t), value(t)));
        if (random.nextInt(8) > 0) {
            emit(new Insn(Op.STORE, t, bits, null, random.nextInt(8) == 0 ? address() : a, sum));
        }
    }

    private void call() {
        Helper h = random.nextInt(3) == 0 ? TestMachine.TOUCH : TestMachine.STATEFUL;
        if (h == TestMachine.TOUCH) {
            emit(new Insn(Op.CALL, Type.VOID, 0, h, address32()));
        } else {
            emit(new Insn(Op.CALL, Type.I32, 0, h, value(Type.I32), value(Type.I64)));
        }
    }

    private void vmcall(int from) {
        Insn[] args = new Insn[random.nextInt(4)];
        for (int i = 0; i < args.length; i++) {
            args[i] = value(random.nextBoolean() ? Type.I32 : Type.I64);
        }
        emit(new Insn(Op.VMCALL, Type.I64, from + random.nextInt(20), null, args));
    }

    private Insn address() {
        if (!wideCode || random.nextInt(8) == 0) {
            return address32();
        }
        if (random.nextInt(10) == 0) {
            return value(Type.I64);
        }
        if (lastWideBase != null && random.nextInt(2) == 0) {
            long by = random.nextInt(8) == 0 ? random.nextInt(1200) - 600 : random.nextInt(48) - 16;
            return emit(new Insn(Op.ADD, Type.I64, 0, null, lastWideBase, constant(Type.I64, by)));
        }
        long high = random.nextBoolean() ? TestMachine.HIGH : 0;
        if (random.nextInt(4) == 0) {
            return constant(Type.I64, high + (TestMachine.FIRST_PAGE << 12) + random.nextInt(0x3000));
        }
        Insn low = emit(new Insn(Op.ZEXT32, Type.I64, 0, null, address32()));
        lastWideBase = high == 0 ? low : emit(new Insn(Op.ADD, Type.I64, 0, null, low, constant(Type.I64, high)));
        return lastWideBase;
    }

    /** Mostly inside the RAM pages, often near a page's end. */
    private Insn address32() {
        if (random.nextInt(25) == 0) {
            return value(Type.I32);
        }
        if (lastBase != null && random.nextInt(2) == 0) {
            // Near an earlier access of the block, so that they may share a translation.
            return emit(new Insn(Op.ADD, Type.I32, 0, null, lastBase, constant(Type.I32, random.nextInt(8) == 0 ? random.nextInt(1200) - 600 : random.nextInt(48) - 16)));
        }
        if (random.nextInt(5) == 0) {
            return constant(Type.I32, (TestMachine.FIRST_PAGE << 12) + random.nextInt(0x3000));
        }
        Insn mask = constant(Type.I32, random.nextBoolean() ? 0xffff : 0xf007);
        Insn offset = emit(new Insn(Op.AND, Type.I32, 0, null, value(Type.I32), mask));
        Insn base = constant(Type.I32, (TestMachine.FIRST_PAGE << 12) + (random.nextInt(4) == 0 ? 0xff9 : 0));
        lastBase = emit(new Insn(Op.ADD, Type.I32, 0, null, offset, base));
        return lastBase;
    }

    private Insn constant(Type t, long v) {
        return emit(new Insn(Op.CONST, t, t == Type.I32 ? (int) v : v, null));
    }

    /** An existing or new value. */
    private Insn value(Type t) {
        List<Insn> pool = t == Type.I32 ? narrow : wide;
        if (!pool.isEmpty() && random.nextInt(5) < 3) {
            int recent = Math.min(pool.size(), 1 + random.nextInt(8));
            return pool.get(pool.size() - recent);
        }
        return fresh(t);
    }

    private Insn fresh(Type t) {
        if (random.nextInt(3) == 0) {
            return get(t);
        }
        return switch (random.nextInt(12)) {
            case 0 -> constant(t, INTERESTING[random.nextInt(INTERESTING.length)]);
            case 1 -> emit(new Insn(pick(UNARY), t, 0, null, value(t)));
            case 2 -> emit(new Insn(pick(SHIFT), t, 0, null, value(t), value(Type.I32)));
            case 3 -> emit(new Insn(Op.SELECT, t, 0, null, value(Type.I32), value(t), value(t)));
            case 4 -> t == Type.I32 ? compare() : emit(new Insn(random.nextBoolean() ? Op.SEXT32 : Op.ZEXT32, t, 0, null, value(Type.I32)));
            case 5 -> t == Type.I32 ? auxOrParity() : emit(new Insn(random.nextBoolean() ? Op.MULHU : Op.MULHS, t, 0, null, value(t), value(t)));
            case 6 -> t == Type.I32 ? emit(new Insn(Op.TRUNC, t, 0, null, value(Type.I64)))
                    : emit(new Insn(Op.CALL, t, 0, TestMachine.WIDE_MIX, value(t), value(Type.I32)));
            case 7 -> t == Type.I32 ? emit(new Insn(Op.CALL, t, 0, TestMachine.MIX, value(t), value(t))) : get(t);
            case 8 -> get(t);
            default -> emit(new Insn(pick(BINARY), t, 0, null, value(t), value(t)));
        };
    }

    private Insn get(Type t) {
        if (t == Type.I64 || random.nextInt(6) == 0) {
            return emit(new Insn(Op.GET, t, TestMachine.WIDE + random.nextInt(TestMachine.WIDE_COUNT), null));
        }
        return emit(new Insn(Op.GET, t, random.nextInt(8) == 0 ? FLAGS : TestMachine.NARROW + random.nextInt(FLAGS), null));
    }

    private Insn compare() {
        Type t = random.nextInt(3) == 0 ? Type.I64 : Type.I32;
        return emit(new Insn(pick(COMPARE), t, 0, null, value(t), value(t)));
    }

    private Insn auxOrParity() {
        if (random.nextInt(4) == 0) {
            return emit(new Insn(Op.PARITY, Type.I32, 0, null, value(Type.I32)));
        }
        int width = 8 << random.nextInt(4);
        Type t = width == 64 ? Type.I64 : Type.I32;
        return emit(new Insn(random.nextBoolean() ? Op.AUX_ADD : Op.AUX_SUB, t, width, null, value(t), value(t), value(t)));
    }

    /** The carry vector of an addition or a subtraction to a slot that is put more often than got. */
    private void flags() {
        Type t = random.nextInt(8) == 0 ? Type.I64 : Type.I32;
        Insn a = value(t);
        Insn b = value(t);
        boolean add = random.nextBoolean();
        Insn res = emit(new Insn(add ? Op.ADD : Op.SUB, t, 0, null, a, b));
        Insn aux = emit(new Insn(add ? Op.AUX_ADD : Op.AUX_SUB, t, t.bits(), null, a, b, res));
        emit(new Insn(Op.PUT, Type.I32, FLAGS, null, random.nextInt(4) == 0 ? value(Type.I32) : aux));
    }

    private Op pick(Op[] ops) {
        return ops[random.nextInt(ops.length)];
    }
}
