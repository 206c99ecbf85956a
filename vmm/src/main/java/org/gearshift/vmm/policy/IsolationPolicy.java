package org.gearshift.vmm.policy;

import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The rules: types and what they stand for, labels of machines, disks and networks, conflict sets. Does not change. */
public final class IsolationPolicy {
    /** No policy was given: nothing is shared, and all may run. */
    public static final IsolationPolicy NONE = new Builder().build();

    private final Map<String, Set<Sharing>> types;
    private final Map<String, Label> machines;
    private final Map<String, Set<String>> disks;
    private final Map<String, Set<String>> networks;
    private final Map<String, Set<String>> conflicts;

    private IsolationPolicy(Builder b) {
        types = new LinkedHashMap<>(b.types);
        machines = new LinkedHashMap<>(b.machines);
        disks = new LinkedHashMap<>(b.disks);
        networks = new LinkedHashMap<>(b.networks);
        conflicts = new LinkedHashMap<>(b.conflicts);
    }

    /** Gathers rules. Every method that names a type wants it declared before; {@link IllegalArgumentException} says what is wrong. */
    public static final class Builder {
        private final Map<String, Set<Sharing>> types = new LinkedHashMap<>();
        private final Map<String, Label> machines = new LinkedHashMap<>();
        private final Map<String, Set<String>> disks = new LinkedHashMap<>();
        private final Map<String, Set<String>> networks = new LinkedHashMap<>();
        private final Map<String, Set<String>> conflicts = new LinkedHashMap<>();

        /** Declares a type of Type Enforcement, and what those who have it may share. */
        public Builder type(String name, Set<Sharing> what) {
            if (types.putIfAbsent(name, what.isEmpty() ? EnumSet.noneOf(Sharing.class) : EnumSet.copyOf(what)) != null) {
                throw new IllegalArgumentException("type '" + name + "' is declared twice");
            }
            return this;
        }

        /** Declares a conflict set of the Chinese Wall. */
        public Builder conflict(String name, Set<String> wallTypes) {
            if (wallTypes.size() < 2) {
                throw new IllegalArgumentException("conflict set '" + name + "' needs two types at least");
            }
            conflicts.put(name, new TreeSet<>(wallTypes));
            return this;
        }

        /** Labels a machine. */
        public Builder machine(String name, Label label) {
            declared(label.types());
            for (String w : label.wall()) {
                if (conflicts.values().stream().noneMatch(c -> c.contains(w))) {
                    throw new IllegalArgumentException("'" + w + "' is in no conflict set");
                }
            }
            conflicts.forEach((set, members) -> {
                Set<String> both = new TreeSet<>(members);
                both.retainAll(label.wall());
                if (both.size() > 1) {
                    throw new IllegalArgumentException("machine '" + name + "' would conflict with itself: " + String.join(" and ", both)
                            + " are both in conflict set '" + set + "'");
                }
            });
            machines.put(name, label);
            return this;
        }

        /** Labels a disk, by whatever names it. */
        public Builder disk(String name, Set<String> of) {
            declared(of);
            disks.put(name, new TreeSet<>(of));
            return this;
        }

        /** Labels a network. */
        public Builder network(String name, Set<String> of) {
            declared(of);
            networks.put(name, new TreeSet<>(of));
            return this;
        }

        private void declared(Set<String> names) {
            for (String n : names) {
                if (!types.containsKey(n)) {
                    throw new IllegalArgumentException("'" + n + "' is no type of this policy; declared are " + String.join(", ", types.keySet()));
                }
            }
        }

        /** The policy. */
        public IsolationPolicy build() {
            return new IsolationPolicy(this);
        }
    }

    /** What it says of a machine. */
    public Label label(String machine) {
        return machines.getOrDefault(machine, Label.NONE);
    }

    /** The types of a disk or network, or null if it has no label. */
    Set<String> resource(Sharing kind, String name) {
        return (kind == Sharing.DISK ? disks : networks).get(name);
    }

    /** A type that two have in common and that stands for a kind of sharing, or null. */
    String common(Sharing kind, Set<String> a, Set<String> b) {
        for (String t : a) {
            if (b.contains(t) && types.get(t).contains(kind)) {
                return t;
            }
        }
        return null;
    }

    /** The conflict sets, by name. */
    Map<String, Set<String>> conflicts() {
        return conflicts;
    }
}
