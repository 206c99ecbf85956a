package org.gearshift.backend.jvm;

import org.gearshift.ir.Region;
import org.gearshift.ir.pass.PassPipeline;
import org.gearshift.translator.x86.X86State;

/**
 * Guest MIPS of generated code on small compiled C programs: what decides code shape (RAM strategy, slow paths, budget checks, flags). Run with
 * default tiering and with {@code -XX:TieredStopAtLevel=1}; the second pass of each program is the one to look at.
 *
 * <p>Arguments: {@code ram=FAST|CHECKED}, {@code rmw=true|false}, {@code rounds=n}, and program names (default: all).
 */
public final class BackendBenchmark {
    private static final int SLICE = Integer.MAX_VALUE;

    private BackendBenchmark() {
    }

    public static void main(String[] args) {
        BackendOptions options = BackendOptions.defaults();
        int rounds = 3;
        java.util.List<String> names = new java.util.ArrayList<>();
        for (String a : args) {
            String v = a.substring(a.indexOf('=') + 1);
            if (a.startsWith("ram=")) {
                options = options.withRam(BackendOptions.Ram.valueOf(v));
            } else if (a.startsWith("rmw=")) {
                options = options.withReuseRmwLocation(Boolean.parseBoolean(v));
            } else if (a.startsWith("rounds=")) {
                rounds = Integer.parseInt(v);
            } else {
                names.add(a);
            }
        }
        for (String n : names.isEmpty() ? java.util.List.of(KernelCode.NAMES) : names) {
            measure(n, options, rounds);
        }
    }

    private static void measure(String name, BackendOptions options, int rounds) {
        KernelCode kernel = new KernelCode(name);
        Region r = new PassPipeline(X86State.LAYOUT, false).optimize(kernel.region());
        CompiledRegion c = new RegionCompiler(X86State.LAYOUT, options).compile(r, name);
        StringBuilder line = new StringBuilder(String.format("%-6s %5d bytes", name, c.bytecodeSize()));
        int result = 0;
        for (int k = 0; k < rounds; k++) {
            KernelCode.Flat m = kernel.machine();
            long retired = 0;
            long start = System.nanoTime();
            while (m.s[X86State.RIP] != KernelCode.RETURN_PC) {
                m.budget = SLICE;
                int entry = c.entryAt(m.s[X86State.RIP]);
                if (entry < 0) {
                    throw new IllegalStateException(name + " left at 0x" + Long.toHexString(m.s[X86State.RIP]));
                }
                c.run(m, entry);
                retired += SLICE - m.budget;
            }
            double s = (System.nanoTime() - start) / 1e9;
            line.append(String.format("  %6.3f s %6.0f MIPS", s, retired / s / 1e6));
            result = (int) m.s[X86State.RAX];
        }
        System.out.println(line.append(String.format("  eax=%08x", result)));
    }
}
