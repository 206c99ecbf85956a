package org.gearshift.tools.bench;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import org.gearshift.tools.stage.Quoted;
import org.gearshift.tools.yaml.YamlError;
import org.gearshift.tools.yaml.YamlValue;

/**
 * One run of one emulator: a line of a file of results, in the form that peerbench's {@code run.py} appends.
 *
 * @param peer who ran, and in which version
 * @param kind what was run
 * @param args with which choices
 * @param why {@code ok}, or what ended the run early
 * @param boot host CPU seconds until the guest's first program ran; 0 if it never did
 * @param resident largest resident size in MiB; 0 if unknown
 * @param sections in their order
 */
public record RunRecord(String peer, String kind, String args, String why, double boot, int resident, Map<String, Section> sections) {
    /** Host CPU times are read from counters no finer than that. */
    private static final double LEAST = 0.001;

    /**
     * A stretch of guest work between two marks on its console.
     *
     * @param cpu host CPU seconds, of all threads
     * @param checksum of what the guest worked out
     * @param work how much was done; 1 where that is always the same
     */
    public record Section(double cpu, String checksum, double work) {
        /** Host CPU seconds for each unit of work. */
        double cost() {
            return Math.max(cpu, LEAST) / work;
        }
    }

    /** Reads a line. */
    static RunRecord parse(String line) throws YamlError {
        // JSON is YAML.
        Map<String, YamlValue> all = YamlValue.of("result", line).map();
        Map<String, Section> sections = new LinkedHashMap<>();
        for (Map.Entry<String, YamlValue> e : all.get("sections").map().entrySet()) {
            Map<String, YamlValue> s = e.getValue().map();
            sections.put(e.getKey(), new Section(number(s, "cpu", 0), s.get("chk").text(), number(s, "work", 1)));
        }
        return new RunRecord(all.get("peer").text(), all.get("kind").text(), all.get("args").text(), all.get("why").text(), number(all, "boot_cpu", 0),
                (int) number(all, "rss", 0), sections);
    }

    private static double number(Map<String, YamlValue> values, String key, double otherwise) throws YamlError {
        YamlValue v = values.get(key);
        if (v == null) {
            return otherwise;
        }
        try {
            return Double.parseDouble(v.text());
        } catch (YamlError | NumberFormatException e) {
            // What could not be measured is null there.
            return otherwise;
        }
    }

    /** The line that {@link #parse} reads. */
    String line() {
        StringJoiner s = new StringJoiner(", ", "{", "}");
        sections.forEach((name, e) -> s.add(String.format(Locale.ROOT, "%s: {\"cpu\": %.4f, \"chk\": %s, \"work\": %.6g}", Quoted.json(name), e.cpu, Quoted.json(e.checksum), e.work)));
        return String.format(Locale.ROOT, "{\"peer\": %s, \"kind\": %s, \"args\": %s, \"why\": %s, \"boot_cpu\": %.4f, \"rss\": %d, \"sections\": %s}", Quoted.json(peer),
                Quoted.json(kind), Quoted.json(args), Quoted.json(why), boot, resident, s);
    }
}
