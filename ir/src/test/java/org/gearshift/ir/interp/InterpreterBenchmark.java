package org.gearshift.ir.interp;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.SampleContext;
import org.gearshift.ir.Terminator;
import org.gearshift.ir.pass.PassPipeline;

/**
 * Guest MIPS of the interpreter, and the cost of preparing a block. "branchy": 3,000 generated functions of 16 blocks of about 8 instructions each, called in random
 * order, with data-dependent branches: what an operating system's start looks like. "loop": one function over and over. Cold code is what an
 * interpreter is for; never judge it by the loop alone. Run with {@code java ... InterpreterBenchmark [seconds]}.
 */
public final class InterpreterBenchmark {
    private static final int FUNCTIONS = 3_000;
    private static final int BLOCKS = 16;
    private static final int BLOCK_BYTES = 64;
    private static final int FUNCTION_BYTES = BLOCKS * BLOCK_BYTES;
    private static final long FIRST = 0x100000;
    private static final int RANDOM = 6;
    private static final int LINK = 7;
    private static final int STACK = 4;

    private final SampleContext ctx = new SampleContext();
    private final IrBuilder ir = new IrBuilder(SampleContext.LAYOUT);
    private final PassPipeline passes = new PassPipeline(SampleContext.LAYOUT, false);
    private final Interpreter interpreter = new Interpreter(SampleContext.LAYOUT, SampleContext.RES, SampleContext.AUX);
    private final Map<Long, Integer> handles = new HashMap<>();
    private final int functions;
    private long prepareNanos;
    private int prepared;

    private InterpreterBenchmark(int functions) {
        this.functions = functions;
    }

    public static void main(String[] args) {
        int seconds = args.length > 0 ? Integer.parseInt(args[0]) : 6;
        new InterpreterBenchmark(FUNCTIONS).run("branchy", seconds);
        new InterpreterBenchmark(1).run("loop", seconds);
    }

    private void run(String name, int seconds) {
        ctx.s[RANDOM] = 12345;
        ctx.s[STACK] = 0x8000;
        long pc = 0;
        for (int second = 0; second < seconds; second++) {
            long start = System.nanoTime();
            long instructions = interpreter.instructions();
            int exits = 0;
            long preparing = prepareNanos;
            while (System.nanoTime() - start < 1_000_000_000L) {
                ctx.budget = 1_000_000;
                while (ctx.budget > 100) {
                    pc = step(pc);
                    exits++;
                }
            }
            long run = System.nanoTime() - start - (prepareNanos - preparing);
            System.out.printf("%s second %d: %.1f MIPS, %d exits%n", name, second, (interpreter.instructions() - instructions) * 1e3 / run, exits);
        }
        System.out.printf("%s: %d blocks, %.2f us to build, optimize and prepare each, %.1f words each%n", name, prepared, prepareNanos / 1e3 / prepared,
                (double) interpreter.codeWords() / prepared);
    }

    private long step(long pc) {
        int exit = interpreter.run(ctx, handle(pc));
        long to = ctx.s[SampleContext.PC];
        if (exit == Interpreter.EXIT_UNLINKED) {
            interpreter.link(interpreter.lastHandle(), interpreter.lastExit(), handle(to));
        } else if (exit == Interpreter.EXIT_INDIRECT) {
            interpreter.cacheJump(to, handle(to), true);
        } else if (exit != Interpreter.EXIT_BUDGET) {
            throw new IllegalStateException("exit " + exit + " " + ctx.fault.getMessage());
        }
        return to;
    }

    private int handle(long pc) {
        Integer h = handles.get(pc);
        if (h == null) {
            long start = System.nanoTime();
            h = interpreter.prepare(passes.optimize(pc == 0 ? dispatcher() : block(pc)));
            prepareNanos += System.nanoTime() - start;
            prepared++;
            handles.put(pc, h);
        }
        return h;
    }

    /** Chooses the next function by the top bits of a linear congruential generator. */
    private Block dispatcher() {
        ir.begin(0);
        mark(0);
        ir.put(RANDOM, ir.add(ir.mul(ir.get32(RANDOM), ir.i32(1103515245)), 12345));
        mark(4);
        ir.put(LINK, ir.i32(0));
        mark(8);
        Insn index = ir.trunc(ir.shr(ir.mul(ir.zext32(ir.get32(RANDOM)), ir.i64(functions)), 32));
        return ir.finish(Terminator.indirect(ir.add(ir.mul(index, ir.i32(FUNCTION_BYTES)), FIRST)), 12);
    }

    private void mark(long pc) {
        ir.mark(pc);
    }

    private Block block(long pc) {
        Random random = new Random(pc);
        int number = (int) ((pc - FIRST) / BLOCK_BYTES % BLOCKS);
        ir.begin(pc);
        int n = 5 + random.nextInt(5);
        for (int i = 0; i < n; i++) {
            mark(pc + i * 4L);
            instruction(random);
        }
        mark(pc + n * 4L);
        if (number == BLOCKS - 1) {
            return ir.finish(Terminator.indirect(ir.get32(LINK)), n * 4 + 4);
        }
        int a = random.nextInt(4);
        Insn x = ir.get32(a);
        Insn y = random.nextBoolean() ? ir.get32(random.nextInt(4)) : ir.i32(random.nextInt(64));
        boolean test = random.nextInt(3) == 0;
        flags(test ? ir.and(x, y) : ir.sub(x, y), x, y, test ? 0 : -1);
        mark(pc + n * 4L + 2);
        Insn c = test ? ir.eq(ir.get32(SampleContext.RES), 0) : random.nextBoolean() ? ir.eq(x, y) : ir.slt(x, y);
        long next = pc + BLOCK_BYTES;
        long skip = number < BLOCKS - 2 ? next + BLOCK_BYTES : next;
        return ir.finish(Terminator.branch(c, skip, next), n * 4 + 4);
    }

    private void flags(Insn r, Insn a, Insn b, int kind) {
        ir.put(SampleContext.RES, r);
        ir.put(SampleContext.AUX, kind == 0 ? ir.i32(0) : kind > 0 ? ir.auxAdd(32, a, b, r) : ir.auxSub(32, a, b, r));
    }

    private Insn address(Random random) {
        return ir.add(ir.and(ir.get32(random.nextInt(4)), 0x3ffc), random.nextInt(64) * 4);
    }

    /** One instruction of a mix like a compiler's: moves, loads, stores, arithmetic with flags, pushes and pops, address arithmetic. */
    private void instruction(Random random) {
        int d = random.nextInt(4);
        int s = random.nextInt(4);
        switch (random.nextInt(12)) {
            case 0, 1 -> ir.put(d, ir.get32(s));
            case 2 -> ir.put(d, ir.i32(random.nextInt(1000)));
            case 3, 4 -> ir.put(d, ir.load(32, ir.add(ir.get32(STACK), random.nextInt(16) * 4)));
            case 5 -> ir.put(d, ir.load(32, address(random)));
            case 6 -> ir.store(32, ir.add(ir.get32(STACK), random.nextInt(16) * 4 - 64), ir.get32(s));
            case 7 -> {
                Insn a = ir.get32(d);
                Insn b = random.nextBoolean() ? ir.get32(s) : ir.i32(random.nextInt(100));
                Insn r = ir.add(a, b);
                ir.put(d, r);
                flags(r, a, b, 1);
            }
            case 8 -> {
                Insn r = ir.xor(ir.get32(d), ir.get32(RANDOM));
                ir.put(d, r);
                flags(r, r, r, 0);
            }
            case 9 -> {
                Insn sp = ir.add(ir.get32(STACK), -4);
                ir.store(32, sp, ir.get32(s));
                ir.put(STACK, sp);
            }
            case 10 -> {
                Insn sp = ir.get32(STACK);
                Insn v = ir.load(32, sp);
                ir.put(STACK, ir.i32(0x8000));
                ir.put(d, v);
            }
            default -> ir.put(d, ir.add(ir.add(ir.get32(d), ir.shl(ir.get32(s), 2)), 12));
        }
    }
}
