package org.gearshift.tools.bench;

import java.util.Collection;
import java.util.List;

/** Middle values and means. */
final class Figures {
    private Figures() {
    }

    /** The middle one, or the mean of the two in the middle. */
    static double median(Collection<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int n = sorted.size();
        if (n == 0) {
            throw new IllegalArgumentException("no values");
        }
        return n % 2 == 1 ? sorted.get(n / 2) : (sorted.get(n / 2 - 1) + sorted.get(n / 2)) / 2;
    }

    static double geometricMean(Collection<Double> values) {
        return Math.exp(values.stream().mapToDouble(Math::log).average().orElseThrow(() -> new IllegalArgumentException("no values")));
    }
}
