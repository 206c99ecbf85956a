package org.gearshift.samples;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Where the reference is wrong: the table {@code qemu-departures.txt}, whose form its head describes. */
final class QemuDepartures {
    /**
     * A row of the table.
     *
     * @param checks pattern of the names of checks, as a shell would take it
     * @param what what QEMU does
     * @param reference where the manual says otherwise
     */
    record Row(String checks, String what, String reference) {
        private Pattern pattern() {
            return Pattern.compile(checks.replace(".", "\\.").replace("*", ".*"));
        }
    }

    private final List<Row> rows = new ArrayList<>();
    private final List<Pattern> patterns = new ArrayList<>();
    private final List<Row> unused = new ArrayList<>();

    /** @param resource the table */
    QemuDepartures(String resource) {
        try (InputStream in = QemuDepartures.class.getResourceAsStream(resource)) {
            new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().filter(l -> !l.isBlank() && !l.startsWith("#")).forEach(this::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void add(String line) {
        String[] fields = line.split(" ; ", -1);
        if (fields.length != 3 || fields[1].isBlank() || fields[2].isBlank()) {
            throw new IllegalArgumentException("not a row of three fields: " + line);
        }
        Row row = new Row(fields[0].trim(), fields[1].trim(), fields[2].trim());
        rows.add(row);
        patterns.add(row.pattern());
        unused.add(row);
    }

    /** Whether a check is one in which QEMU is known to depart; every row that says so counts as used. */
    boolean known(String check) {
        boolean found = false;
        for (int i = 0; i < rows.size(); i++) {
            if (patterns.get(i).matcher(check).matches()) {
                unused.remove(rows.get(i));
                found = true;
            }
        }
        return found;
    }

    /** Rows that no check has needed yet. */
    List<Row> unused() {
        return unused;
    }
}
