package org.gearshift.tools.compare;

import java.util.Comparator;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One operation in both gears.
 *
 * @param fullExits how often the guest left translated code in full virtualization while it was measured, by reason; one run's
 * @param pvExits the same for the paravirtual gear
 */
record Row(String name, Sample full, Sample pv, Map<String, Long> fullExits, Map<String, Long> pvExits) {
    /** How many times as long full virtualization takes: above 1, the paravirtual gear is ahead. */
    double ratio() {
        return full.median() / Math.max(1, pv.median());
    }

    /** The commonest reasons, in words. */
    static String reasons(Map<String, Long> exits, int most) {
        return exits.entrySet().stream().sorted(Map.Entry.comparingByValue(Comparator.reverseOrder())).limit(most)
                .map(e -> String.format("%s %,d", e.getKey(), e.getValue())).collect(Collectors.joining(", "));
    }
}
