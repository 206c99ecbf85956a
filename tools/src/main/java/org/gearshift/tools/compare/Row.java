package org.gearshift.tools.compare;

import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One operation in both gears.
 *
 * @param operations how many of it were done in one run, the same in both gears, by which exits are to be divided; 0 if that is not known
 * @param fullExits how often the guest left translated code in full virtualization while it was measured, by reason; one run's
 * @param pvExits the same for the paravirtual gear
 */
record Row(String name, long operations, Sample full, Sample pv, Map<String, Long> fullExits, Map<String, Long> pvExits) {
    private static final double LEAST = 0.01;
    /** From here on, two more digits say nothing. */
    private static final int WHOLE = 100;

    /** How many times as long full virtualization takes: above 1, the paravirtual gear is ahead. */
    double ratio() {
        return full.median() / Math.max(1, pv.median());
    }

    /** The commonest reasons in full virtualization, in words. */
    String fullReasons(int most) {
        return reasons(fullExits, most);
    }

    /** The same for the paravirtual gear. */
    String pvReasons(int most) {
        return reasons(pvExits, most);
    }

    /** For each operation, where their number is known, with what is rarer than one in a hundred left out; else in all. */
    private String reasons(Map<String, Long> exits, int most) {
        return exits.entrySet().stream().filter(e -> e.getValue() >= operations * LEAST).sorted(Map.Entry.comparingByValue(Comparator.reverseOrder())).limit(most)
                .map(e -> e.getKey() + " " + (operations == 0 ? String.format(Locale.ROOT, "%,d", e.getValue()) : each(e.getValue()))).collect(Collectors.joining(", "));
    }

    private String each(long exits) {
        double n = (double) exits / operations;
        return String.format(Locale.ROOT, n < WHOLE ? "%.2f" : "%,.0f", n);
    }
}
