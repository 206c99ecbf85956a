package org.gearshift.ir;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Random blocks: mixtures of arbitrary instructions and of the shapes that lifters produce. */
public final class RandomBlocks {
    private static final Op[] OPS = Op.values();
    private final Random random;
    private final List<Insn> out = new ArrayList<>();
    private final List<Insn> v32 = new ArrayList<>();
    private final List<Insn> v64 = new ArrayList<>();
    private IrBuilder builder;
    private int marks;
    private final boolean wide;

    /** Blocks of every other pair of seeds address with 64 bits. */
    public RandomBlocks(long seed) {
        random = new Random(seed);
        wide = (seed & 2) != 0;
    }

    public boolean isWide() {
        return wide;
    }

    /** A block at a pc; with a builder its folding applies, without the IR is as naive as can be. */
    public Block next(long pc, boolean withBuilder) {
        builder = withBuilder ? new IrBuilder(SampleContext.LAYOUT).begin(pc) : null;
        out.clear();
        v32.clear();
        v64.clear();
        marks = 0;
        int insns = 1 + random.nextInt(6);
        for (int i = 0; i < insns; i++) {
            mark(pc + i * 4L);
            for (int k = random.nextInt(5); k >= 0; k--) {
                shape();
            }
        }
        Terminator t = terminator();
        return builder != null ? builder.finish(t, insns * 4) : new Block(pc, out, t, marks, insns * 4);
    }

    private void mark(long pc) {
        marks++;
        if (builder != null) {
            builder.mark(pc);
        } else {
            out.add(new Insn(Op.MARK, Type.VOID, pc, null));
        }
    }

    private void shape() {
        switch (random.nextInt(15)) {
            case 0, 1, 2 -> arithmetic();
            case 3, 4 -> put(random.nextInt(8), any());
            case 5 -> load();
            case 6 -> store();
            case 7 -> push();
            case 8 -> pop();
            case 9 -> compare();
            case 10 -> remember(call());
            case 11 -> {
                segCheck();
                scaledSum();
            }
            case 12 -> narrowCompare();
            default -> pure();
        }
    }

    private void remember(Insn v) {
        if (v.resultType() == Type.I32) {
            v32.add(v);
        } else if (v.resultType() == Type.I64) {
            v64.add(v);
        }
    }

    private Insn emit(Op op, Type type, long imm, Insn... args) {
        Insn v = new Insn(op, type, imm, null, args);
        out.add(v);
        return v;
    }

    private Insn constant(Type t) {
        long[] nice = {0, 1, -1, 4, -4, 7, 31, 255, 0x8000, 0x7fffffff, 0xffffffff80000000L, 0x12345678, 0x123456789abcdefL};
        long v = nice[random.nextInt(nice.length)];
        v = t == Type.I32 ? (int) v : v;
        return builder != null ? builder.constant(t, v) : emit(Op.CONST, t, v);
    }

    private Insn get(Type t, int slot) {
        return builder != null ? builder.get(t, slot) : emit(Op.GET, t, slot);
    }

    private void put(int slot, Insn v) {
        if (builder != null) {
            builder.put(slot, v);
        } else {
            emit(Op.PUT, v.resultType(), slot, v);
        }
    }

    private Insn i32() {
        int k = random.nextInt(10);
        return k < 4 || v32.isEmpty() ? get(Type.I32, random.nextInt(10)) : k < 6 ? constant(Type.I32) : v32.get(random.nextInt(v32.size()));
    }

    private Insn i64() {
        int k = random.nextInt(10);
        return k < 4 || v64.isEmpty() ? get(Type.I64, random.nextInt(10)) : k < 6 ? constant(Type.I64) : v64.get(random.nextInt(v64.size()));
    }

    private Insn any() {
        return random.nextInt(4) == 0 ? i64() : i32();
    }

    private Insn of(Type t) {
        return t == Type.I32 ? i32() : i64();
    }

    private Insn op(Op op, Type t, long imm, Insn... args) {
        if (builder == null) {
            return emit(op, t, imm, args);
        }
        return switch (op) {
            case ADD -> builder.add(args[0], args[1]);
            case SUB -> builder.sub(args[0], args[1]);
            case AND -> builder.and(args[0], args[1]);
            case OR -> builder.or(args[0], args[1]);
            case XOR -> builder.xor(args[0], args[1]);
            case MUL -> builder.mul(args[0], args[1]);
            case SHL -> builder.shl(args[0], args[1]);
            case SHR -> builder.shr(args[0], args[1]);
            case SAR -> builder.sar(args[0], args[1]);
            case ROTL -> builder.rotl(args[0], args[1]);
            case ROTR -> builder.rotr(args[0], args[1]);
            case NEG -> builder.neg(args[0]);
            case NOT -> builder.not(args[0]);
            case MULHU -> builder.mulhu(args[0], args[1]);
            case MULHS -> builder.mulhs(args[0], args[1]);
            case SEXT8 -> builder.sext8(args[0]);
            case SEXT16 -> builder.sext16(args[0]);
            case ZEXT8 -> builder.zext8(args[0]);
            case ZEXT16 -> builder.zext16(args[0]);
            case SEXT32 -> builder.sext32(args[0]);
            case ZEXT32 -> builder.zext32(args[0]);
            case TRUNC -> builder.trunc(args[0]);
            case EQ -> builder.eq(args[0], args[1]);
            case NE -> builder.ne(args[0], args[1]);
            case SLT -> builder.slt(args[0], args[1]);
            case SLE -> builder.sle(args[0], args[1]);
            case ULT -> builder.ult(args[0], args[1]);
            case ULE -> builder.ule(args[0], args[1]);
            case SELECT -> builder.select(args[0], args[1], args[2]);
            case BSWAP -> builder.bswap(args[0]);
            case CLZ -> builder.clz(args[0]);
            case CTZ -> builder.ctz(args[0]);
            case POPCNT -> builder.popcnt(args[0]);
            case PARITY -> builder.parity(args[0]);
            case AUX_ADD -> builder.auxAdd((int) imm, args[0], args[1], args[2]);
            case AUX_SUB -> builder.auxSub((int) imm, args[0], args[1], args[2]);
            default -> throw new IllegalArgumentException(op.text());
        };
    }

    private Insn pure() {
        Op op = OPS[Op.ADD.ordinal() + random.nextInt(Op.AUX_SUB.ordinal() - Op.ADD.ordinal() + 1)];
        Type t = op.resultSignature() == 'l' ? Type.I64 : op == Op.TRUNC || op == Op.PARITY ? Type.I32
                : random.nextInt(3) == 0 ? Type.I64 : Type.I32;
        String sig = op.argSignature();
        Insn[] args = new Insn[sig.length()];
        for (int k = 0; k < args.length; k++) {
            args[k] = sig.charAt(k) == 'T' ? of(t) : sig.charAt(k) == 'i' ? i32() : i64();
        }
        long imm = op == Op.AUX_ADD || op == Op.AUX_SUB ? 8L << random.nextInt(t == Type.I32 ? 3 : 4) : 0;
        Insn v = op(op, t, imm, args);
        remember(v);
        return v;
    }

    /** An address within the 16 pages or a little beyond. */
    private Insn address() {
        if (wide) {
            Insn a = op(Op.AND, Type.I64, 0, i64(), builder != null ? builder.i64(0xffff) : emit(Op.CONST, Type.I64, 0xffff));
            a = random.nextInt(4) == 0 ? a : op(Op.ADD, Type.I64, 0, a, builder != null ? builder.i64(SampleContext.WIDE) : emit(Op.CONST, Type.I64, SampleContext.WIDE));
            return random.nextInt(20) == 0 ? constant(Type.I64) : random.nextBoolean() ? a : op(Op.ADD, Type.I64, 0, a, constant(Type.I64));
        }
        Insn a = op(Op.AND, Type.I32, 0, i32(), builder != null ? builder.i32(0xffff) : emit(Op.CONST, Type.I32, 0xffff));
        return random.nextBoolean() ? a : op(Op.ADD, Type.I32, 0, a, constant(Type.I32));
    }

    private int bits() {
        return 8 << random.nextInt(4);
    }

    private void load() {
        int bits = bits();
        boolean rmw = random.nextInt(4) == 0;
        Insn a = address();
        Insn v;
        if (builder != null) {
            v = rmw ? builder.loadRmw(bits, a) : builder.load(bits, a);
        } else {
            v = emit(rmw ? Op.LOAD_RMW : Op.LOAD, bits == 64 ? Type.I64 : Type.I32, bits, a);
        }
        remember(v);
        if (random.nextBoolean()) {
            put(random.nextInt(8), v);
        }
    }

    /** a + (b << constant), sometimes + constant: address arithmetic. */
    private void scaledSum() {
        Type t = word(random.nextBoolean());
        int count = random.nextInt(72);
        Insn scaled = op(Op.SHL, t, 0, of(t), builder != null ? builder.i32(count) : emit(Op.CONST, Type.I32, count));
        Insn sum = op(Op.ADD, t, 0, of(t), scaled);
        remember(random.nextBoolean() ? sum : op(Op.ADD, t, 0, sum, constant(t)));
    }

    private void store(int bits, Insn a, Insn v) {
        if (builder != null) {
            builder.store(bits, a, v);
        } else {
            emit(Op.STORE, v.resultType(), bits, a, v);
        }
    }

    private void store() {
        int bits = bits();
        store(bits, address(), of(bits == 64 ? Type.I64 : Type.I32));
    }

    private Type word() {
        return wide ? Type.I64 : Type.I32;
    }

    private Insn stackSum(int bytes) {
        return op(Op.ADD, word(), 0, get(word(), 4), builder != null ? builder.constant(word(), bytes) : emit(Op.CONST, word(), bytes));
    }

    private Insn stackLoad() {
        Insn sp = get(word(), 4);
        return builder != null ? builder.load(word().bits(), sp) : emit(Op.LOAD, word(), word().bits(), sp);
    }

    private void push() {
        Insn v = of(word());
        Insn sp = stackSum(-word().bits() / 8);
        store(word().bits(), sp, v);
        put(4, sp);
    }

    private void check(Insn target) {
        if (builder != null) {
            builder.call(SampleContext.CHECK, target);
        } else {
            helper(SampleContext.CHECK, target);
        }
    }

    private void pop() {
        Insn v = stackLoad();
        put(4, stackSum(word().bits() / 8));
        put(random.nextInt(8), v);
    }

    /** I64 in some of the blocks that address with 64 bits. */
    private Type word(boolean may) {
        return wide && may ? Type.I64 : Type.I32;
    }

    /** A result as it is put into a slot: in blocks that address with 64 bits mostly extended, as their lifters do it. */
    private Insn inSlot(Insn r, Op extension) {
        if (!wide || r.resultType() == Type.I64 || random.nextInt(6) == 0) {
            return r;
        }
        Insn v = op(extension, Type.I64, 0, r);
        remember(v);
        return v;
    }

    /** An arithmetic instruction with flags, its PUTs in any order. */
    private void arithmetic() {
        Op op = new Op[] {Op.ADD, Op.SUB, Op.AND, Op.OR, Op.XOR}[random.nextInt(5)];
        int dst = random.nextInt(12);
        Type t = word(random.nextBoolean());
        Insn a = dst < 8 && random.nextBoolean() ? get(t, dst) : of(t);
        Insn b = of(t);
        Insn r = op(op, t, 0, a, b);
        Insn aux = op == Op.ADD ? op(Op.AUX_ADD, t, t.bits(), a, b, r)
                : op == Op.SUB ? op(Op.AUX_SUB, t, t.bits(), a, b, r)
                : builder != null ? builder.i32(0) : emit(Op.CONST, Type.I32, 0);
        int first = random.nextInt(3);
        for (int k = 0; k < 3; k++) {
            switch ((first + k) % 3) {
                case 0 -> put(SampleContext.RES, inSlot(r, Op.SEXT32));
                case 1 -> put(SampleContext.AUX, aux);
                default -> {
                    if (dst < 8) {
                        put(dst, inSlot(r, Op.ZEXT32));
                    }
                }
            }
            if (random.nextInt(12) == 0) {
                pure();
            }
        }
        remember(r);
    }

    private void narrowCompare() {
        int width = 8 << random.nextInt(2);
        Insn a = i32();
        Insn b = i32();
        Insn r = op(Op.SUB, Type.I32, 0, a, b);
        Insn narrow = op(width == 8 ? Op.SEXT8 : Op.SEXT16, Type.I32, 0, r);
        put(SampleContext.RES, inSlot(narrow, Op.SEXT32));
        put(SampleContext.AUX, op(Op.AUX_SUB, Type.I32, width, a, b, r));
        if (random.nextBoolean()) {
            remember(r);
        }
        remember(narrow);
    }

    private void compare() {
        Op op = new Op[] {Op.EQ, Op.NE, Op.SLT, Op.SLE, Op.ULT, Op.ULE}[random.nextInt(6)];
        Type t = word(random.nextBoolean());
        remember(op(op, t, 0, of(t), of(t)));
    }

    private Insn call() {
        int k = random.nextInt(6);
        if (k < 2) {
            Insn a = i32();
            Insn b = i64();
            return builder != null ? builder.call(SampleContext.MIX, a, b) : helper(SampleContext.MIX, a, b);
        }
        if (k < 4) {
            Insn a = i32();
            return builder != null ? builder.call(SampleContext.SWAP, a) : helper(SampleContext.SWAP, a);
        }
        Insn a = any();
        Insn b = any();
        Insn c = i32();
        int number = 1 + random.nextInt(10);
        return builder != null ? builder.vmcall(number, a, b, c) : emit(Op.VMCALL, Type.I64, number, a, b, c);
    }

    private Insn helper(Helper h, Insn... args) {
        Insn v = new Insn(Op.CALL, h.result(), 0, h, args);
        out.add(v);
        return v;
    }

    private void segCheck() {
        Insn a = random.nextBoolean() ? address() : i32();
        int bytes = 1 << random.nextInt(4);
        if (builder != null) {
            builder.segCheck(a, SampleContext.LIMIT, 3, bytes, true);
        } else {
            emit(Op.SEGCHECK, a.resultType(), Insn.segCheck(SampleContext.LIMIT, 3, bytes, true), a);
        }
    }

    private Terminator terminator() {
        switch (random.nextInt(8)) {
            case 0:
                if (random.nextBoolean()) {
                    Insn sp = stackSum(-word().bits() / 8);
                    store(word().bits(), sp, constant(word()));
                    put(4, sp);
                }
                return Terminator.jump(0xfff00000L);
            case 1:
                if (random.nextBoolean()) {
                    Insn v = stackLoad();
                    if (wide) {
                        check(v);
                    }
                    put(4, stackSum(word().bits() / 8));
                    return Terminator.indirect(v);
                }
                return Terminator.indirect(random.nextInt(4) == 0 ? i64() : i32());
            case 2:
                return random.nextBoolean() ? Terminator.exit(0x1234) : Terminator.exitToState();
            default:
                break;
        }
        Type t = word(random.nextBoolean());
        Insn zero = builder != null ? builder.constant(t, 0) : emit(Op.CONST, t, 0);
        Insn noCarries = builder != null ? builder.i32(0) : emit(Op.CONST, Type.I32, 0);
        Insn c;
        if (random.nextInt(8) == 0) {
            Insn r = of(t);
            put(SampleContext.RES, inSlot(r, Op.SEXT32));
            put(SampleContext.AUX, noCarries);
            c = op(new Op[] {Op.EQ, Op.NE, Op.SLT, Op.SLE, Op.ULT}[random.nextInt(5)], t, 0, r, zero);
        } else if (random.nextInt(3) == 0) {
            Insn a = of(t);
            Insn b = of(t);
            Insn r = op(Op.SUB, t, 0, a, b);
            put(SampleContext.RES, inSlot(r, Op.SEXT32));
            put(SampleContext.AUX, op(Op.AUX_SUB, t, t.bits(), a, b, r));
            if (random.nextBoolean()) {
                put(random.nextInt(8), inSlot(r, Op.ZEXT32));
            }
            mark(0x5000);
            Op op = new Op[] {Op.EQ, Op.NE, Op.SLT, Op.SLE, Op.ULT, Op.ULE}[random.nextInt(6)];
            c = op(op, t, 0, random.nextBoolean() ? a : b, random.nextBoolean() ? b : a);
        } else if (random.nextInt(3) == 0) {
            Insn r = op(Op.AND, t, 0, of(t), of(t));
            put(SampleContext.AUX, noCarries);
            put(SampleContext.RES, inSlot(r, Op.SEXT32));
            c = op(random.nextBoolean() ? Op.EQ : Op.NE, t, 0, r, zero);
        } else {
            c = i32();
            if (random.nextBoolean()) {
                c = op(Op.XOR, Type.I32, 0, op(Op.SHR, Type.I32, 0, c, builder != null ? builder.i32(31) : emit(Op.CONST, Type.I32, 31)),
                        builder != null ? builder.i32(1) : emit(Op.CONST, Type.I32, 1));
            }
        }
        return Terminator.branch(c, 0x80001000L, 0xc0002000L);
    }
}
