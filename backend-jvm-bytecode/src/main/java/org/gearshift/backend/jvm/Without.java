package org.gearshift.backend.jvm;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** Choices of code generation that {@code -Dgearshift.without=NAME,...} leaves out, to find the one at fault or to see what it gives. */
public enum Without {
    /** Accesses to RAM that rely on the page map for their bounds. */
    FAST_RAM,
    /** A store to the location its own instruction loaded goes without a second look at the page map. */
    RMW_REUSE,
    /** {@link MemoryWindows}. */
    WINDOWS,
    /** {@link DeferredCarries}. */
    DEFERRED_CARRIES,
    /** {@link Misses} that leave the region; without, they call their slow path. */
    LEAVING_MISSES,
    /** Code for C2 that leaves at what is not the usual case of floating-point arithmetic. */
    NARROW,
    /** {@link BoundArrays}, and with them links. */
    BOUND_ARRAYS;

    private static final String PROPERTY = "gearshift.without";
    private static Set<Without> chosen;

    /** Whether it is left out. @throws IllegalArgumentException if the property has a name that there is not */
    public boolean set() {
        return chosen().contains(this);
    }

    private static synchronized Set<Without> chosen() {
        if (chosen == null) {
            chosen = parse(System.getProperty(PROPERTY, ""));
        }
        return chosen;
    }

    /** As the property names it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** @throws IllegalArgumentException for a name that there is not */
    static Set<Without> parse(String names) {
        Set<Without> out = EnumSet.noneOf(Without.class);
        for (String n : names.isBlank() ? new String[0] : names.split(",")) {
            out.add(Arrays.stream(values()).filter(w -> w.toString().equals(n.trim())).findFirst().orElseThrow(() -> new IllegalArgumentException(
                    "-D" + PROPERTY + ": no choice '" + n + "'; there are " + Arrays.stream(values()).map(Without::toString).collect(Collectors.joining(", ")))));
        }
        return out;
    }
}
