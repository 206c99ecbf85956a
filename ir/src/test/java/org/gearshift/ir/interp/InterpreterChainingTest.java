package org.gearshift.ir.interp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.gearshift.ir.Block;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.SampleContext;
import org.gearshift.ir.Terminator;
import org.junit.jupiter.api.Test;

class InterpreterChainingTest {
    private final Interpreter interpreter = new Interpreter(SampleContext.LAYOUT, SampleContext.RES, SampleContext.AUX, 4096);
    private final SampleContext ctx = new SampleContext();
    private final IrBuilder b = new IrBuilder(SampleContext.LAYOUT);

    /** {@code r0 += step; if (r0 != 0) goto taken; else goto other}, one instruction. */
    private Block loop(long pc, int step, long taken, long other) {
        b.begin(pc);
        b.mark(pc);
        b.put(0, b.add(b.get32(0), step));
        return b.finish(Terminator.branch(b.ne(b.get32(0), 0), taken, other), 1);
    }

    private Block indirect(long pc) {
        b.begin(pc);
        b.mark(pc);
        return b.finish(Terminator.indirect(b.get32(7)), 1);
    }

    @Test
    void anUnlinkedExitNamesItselfAndCanBeLinked() {
        int h = interpreter.prepare(loop(0x10, -1, 0x10, 0x20));
        ctx.s[0] = 5;
        ctx.budget = 100;
        assertEquals(Interpreter.EXIT_UNLINKED, interpreter.run(ctx, h));
        assertEquals(0x10, ctx.s[SampleContext.PC]);
        assertEquals(h, interpreter.lastHandle());
        assertEquals(0, interpreter.lastExit());
        interpreter.link(h, 0, h);
        assertEquals(Interpreter.EXIT_UNLINKED, interpreter.run(ctx, h));
        assertEquals(0x20, ctx.s[SampleContext.PC]);
        assertEquals(1, interpreter.lastExit());
        assertEquals(95, ctx.budget);
        assertEquals(5, interpreter.instructions());
        assertEquals(5, interpreter.executions(h));
    }

    /** {@code r0 = r0 + 1}, so many times, and a jump to what the 64 bits of another slot say. */
    private Block wideIndirect(int additions) {
        b.begin(0x10);
        b.mark(0x10);
        for (int i = 0; i < additions; i++) {
            b.put(0, b.add(b.get32(0), 1));
        }
        return b.finish(Terminator.indirect(b.get64(7)), 1);
    }

    private int words(Block block) {
        int before = interpreter.codeWords();
        interpreter.prepare(block);
        return interpreter.codeWords() - before;
    }

    /** The last operation is one word long, and the array that all blocks are in ends with it. */
    @Test
    void aBlockMayEndWhereTheArrayEnds() {
        int least = words(wideIndirect(0));
        int each = words(wideIndirect(1)) - least;
        int end = 1 << 16;
        while ((end - interpreter.codeWords() - least) % each != 0 || end - interpreter.codeWords() > 3 * least + each) {
            interpreter.prepare(wideIndirect(0));
        }
        int last = interpreter.prepare(wideIndirect((end - interpreter.codeWords() - least) / each));
        assertEquals(end, interpreter.codeWords());
        ctx.s[7] = 0x123456789abcdef0L;
        ctx.budget = 100;
        assertEquals(Interpreter.EXIT_INDIRECT, interpreter.run(ctx, last));
        assertEquals(0x123456789abcdef0L, ctx.s[SampleContext.PC]);
    }

    @Test
    void theBudgetEndsAChainExactly() {
        int h = interpreter.prepare(loop(0x10, 1, 0x10, 0x20));
        interpreter.link(h, 0, h);
        ctx.s[0] = 1;
        ctx.budget = 37;
        assertEquals(Interpreter.EXIT_BUDGET, interpreter.run(ctx, h));
        assertEquals(0, ctx.budget);
        assertEquals(38, ctx.s[0]);
        assertEquals(0x10, ctx.s[SampleContext.PC]);
    }

    @Test
    void aHotBlockIsReportedBeforeItRunsAgain() {
        interpreter.setDefaultThreshold(3);
        int h = interpreter.prepare(loop(0x10, 1, 0x10, 0x20));
        interpreter.link(h, 0, h);
        ctx.s[0] = 1;
        ctx.budget = 100;
        assertEquals(Interpreter.EXIT_HOT, interpreter.run(ctx, h));
        assertEquals(h, interpreter.lastHandle());
        assertEquals(4, ctx.s[0]);
        assertEquals(97, ctx.budget);
        assertEquals(Interpreter.EXIT_HOT, interpreter.run(ctx, h));
        assertEquals(4, ctx.s[0]);
        interpreter.setThreshold(h, 2);
        assertEquals(Interpreter.EXIT_HOT, interpreter.run(ctx, h));
        assertEquals(6, ctx.s[0]);
    }

    @Test
    void indirectJumpsAndUnlinkedExitsUseTheJumpCacheOfTheirSalt() {
        int jump = interpreter.prepare(indirect(0x10));
        int target = interpreter.prepare(loop(0xc0000000L, 1, 0x99, 0x99));
        ctx.s[7] = 0xffffffffc0000000L;
        ctx.budget = 100;
        assertEquals(Interpreter.EXIT_INDIRECT, interpreter.run(ctx, jump));
        assertEquals(0xc0000000L, ctx.s[SampleContext.PC]);
        interpreter.cacheJump(0xc0000000L, target, true);
        assertEquals(Interpreter.EXIT_UNLINKED, interpreter.run(ctx, jump));
        assertEquals(0x99, ctx.s[SampleContext.PC]);
        interpreter.cacheJump(0x99, jump, false);
        interpreter.setJumpSalt(3L << 32);
        assertEquals(Interpreter.EXIT_INDIRECT, interpreter.run(ctx, jump));
        interpreter.setJumpSalt(0);
        assertEquals(Interpreter.EXIT_BUDGET, interpreter.run(ctx, jump));
        interpreter.flushJumps();
        ctx.budget = 10;
        assertEquals(Interpreter.EXIT_INDIRECT, interpreter.run(ctx, jump));
    }

    @Test
    void jumpsOfOneAddressSpaceAreForgottenWithoutTheOthers() {
        int jump = interpreter.prepare(indirect(0x10));
        int target = interpreter.prepare(loop(0xc0000000L, 1, 0x99, 0x99));
        ctx.s[7] = 0xffffffffc0000000L;
        ctx.budget = 100;
        interpreter.cacheJump(0xc0000000L, target, true);
        interpreter.cacheJump(0x99, jump, false);
        assertEquals(Interpreter.EXIT_BUDGET, interpreter.run(ctx, jump));
        interpreter.flushJumpsOfSpace();
        ctx.budget = 100;
        assertEquals(Interpreter.EXIT_UNLINKED, interpreter.run(ctx, jump));
        assertEquals(0x99, ctx.s[SampleContext.PC]);
    }

    @Test
    void nobodyEntersAFreedBlock() {
        int first = interpreter.prepare(loop(0x10, 1, 0x20, 0x20));
        int second = interpreter.prepare(loop(0x20, 1, 0x30, 0x30));
        interpreter.link(first, 0, second);
        interpreter.free(second);
        ctx.s[0] = 1;
        ctx.budget = 100;
        assertEquals(Interpreter.EXIT_UNLINKED, interpreter.run(ctx, first));
        assertEquals(0x20, ctx.s[SampleContext.PC]);
        assertEquals(2, ctx.s[0]);
        assertEquals(99, ctx.budget);
        assertEquals(first, interpreter.lastHandle());
        assertEquals(0, interpreter.lastExit());
        int again = interpreter.prepare(loop(0x20, 10, 0x30, 0x30));
        interpreter.link(first, 0, again);
        interpreter.run(ctx, first);
        assertEquals(13, ctx.s[0]);
    }

    @Test
    void compactionKeepsLiveBlocksTheirLinksAndHandles() {
        int a = interpreter.prepare(loop(0x10, 1, 0x20, 0x20));
        List<Integer> garbage = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            garbage.add(interpreter.prepare(loop(0x1000 + i, 1, 0, 0)));
        }
        int z = interpreter.prepare(loop(0x20, 100, 0x30, 0x30));
        interpreter.link(a, 0, z);
        interpreter.link(z, 0, garbage.get(500));
        int before = interpreter.codeWords();
        garbage.forEach(interpreter::free);
        interpreter.prepare(loop(0x40, 1, 0, 0));
        assertTrue(interpreter.codeWords() < before / 100);
        assertEquals(3, interpreter.liveBlocks());
        ctx.s[0] = 1;
        ctx.budget = 100;
        assertEquals(Interpreter.EXIT_UNLINKED, interpreter.run(ctx, a));
        assertEquals(102, ctx.s[0]);
        assertEquals(z, interpreter.lastHandle());
        assertEquals(0x30, ctx.s[SampleContext.PC]);
    }
}
