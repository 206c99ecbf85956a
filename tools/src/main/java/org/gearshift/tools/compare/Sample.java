package org.gearshift.tools.compare;

import java.util.Arrays;

/**
 * Measurements of one operation in one gear.
 *
 * @param median nanoseconds
 * @param spread half the distance between the smallest and the largest, as a part of the median
 * @param values all of them, in the order in which they were taken
 */
record Sample(double median, double spread, long[] values) {
    static Sample of(long[] values) {
        long[] sorted = values.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        double median = n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0;
        return new Sample(median, (sorted[n - 1] - sorted[0]) / 2.0 / Math.max(1, median), values);
    }
}
