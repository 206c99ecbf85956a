package org.gearshift.tools.profile;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How often a guest left translated code, by reason, over its run: counters are looked at again and again, and what has come is kept by intervals. These are equally
 * long, and twice as long each time that there are too many.
 */
public final class ExitTimeline {
    private static final int MOST = 12;
    private static final int REASONS = 12;

    private final List<Map<String, Long>> intervals = new ArrayList<>();
    private Map<String, Long> before;
    /** Looks in an interval, and in the last one so far. */
    private int length = 1;
    private int last;

    /** @param counters what had been counted before the first interval */
    public ExitTimeline(Map<String, Long> counters) {
        before = counters;
    }

    /** Looks at the counters, at the end of another equal part of the run. */
    public void look(Map<String, Long> counters) {
        if (intervals.isEmpty() || last == length) {
            if (intervals.size() == MOST) {
                halve();
            }
            intervals.add(new LinkedHashMap<>());
            last = 0;
        }
        Map<String, Long> now = intervals.get(intervals.size() - 1);
        counters.forEach((reason, n) -> {
            long more = n - before.getOrDefault(reason, 0L);
            if (more != 0) {
                now.merge(reason, more, Long::sum);
            }
        });
        before = counters;
        last++;
    }

    /** Makes one of every two intervals; there is an even number of them, all complete. */
    private void halve() {
        for (int i = 0; i < MOST / 2; i++) {
            Map<String, Long> sum = intervals.get(2 * i);
            intervals.get(2 * i + 1).forEach((reason, n) -> sum.merge(reason, n, Long::sum));
            intervals.set(i, sum);
        }
        intervals.subList(MOST / 2, MOST).clear();
        length *= 2;
    }

    /** How many looks an interval has; the last may have fewer. */
    public int length() {
        return length;
    }

    /** A line for each of the most frequent reasons, with a column for each interval. */
    public List<String> lines() {
        Map<String, Long> sums = new LinkedHashMap<>();
        intervals.forEach(one -> one.forEach((reason, n) -> sums.merge(reason, n, Long::sum)));
        return sums.entrySet().stream().sorted((a, b) -> Long.compare(b.getValue(), a.getValue())).limit(REASONS).map(e -> line(e.getKey())).toList();
    }

    private String line(String reason) {
        StringBuilder b = new StringBuilder(String.format("  %-24s", reason));
        for (Map<String, Long> one : intervals) {
            b.append(String.format(" %,10d", one.getOrDefault(reason, 0L)));
        }
        return b.toString();
    }
}
