package org.gearshift.tools.bench;

import java.util.List;
import org.gearshift.tools.stage.InputException;

/**
 * An optimization that can be switched off, for bisecting and for saying what it gives.
 *
 * @param name what it is called
 * @param options for the JVM, by way of {@code GEARSHIFT_JAVA_OPTS}; <code>{launcher}</code> is the directory of the launcher's files
 * @param what it is, in a line
 */
public record Switch(String name, String options, String what) {
    /** All of them. Those that are the launcher's choices of HotSpot flags are among them: they were measured like the others. */
    public static final List<Switch> ALL = List.of(
            new Switch("compiler", "-Dgearshift.hot=2147483647", "regions at all: everything stays in the interpreter"),
            new Switch("tiers", "-Dgearshift.tiers=false", "regions choose their compiler; without, HotSpot interprets, profiles and compiles them as any method"),
            new Switch("c2", "-Dgearshift.optimizePerByte=4611686018427387", "C2 for regions that repay it; without, C1 only"),
            new Switch("late-c2", "-Dgearshift.optimizePerByte=0", "C2 only for regions that repay it; without, for every one at once"),
            new Switch("slots-in-place", "-Dgearshift.slotsInPlace=false", "state slots in the state array until C2; without, in locals from the start"),
            new Switch("merging", "-Dgearshift.mergeAfterLog2=40", "regions that lead to each other are compiled together"),
            new Switch("joined-regions", "-Dgearshift.mergedInsns=250", "merging beyond what C2 can hold in locals"),
            new Switch("large-regions", "-Dgearshift.regionInsns=32", "250 guest instructions a region; without, 32"),
            new Switch("x87-states", "-Dgearshift.generalX87=true", "x87 code for the states of the register stack that were seen"),
            new Switch("late-promotion", "-Dgearshift.hot=500", "6,000 executions before a block is compiled; without, 500"),
            new Switch("inlining", "-XX:+ClipInlining", "arithmetic taken in line whatever it adds up to"),
            new Switch("directives", "-XX:CompilerDirectivesFile={launcher}/no-directives.json", "what is inlined into regions, and what C2 has to do with at all"),
            new Switch("no-traps", "-XX:PerMethodTrapLimit=100", "C2 without uncommon traps in regions"),
            new Switch("class-archive", "-Xshare:off", "Gearshift's own classes from an archive"));

    /** Those named, separated by commas; all without a name. */
    public static List<Switch> named(String names) {
        if (names == null) {
            return ALL;
        }
        return List.of(names.split(",")).stream().map(n -> ALL.stream().filter(s -> s.name.equals(n)).findFirst().orElseThrow(() -> new InputException("no optimization '" + n
                + "'; there are " + String.join(", ", ALL.stream().map(Switch::name).toList())))).toList();
    }
}
