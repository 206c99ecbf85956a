package org.gearshift.vmm;

import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.vmm.engine.Engine;
import org.gearshift.vmm.engine.EngineStatistics;

/** What a run came to, in lines of a name and figures. */
final class RunSummary {
    /** Regions named. */
    private static final int HOTTEST = 10;

    private RunSummary() {
    }

    /** The run of a machine. @param wallNanos host time it took, 0 if not known */
    static String of(List<? extends Processor> processors, long wallNanos) {
        StringBuilder b = new StringBuilder();
        total(b, processors.stream().mapToLong(p -> p.engine().retired()).sum(), processors.stream().mapToLong(p -> p.engine().interpreted()).sum(), wallNanos);
        for (Processor p : processors) {
            if (processors.size() > 1) {
                line(b, "processor " + p.number, "%,d instructions", p.engine().retired());
            }
            processor(b, p.engine(), p.mmu);
        }
        return b.toString();
    }

    private static void total(StringBuilder b, long retired, long interpreted, long wallNanos) {
        line(b, "guest instructions", "%,d", retired);
        if (wallNanos > 0) {
            line(b, "host time", "%.2f s, %.1f MIPS", wallNanos / 1e9, retired * 1e3 / wallNanos);
        }
        line(b, "host CPU", "%.2f s of this thread, %.2f s of the process", ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 1e9,
                ProcessHandle.current().info().totalCpuDuration().map(d -> d.toMillis() / 1e3).orElse(0.0));
        line(b, "interpreted", "%,d (%.2f %%)", interpreted, 100.0 * interpreted / Math.max(1, retired));
    }

    private static void processor(StringBuilder b, Engine engine, ShadowMmu mmu) {
        EngineStatistics s = engine.statistics();
        line(b, "blocks translated", "%,d (%,d instructions, %d ms)", s.blocks, s.blockInsns, s.translateNanos / 1_000_000);
        line(b, "regions compiled", "%,d (%,d instructions, %,d bytes of bytecode, %,d made smaller, %,d extended, %,d merged, %,d calling, %,d to C2, %,d of others, %,d as in an earlier run, %d ms)", s.regions,
                s.regionInsns, s.regionBytes, s.regionRetries, s.extended, s.merged, s.calling, s.optimized, s.adopted, s.recalled, s.compileNanos / 1_000_000);
        line(b, "invalidated", "%,d blocks, %,d regions", s.invalidatedBlocks, s.invalidatedRegions);
        line(b, "interrupts, exceptions", "%,d, %,d", s.interrupts, s.exceptions);
        StringBuilder exits = new StringBuilder();
        for (Map.Entry<EngineStatistics.Exit, Long> e : s.exits().entrySet()) {
            exits.append(exits.length() == 0 ? "" : ", ").append(e.getKey().name().toLowerCase(Locale.ROOT)).append(' ').append(String.format("%,d", e.getValue()));
        }
        line(b, "exits", "%s", exits);
        line(b, "linked exits", "%,d; %,d times on in the same region", s.linked, s.stayed);
        line(b, "shadow paging", "%s", mmu.counters());
        for (String r : engine.hottestRegions(HOTTEST)) {
            line(b, "hot region", "%s", r);
        }
    }

    /** {@link Machine#counters} as far as they are the same for all machines. */
    static Map<String, Long> counters(Engine engine, ShadowMmu mmu) {
        EngineStatistics s = engine.statistics();
        Map<String, Long> all = new LinkedHashMap<>();
        all.put("exception", s.exceptions);
        all.put("interrupt", s.interrupts);
        all.put("exact step", s.exits().get(EngineStatistics.Exit.EXACT));
        all.put("page walk", mmu.counters().walks);
        all.put("table store", mmu.counters().traceHits);
        all.put("address space", mmu.counters().switches);
        all.values().removeIf(n -> n == 0);
        return all;
    }

    /** The same of several processors together. */
    static Map<String, Long> counters(List<? extends Processor> processors) {
        Map<String, Long> all = new LinkedHashMap<>();
        for (Processor p : processors) {
            counters(p.engine(), p.mmu).forEach((name, n) -> all.merge(name, n, Long::sum));
        }
        return all;
    }

    /** Appends one line. */
    static void line(StringBuilder b, String name, String format, Object... args) {
        b.append(String.format("%-24s", name)).append(String.format(Locale.ROOT, format, args)).append(System.lineSeparator());
    }
}
