package org.gearshift.backend.jvm;

import org.gearshift.ir.Region;
import org.gearshift.ir.pass.PassPipeline;
import org.gearshift.translator.x86.X86State;

/**
 * Guest MIPS of generated code on small compiled C programs: what decides code shape (RAM strategy, slow paths, budget checks, flags). Run with
 * default tiering and with {@code -XX:TieredStopAtLevel=1}; the second pass of each program is the one to look at.
 *
 * <p>Arguments: {@code ram=FAST|CHECKED}, {@code rmw=true|false}, {@code check=few|every} (budget), {@code rounds=n}, and program names (default: all).
 */
public final class BackendBenchmark {
    private static final int SLICE = 1_000_000;

    /** With {@code -XX:-DontCompileHugeMethods} programs above the usual limit can be measured, too. */
    private static final int LARGE = 16_000;
    private static final int COMPILATIONS = 200;

    private BackendBenchmark() {
    }

    public static void main(String[] args) {
        BackendOptions options = BackendOptions.defaults();
        int rounds = 3;
        boolean everyBlock = false;
        java.util.List<String> names = new java.util.ArrayList<>();
        for (String a : args) {
            String v = a.substring(a.indexOf('=') + 1);
            if (a.startsWith("ram=")) {
                options = options.withRam(BackendOptions.Ram.valueOf(v));
            } else if (a.startsWith("rmw=")) {
                options = options.withReuseRmwLocation(Boolean.parseBoolean(v));
            } else if (a.startsWith("check=")) {
                everyBlock = v.equals("every");
            } else if (a.startsWith("rounds=")) {
                rounds = Integer.parseInt(v);
            } else {
                names.add(a);
            }
        }
        options = options.withMaxMethodBytes(LARGE).withWideShift(KernelCode.WIDE_SHIFT);
        for (String n : names.isEmpty() ? java.util.List.of(KernelCode.NAMES) : names) {
            measure(n, options, everyBlock, rounds);
        }
    }

    private static void measure(String name, BackendOptions options, boolean everyBlock, int rounds) {
        KernelCode kernel = new KernelCode(name);
        Region lifted = BudgetPlan.enteredAtChecks(kernel.region());
        BudgetPlan plan = everyBlock ? BudgetPlan.everyBlock(lifted) : BudgetPlan.of(lifted);
        Region r = new PassPipeline(X86State.LAYOUT, false).optimize(lifted, plan::checks);
        CompiledRegion c = new RegionCompiler(X86State.LAYOUT, options).compile(r, plan, name);
        long begin = System.nanoTime();
        for (int k = 0; k < COMPILATIONS; k++) {
            new RegionCompiler(X86State.LAYOUT, options).compile(r, plan, name);
        }
        long micros = (System.nanoTime() - begin) / 1000 / COMPILATIONS;
        StringBuilder line = new StringBuilder(String.format("%-6s %3d insns %5d bytes %5d us to compile", name, c.guestInsns(), c.bytecodeSize(), micros));
        int result = 0;
        for (int k = 0; k < rounds; k++) {
            KernelCode.Flat m = kernel.machine();
            long retired = 0;
            long start = System.nanoTime();
            while (m.s[X86State.RIP] != KernelCode.RETURN_PC) {
                int entry = c.entryAt(m.s[X86State.RIP]);
                if (entry < 0) {
                    throw new IllegalStateException(name + " left at 0x" + Long.toHexString(m.s[X86State.RIP]));
                }
                m.budget = Math.max(SLICE, c.stretch(entry));
                int before = m.budget;
                c.runAndSettle(m, entry);
                retired += before - m.budget;
            }
            double s = (System.nanoTime() - start) / 1e9;
            line.append(String.format("  %6.3f s %6.0f MIPS", s, retired / s / 1e6));
            result = (int) m.s[X86State.RAX];
        }
        System.out.println(line.append(String.format("  eax=%08x", result)));
    }
}
