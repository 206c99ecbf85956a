package org.gearshift.tools.compare;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.gearshift.tools.stage.Quoted;

/** The comparison as JSON: {@code {workload, date, host, rows: [{name, operations, full: {median, spread, values, exits}, pv: {...}, ratio}]}}; times in nanoseconds, exits of all
 * operations of a run. */
final class JsonReport {
    private JsonReport() {
    }

    static String of(String workload, String date, String host, List<Row> rows) {
        String body = rows.stream().map(JsonReport::row).collect(Collectors.joining(",\n    "));
        return "{\n  \"workload\": " + Quoted.json(workload) + ",\n  \"date\": " + Quoted.json(date) + ",\n  \"host\": " + Quoted.json(host) + ",\n  \"rows\": [\n    " + body + "\n  ]\n}\n";
    }

    private static String row(Row r) {
        return String.format(Locale.ROOT, "{\"name\": %s, \"operations\": %d, \"full\": %s, \"pv\": %s, \"ratio\": %.4f}", Quoted.json(r.name()), r.operations(),
                gear(r.full(), r.fullExits()), gear(r.pv(), r.pvExits()), r.ratio());
    }

    private static String gear(Sample s, Map<String, Long> exits) {
        String reasons = exits.entrySet().stream().map(e -> Quoted.json(e.getKey()) + ": " + e.getValue()).collect(Collectors.joining(", "));
        return String.format(Locale.ROOT, "{\"median\": %.1f, \"spread\": %.4f, \"values\": %s, \"exits\": {%s}}", s.median(), s.spread(), Arrays.toString(s.values()), reasons);
    }
}
