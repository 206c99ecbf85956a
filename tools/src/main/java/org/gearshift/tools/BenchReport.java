package org.gearshift.tools;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.tools.bench.Alarm;
import org.gearshift.tools.bench.Table;
import org.gearshift.tools.bench.TableText;
import org.gearshift.tools.yaml.YamlError;
import picocli.CommandLine.Option;

/** What becomes of the tables. */
final class BenchReport {
    @Option(names = "--json", paramLabel = "FILE", description = "Write the tables as JSON.")
    private Path json;

    @Option(names = "--sections", description = "Print every section, too.")
    private boolean sections;

    @Option(names = "--alarm", paramLabel = "FILE", description = "Exit code 1 if a section took more than twice its median: one run beside the others, or all beside what the file has as usual.")
    private Path alarm;

    @Option(names = "--learn", paramLabel = "FILE", description = "Write what was measured to this file as usual for --alarm.")
    private Path learn;

    /** Prints and writes them; returns the exit code. */
    int report(List<Table> all, PrintWriter out) throws IOException {
        List<Table> tables = all.stream().filter(t -> !t.rows().isEmpty() || !t.pairs().isEmpty()).toList();
        for (Table t : tables) {
            out.println(TableText.rows(t));
            if (sections) {
                out.println(TableText.sections(t));
            }
        }
        out.flush();
        if (json != null) {
            Files.writeString(json, TableText.json(tables));
        }
        boolean good = tables.stream().allMatch(t -> t.differing().isEmpty());
        try {
            if (learn != null) {
                Alarm usual = Files.exists(learn) ? Alarm.read(learn) : new Alarm();
                tables.forEach(usual::learn);
                usual.write(learn);
            }
            if (alarm != null) {
                Alarm usual = Alarm.read(alarm);
                List<String> found = new ArrayList<>();
                tables.forEach(t -> found.addAll(usual.look(t)));
                found.forEach(f -> out.println("ALARM: " + f));
                out.println(found.isEmpty() ? "no section took more than twice its median" : found.size() + " alarms");
                good &= found.isEmpty();
            }
        } catch (YamlError e) {
            throw new Gearshift.UsageError(e.getMessage());
        }
        return good ? 0 : 1;
    }
}
