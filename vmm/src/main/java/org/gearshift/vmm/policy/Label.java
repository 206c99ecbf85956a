package org.gearshift.vmm.policy;

import java.util.Set;
import java.util.TreeSet;

/**
 * What a policy says of a machine.
 *
 * @param types of Type Enforcement: it may share with those that have one in common with it
 * @param wall types of the Chinese Wall: in one conflict set, only one may run
 */
public record Label(Set<String> types, Set<String> wall) {
    /** Of those a policy says nothing of: they share nothing, and conflict with nobody. */
    public static final Label NONE = new Label(Set.of(), Set.of());

    /** Sorts the names. */
    public Label {
        types = new TreeSet<>(types);
        wall = new TreeSet<>(wall);
    }
}
