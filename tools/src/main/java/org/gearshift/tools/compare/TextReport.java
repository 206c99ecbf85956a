package org.gearshift.tools.compare;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** The comparison as a table for a terminal. */
final class TextReport {
    private static final int REASONS = 4;

    private TextReport() {
    }

    static void write(PrintWriter out, List<Row> rows) {
        out.printf("%-22s %12s %6s %12s %6s %8s%n", "nanoseconds each", "full", "+-", "pv", "+-", "full/pv");
        for (Row r : rows) {
            out.printf(Locale.ROOT, "%-22s %,12.0f %5.0f%% %,12.0f %5.0f%% %8.2f%n", r.name(), r.full().median(), 100 * r.full().spread(), r.pv().median(),
                    100 * r.pv().spread(), r.ratio());
        }
        out.println();
        out.println("Why the guest left translated code, or its straight way, how often for each operation:");
        for (Row r : rows) {
            out.printf("%-22s full: %s%n", r.name(), none(r.fullReasons(REASONS)));
            out.printf("%-22s pv:   %s%n", "", none(r.pvReasons(REASONS)));
        }
        out.flush();
    }

    private static String none(String reasons) {
        return reasons.isEmpty() ? "-" : reasons;
    }
}
