package org.gearshift.backend.jvm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.gearshift.ir.Block;
import org.gearshift.ir.Region;
import org.gearshift.ir.interp.Interpreter;
import org.gearshift.ir.pass.PassPipeline;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compiled x86 programs are in the same state as interpreted ones after any number of instructions. */
class KernelTest {
    private static final int INSTRUCTIONS = 3_000_000;
    private static final int LONGEST_SLICE = 100_000;

    private final PassPipeline passes = new PassPipeline(X86State.LAYOUT, true);

    static Stream<String> kernels() {
        return Stream.of(KernelCode.NAMES);
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void stateIsThatOfTheInterpreterAtEverySlice(String name) {
        KernelCode kernel = new KernelCode(name);
        Region lifted = BudgetPlan.enteredAtChecks(kernel.region());
        BudgetPlan plan = BudgetPlan.of(lifted);
        BackendOptions options = BackendOptions.defaults().withMaxMethodBytes(64_000).withWideShift(KernelCode.WIDE_SHIFT);
        CompiledRegion compiled = new RegionCompiler(X86State.LAYOUT, options).compile(passes.optimize(lifted, plan::checks), plan, name);
        Interpreted interpreted = new Interpreted(lifted);
        KernelCode.Flat expected = kernel.machine();
        KernelCode.Flat actual = kernel.machine();
        Random random = new Random(name.hashCode());
        long inCompiled = 0;
        for (int done = 0; done < INSTRUCTIONS && expected.s[X86State.RIP] != KernelCode.RETURN_PC;) {
            int slice = 1 + random.nextInt(LONGEST_SLICE);
            expected.budget += slice;
            interpreted.run(expected);
            actual.budget += slice;
            inCompiled += runCompiled(compiled, interpreted, actual);
            done += slice;
            assertEquals(expected.budget, actual.budget);
            assertArrayEquals(Arrays.copyOf(expected.s, X86State.LAYOUT.slotCount()), Arrays.copyOf(actual.s, X86State.LAYOUT.slotCount()));
        }
        assertTrue(Arrays.equals(expected.ram, actual.ram));
        assertTrue(inCompiled > INSTRUCTIONS / 2, "most must have run compiled: " + inCompiled);
    }

    /** Compiled code where it has an entry and enough budget, the interpreter block by block elsewhere. */
    private static long runCompiled(CompiledRegion c, Interpreted interpreted, KernelCode.Flat m) {
        long instructions = 0;
        while (true) {
            int entry = c.entryAt(m.s[X86State.RIP]);
            int before = m.budget;
            if (entry >= 0 && m.budget >= c.stretch(entry)) {
                c.runAndSettle(m, entry);
                instructions += before - m.budget;
            } else if (!interpreted.step(m)) {
                return instructions;
            }
        }
    }

    /** The program in the interpreter. */
    private final class Interpreted {
        private final Interpreter interpreter = new Interpreter(X86State.LAYOUT, X86State.FLAG_RES, X86State.FLAG_AUX);
        private final Map<Long, Integer> handles = new HashMap<>();

        Interpreted(Region r) {
            for (Block b : r.blocks()) {
                handles.put(b.pc(), interpreter.prepare(passes.optimize(b)));
            }
        }

        void run(KernelCode.Flat m) {
            while (step(m)) {
                assertTrue(m.budget >= 0);
            }
        }

        /** One block; false if there is none or the budget is too short for it. */
        boolean step(KernelCode.Flat m) {
            Integer h = handles.get(m.s[X86State.RIP]);
            return h != null && interpreter.run(m, h) != Interpreter.EXIT_BUDGET;
        }
    }
}
