package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.gearshift.tools.profile.ExitTimeline;
import org.junit.jupiter.api.Test;

/** Counters that only grow, and what of them came when. */
class ExitTimelineTest {
    private static List<Long> columns(String line) {
        return Arrays.stream(line.strip().split(" +")).skip(1).map(s -> Long.parseLong(s.replace(",", ""))).toList();
    }

    @Test
    void eachIntervalHasWhatCameInIt() {
        ExitTimeline t = new ExitTimeline(Map.of("port", 100L));
        t.look(Map.of("port", 105L));
        t.look(Map.of("port", 105L, "interrupt", 7L));
        t.look(Map.of("port", 106L, "interrupt", 9L));
        assertEquals(List.of(0L, 7L, 2L), columns(t.lines().get(0)), "the most frequent first");
        assertEquals(List.of(5L, 0L, 1L), columns(t.lines().get(1)));
        assertEquals(1, t.length());
    }

    @Test
    void intervalsGrowAndNothingIsLost() {
        ExitTimeline t = new ExitTimeline(Map.of());
        long sum = 0;
        for (long i = 1; i <= 29; i++) {
            sum += i;
            t.look(Map.of("port", sum));
        }
        assertEquals(4, t.length());
        List<Long> expected = LongStream.range(0, 8).map(k -> LongStream.rangeClosed(4 * k + 1, Math.min(29, 4 * k + 4)).sum()).boxed().toList();
        assertEquals(expected, columns(t.lines().get(0)));
    }
}
