package org.gearshift.tools.compare;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The comparison as a table for a document, with what was published beside it. */
final class MarkdownReport {
    private static final int REASONS = 3;
    /**
     * How many times as long as under Xen an operation took in a virtual machine of VMware Workstation 3.2, by the name that it has here: tables 3, 4 and 5 of
     * Barham and others, "Xen and the art of virtualization", 2003 (Linux 2.4.21, dual Xeon 2.4 GHz, lmbench 2.0). Of file-create-delete both halves; of 16
     * processes those with 16 KiB each.
     */
    private static final Map<String, Double> PUBLISHED = Map.ofEntries(Map.entry("null-call", 0.73 / 0.46), Map.entry("stat", 1.88 / 1.22), Map.entry("open-close", 2.99 / 1.88),
            Map.entry("signal-install", 1.02 / 0.69), Map.entry("signal", 4.63 / 1.75), Map.entry("fork-exit", 874.0 / 198), Map.entry("fork-exec", 2300.0 / 768),
            Map.entry("context-switch-2p", 18.1 / 1.97), Map.entry("context-switch-16p", 41.7 / 7.08), Map.entry("file-create-delete", (35.3 + 9.3) / (32.5 + 5.86)),
            Map.entry("mmap", 620.0 / 139), Map.entry("protection-fault", 7.53 / 1.40), Map.entry("page-fault", 12.4 / 2.73));

    private MarkdownReport() {
    }

    static String of(String workload, String date, String host, String command, List<Row> rows) {
        StringBuilder b = new StringBuilder();
        b.append('`').append(command).append("`, ").append(date).append(", ").append(host).append("; ").append(workload).append(".\n\n");
        b.append("| nanoseconds each | full | ± | pv | ± | full/pv | VMware/Xen 2003 | full: why it left translated code, each | pv |\n");
        b.append("| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |\n");
        for (Row r : rows) {
            Double published = PUBLISHED.get(r.name());
            b.append(String.format(Locale.ROOT, "| %s | %,.0f | %.0f %% | %,.0f | %.0f %% | **%.2f** | %s | %s | %s |%n", r.name(), r.full().median(), 100 * r.full().spread(),
                    r.pv().median(), 100 * r.pv().spread(), r.ratio(), published == null ? "" : String.format(Locale.ROOT, "%.2f", published),
                    r.fullReasons(REASONS), r.pvReasons(REASONS)));
        }
        return b.toString();
    }
}
