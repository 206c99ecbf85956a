package org.gearshift.tools.bench;

import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import org.gearshift.tools.bench.Table.Pair;
import org.gearshift.tools.bench.Table.Row;
import org.gearshift.tools.stage.Quoted;

/** Tables as text, and as JSON. */
public final class TableText {
    private TableText() {
    }

    private static String title(Table t) {
        return t.kind() + (t.percent() < 0 ? "" : ", " + t.percent() + " % of the usual work") + ": " + t.peer() + " / " + t.base();
    }

    /** Goals with what was reached. */
    public static String rows(Table t) {
        StringBuilder out = new StringBuilder(title(t)).append('\n');
        out.append(String.format("%-28s %8s %6s %8s %13s  %-6s  %s%n", "", "needed", "aim", "ratio", "spread", "", "worst"));
        for (Row r : t.rows()) {
            Pair w = r.worst();
            boolean size = r.goal().measure() == Goal.Measure.RESIDENT;
            String worst = w == null ? "" : r.goal().measure() == Goal.Measure.BOOT ? String.format(Locale.ROOT, "%.2f s / %.2f s, %d runs", Figures.median(w.peer()),
                    Figures.median(w.base()), w.rounds()) : String.format(Locale.ROOT, "%s %.2f, %d runs", w.name(), w.ratio(), w.rounds());
            out.append(String.format("%-28s %8s %6s %8s %13s  %-6s  %s%n", r.goal().label(), t.judged() ? number(r.needed(), size) : "",
                    t.judged() && r.aim() != 0 ? number(r.aim(), size) : "",
                    number(r.ratio(), size), number(r.low(), size) + "-" + number(r.high(), size), !t.judged() ? "" : r.passed() ? "pass" : "missed", worst));
        }
        if (!t.differing().isEmpty()) {
            out.append("CHECKSUMS DIFFER: ").append(String.join(" ", t.differing())).append('\n');
        }
        t.failures().forEach(f -> out.append("did not end well: ").append(f).append('\n'));
        return out.toString();
    }

    private static String number(double d, boolean whole) {
        return String.format(Locale.ROOT, whole ? "%.0f" : "%.2f", d);
    }

    /** Every section. */
    public static String sections(Table t) {
        StringBuilder out = new StringBuilder(title(t)).append(", host CPU seconds (medians)\n");
        for (Pair p : t.pairs()) {
            out.append(String.format(Locale.ROOT, "  %-20s %10.4g %10.4g %7.2f%n", p.name(), Figures.median(p.peer()), Figures.median(p.base()), p.ratio()));
        }
        return out.toString();
    }

    /** All that was found, as an array of tables. */
    public static String json(List<Table> tables) {
        StringJoiner out = new StringJoiner(",\n  ", "[\n  ", "\n]\n");
        for (Table t : tables) {
            StringJoiner rows = new StringJoiner(",\n    ", "[\n    ", "]");
            t.rows().forEach(r -> rows.add(row(r)));
            StringJoiner pairs = new StringJoiner(",\n    ", "{\n    ", "}");
            t.pairs().forEach(p -> pairs.add(Quoted.json(p.name()) + ": " + pair(p)));
            StringJoiner differing = new StringJoiner(", ", "[", "]");
            t.differing().forEach(d -> differing.add(Quoted.json(d)));
            out.add(String.format("{\"kind\": %s, \"percent\": %d, \"peer\": %s, \"base\": %s, \"differing\": %s, \"rows\": %s, \"sections\": %s}", Quoted.json(t.kind()), t.percent(),
                    Quoted.json(t.peer()), Quoted.json(t.base()), differing, rows, pairs));
        }
        return out.toString();
    }

    private static String row(Row r) {
        return String.format(Locale.ROOT, "{\"row\": %s, \"needed\": %.4g, \"aim\": %.4g, \"ratio\": %.4f, \"low\": %.4f, \"high\": %.4f, \"passed\": %b}", Quoted.json(r.goal().label()),
                r.needed(), r.aim(), r.ratio(), r.low(), r.high(), r.passed());
    }

    private static String pair(Pair p) {
        return String.format(Locale.ROOT, "{\"ratio\": %.4f, \"peer\": %s, \"base\": %s}", p.ratio(), numbers(p.peer()), numbers(p.base()));
    }

    private static String numbers(List<Double> values) {
        StringJoiner out = new StringJoiner(", ", "[", "]");
        values.forEach(v -> out.add(String.format(Locale.ROOT, "%.6g", v)));
        return out.toString();
    }
}
