package org.gearshift.ir.pass;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.gearshift.ir.Block;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Parser;
import org.gearshift.ir.Printer;
import org.gearshift.ir.RandomBlocks;
import org.gearshift.ir.ReferenceEvaluator;
import org.gearshift.ir.Region;
import org.gearshift.ir.SampleContext;
import org.gearshift.ir.Verifier;
import org.junit.jupiter.api.Test;

/** Passes, and a trip through text, change nothing that the guest or the monitor can see. */
class PassesKeepMeaningTest {
    private static final int BLOCKS = Integer.getInteger("blocks", 6_000);
    private static final Map<String, Helper> HELPERS = Map.of("mix", SampleContext.MIX, "swap", SampleContext.SWAP, "check", SampleContext.CHECK);

    @Test
    void simplification() {
        compare(new Simplification(SampleContext.LAYOUT)::run);
    }

    @Test
    void deadCode() {
        compare(DeadCode::run);
    }

    @Test
    void deadPuts() {
        compare(DeadPuts::run);
    }

    @Test
    void theCheapPipeline() {
        compare(new PassPipeline(SampleContext.LAYOUT, false)::optimize);
    }

    @Test
    void theFullPipeline() {
        PassPipeline p = new PassPipeline(SampleContext.LAYOUT, false);
        compare(b -> p.optimize(Region.of(b)).blocks().get(0));
    }

    @Test
    void printingAndParsing() {
        compare(b -> {
            String text = Printer.print(b, SampleContext.LAYOUT);
            Block back = Parser.parseBlock(text, SampleContext.LAYOUT, HELPERS);
            assertEquals(text, Printer.print(back, SampleContext.LAYOUT));
            assertEquals(b.guestInsns(), back.guestInsns());
            return back;
        });
    }

    private static void compare(UnaryOperator<Block> pass) {
        SampleContext expected = new SampleContext();
        SampleContext actual = new SampleContext();
        for (int seed = 0; seed < BLOCKS; seed++) {
            Block b = new RandomBlocks(seed).next(0x1000, seed % 2 == 0);
            Block optimized = pass.apply(b);
            List<String> broken = Verifier.check(optimized, SampleContext.LAYOUT).stream().filter(r -> !r.contains("fault-before-put")).toList();
            assertTrue(broken.isEmpty(), () -> broken.toString());
            set(expected, seed);
            set(actual, seed);
            boolean ok = new ReferenceEvaluator(expected).run(b);
            int number = seed;
            // Text is for the one that fails.
            Supplier<String> what = () -> "seed " + number + "\n" + Printer.print(b, SampleContext.LAYOUT) + Printer.print(optimized, SampleContext.LAYOUT);
            assertEquals(ok, new ReferenceEvaluator(actual).run(optimized), what);
            assertArrayEquals(Arrays.copyOf(expected.s, 12), Arrays.copyOf(actual.s, 12), what);
            assertEquals(expected.log, actual.log, what);
            assertEquals(expected.budget, actual.budget, what);
            assertEquals(-1, Arrays.mismatch(expected.ram, actual.ram), what);
        }
    }

    private static void set(SampleContext ctx, int seed) {
        Random random = new Random(seed * 13L + 5);
        for (int i = 0; i < SampleContext.PC; i++) {
            ctx.s[i] = switch (random.nextInt(3)) {
                case 0 -> random.nextInt(0x10000);
                case 1 -> random.nextLong();
                default -> random.nextInt(16) - 8;
            };
        }
        ctx.s[4] = random.nextInt(0xd000);
        ctx.s[SampleContext.LIMIT] = 0xffffffffL;
        ctx.budget = 100;
        ctx.log.clear();
    }
}
