package org.gearshift.tools.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import org.gearshift.tools.bench.Table.Pair;
import org.gearshift.tools.stage.Quoted;
import org.gearshift.tools.yaml.YamlError;
import org.gearshift.tools.yaml.YamlValue;

/**
 * HotSpot has cliffs: a method that is suddenly no longer compiled, deoptimized over and over, or too large to be inlined makes the same guest code many times slower, now and then or from some change on. An alarm
 * says so of every section that took more than twice its own median: in one run beside the others, and of all runs beside what was usual once. The latter is kept as a ratio to the other
 * emulator, since machines differ.
 */
public final class Alarm {
    private static final double FACTOR = 2;
    /** Shorter sections double by chance. */
    private static final double LEAST_SECONDS = 0.1;

    /** By table, then by section. */
    private final Map<String, Map<String, Double>> medians = new TreeMap<>();

    /** What was usual, as written by {@link #write}. */
    public static Alarm read(Path file) throws IOException, YamlError {
        Alarm out = new Alarm();
        for (Map.Entry<String, YamlValue> t : YamlValue.read(file).map().entrySet()) {
            Map<String, Double> sections = new LinkedHashMap<>();
            for (Map.Entry<String, YamlValue> s : t.getValue().map().entrySet()) {
                try {
                    sections.put(s.getKey(), Double.parseDouble(s.getValue().text()));
                } catch (NumberFormatException e) {
                    throw s.getValue().error("'" + s.getValue().text() + "' is no ratio");
                }
            }
            out.medians.put(t.getKey(), sections);
        }
        return out;
    }

    /** Takes the medians of a table as usual from now on; tables that are not measured stay as they were. */
    public void learn(Table t) {
        Map<String, Double> sections = new LinkedHashMap<>();
        t.pairs().forEach(p -> sections.put(p.name(), p.ratio()));
        if (!sections.isEmpty()) {
            medians.put(key(t), sections);
        }
    }

    public void write(Path file) throws IOException {
        StringJoiner tables = new StringJoiner(",\n", "{\n", "\n}\n");
        medians.forEach((key, sections) -> {
            StringJoiner s = new StringJoiner(", ", "{", "}");
            sections.forEach((name, ratio) -> s.add(String.format(Locale.ROOT, "%s: %.4g", Quoted.json(name), ratio)));
            tables.add("  " + Quoted.json(key) + ": " + s);
        });
        Files.writeString(file, tables.toString());
    }

    /** A table whatever the version that was measured. */
    private static String key(Table t) {
        return t.kind() + " " + t.percent() + " " + t.peer().replaceAll("@.*", "");
    }

    /** A sentence for every section that is to be looked at. */
    public List<String> look(Table t) {
        List<String> out = new ArrayList<>();
        Map<String, Double> usual = medians.getOrDefault(key(t), Map.of());
        for (Pair p : t.pairs()) {
            double median = Figures.median(p.peer());
            for (int i = 0; i < p.peer().size(); i++) {
                if (p.seconds() >= LEAST_SECONDS && p.peer().get(i) > FACTOR * median) {
                    out.add(String.format(Locale.ROOT, "%s %s: run %d took %.1f times the median of %.2f s", key(t), p.name(), i + 1, p.peer().get(i) / median, p.seconds()));
                }
            }
            Double was = usual.get(p.name());
            if (was != null && p.seconds() >= LEAST_SECONDS && p.ratio() > FACTOR * was) {
                out.add(String.format(Locale.ROOT, "%s %s: %.2f times the other's time, %.2f is usual", key(t), p.name(), p.ratio(), was));
            }
        }
        return out;
    }
}
