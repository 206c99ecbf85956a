package org.gearshift.tools.compare;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gearshift.vmm.device.SerialBackend;

/**
 * A console that reads a guest's results, lines of {@code b NAME NANOSECONDS} or {@code b NAME NANOSECONDS OPERATIONS}, and notes with each why the guest has left
 * translated code since the one before. The name {@code begin} is no result: what has been counted up to there belongs to none.
 */
final class BenchmarkConsole implements SerialBackend {
    private static final Pattern RESULT = Pattern.compile("b ([a-z0-9-]{1,40}) ([0-9]{1,15})(?: ([0-9]{1,15}))?");
    private static final int LONGEST = 4096;
    private static final String BEGIN = "begin";

    private final ByteArrayOutputStream text = new ByteArrayOutputStream();
    private final StringBuilder line = new StringBuilder();
    private final Map<String, Long> results = new LinkedHashMap<>();
    private final Map<String, Long> operations = new LinkedHashMap<>();
    private final Map<String, Map<String, Long>> exits = new LinkedHashMap<>();
    private Supplier<Map<String, Long>> counters = Map::of;
    private Map<String, Long> before = Map.of();

    /** Says where counters come from. */
    void watch(Supplier<Map<String, Long>> source) {
        counters = source;
    }

    @Override
    public void transmit(byte b) {
        text.write(b);
        if (b == '\n') {
            take(line.toString());
            line.setLength(0);
        } else if (b != '\r' && line.length() < LONGEST) {
            line.append((char) (b & 0xff));
        }
    }

    private void take(String l) {
        Matcher m = RESULT.matcher(l);
        if (!m.matches()) {
            return;
        }
        Map<String, Long> now = counters.get();
        Map<String, Long> since = new LinkedHashMap<>();
        now.forEach((reason, n) -> {
            long more = n - before.getOrDefault(reason, 0L);
            if (more > 0) {
                since.put(reason, more);
            }
        });
        before = now;
        if (m.group(1).equals(BEGIN)) {
            return;
        }
        results.put(m.group(1), Long.parseLong(m.group(2)));
        operations.put(m.group(1), m.group(3) == null ? 0 : Long.parseLong(m.group(3)));
        exits.put(m.group(1), since);
    }

    /** Nanoseconds an operation, by name, in the order in which they came. */
    Map<String, Long> results() {
        return results;
    }

    /** By name: how many operations {@link #exits} belong to; 0 if that has not been said. */
    Map<String, Long> operations() {
        return operations;
    }

    /** By name: how often for which reason. */
    Map<String, Map<String, Long>> exits() {
        return exits;
    }

    /** All that the guest wrote. */
    String text() {
        return text.toString(StandardCharsets.ISO_8859_1);
    }
}
