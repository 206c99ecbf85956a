package org.gearshift.tools.bench;

import java.util.ArrayList;
import java.util.List;
import org.gearshift.tools.stage.InputException;

/**
 * An optimization that can be switched off, for bisecting and for saying what it gives.
 *
 * @param name what it is called
 * @param java options for the JVM that switch it off, by way of {@code GEARSHIFT_JAVA_OPTS}; <code>{launcher}</code> is the directory of the launcher's files
 * @param run options for {@code gearshift run} that do
 * @param what it is, in a line
 */
public record Switch(String name, String java, String run, String what) {
    /** All of them. Those that are the launcher's choices of HotSpot's flags are among them: they were measured like the others. */
    public static final List<Switch> ALL = List.of(
            ofRun("regions", "--backend interpreter", "compiled regions at all"),
            ofJava("tiers", "-Dgearshift.tiers=false", "regions choose their compiler; without, HotSpot interprets, profiles and compiles them as any method"),
            ofJava("c2", "-Dgearshift.optimizePerByte=1000000000000", "C2 for regions that repay it; without, C1 only"),
            ofJava("late-c2", "-Dgearshift.optimizePerByte=0", "C2 only for regions that repay it; without, for every one at once"),
            ofJava("slots-in-place", "-Dgearshift.slotsInPlace=false", "state slots in the state array until C2; without, in locals from the start"),
            ofJava("merging", "-Dgearshift.mergeAfterLog2=40", "what a trace shows to run together is compiled together"),
            ofJava("links", "-Dgearshift.linked=0", "regions run what follows them, and go on when that returns"),
            ofJava("joined-regions", "-Dgearshift.mergedInsns=250", "merging beyond what C2 can hold in locals"),
            ofJava("large-regions", "-Dgearshift.regionInsns=32", "250 guest instructions a region; without, 32"),
            ofJava("x87-states", "-Dgearshift.generalX87=true", "x87 code for the states of the register stack that were seen"),
            ofJava("late-promotion", "-Dgearshift.hot=500", "6,000 executions before a block is compiled; without, 500"),
            ofJava("fast-ram", "-Dgearshift.without=fast-ram", "accesses to RAM whose bounds follow from the page map; without, checked ones"),
            ofJava("rmw-reuse", "-Dgearshift.without=rmw-reuse", "one look at the page map for an instruction that loads and stores a place"),
            ofJava("windows", "-Dgearshift.without=windows", "one look at the page map for accesses at constant offsets from one base"),
            ofJava("deferred-carries", "-Dgearshift.without=deferred-carries", "carry vectors are computed where they are wanted"),
            ofJava("leaving-misses", "-Dgearshift.without=leaving-misses", "accesses without a fast path leave the region; without, they call their slow path"),
            ofJava("narrow", "-Dgearshift.without=narrow", "C2's code leaves at unusual floating-point arithmetic; without, it has those cases in line"),
            ofJava("bound-arrays", "-Dgearshift.without=bound-arrays", "state, RAM and page maps are constants of a region's class, and exits linked"),
            ofRun("dead-puts", "--passes simplify,dead-code", "state and flags that are put again before anyone looks are not computed"),
            ofRun("simplification", "--passes dead-puts,dead-code", "constants, identities, common values, forwarded slots"),
            ofJava("no-clipping", "-XX:+ClipInlining", "arithmetic taken in line whatever it adds up to"),
            ofJava("directives", "-XX:CompilerDirectivesFile={launcher}/no-directives.json", "what is inlined into regions, and what C2 has to do with at all"),
            ofJava("no-traps", "-XX:PerMethodTrapLimit=100", "C2 without uncommon traps"),
            ofJava("class-archive", "-Xshare:off", "classes of Java and Gearshift from an archive"));

    private static Switch ofJava(String name, String options, String what) {
        return new Switch(name, options, "", what);
    }

    private static Switch ofRun(String name, String options, String what) {
        return new Switch(name, "", options, what);
    }

    /** Options that switch it off, as a user would give them. */
    public String options() {
        return java.isEmpty() ? "run " + run : java;
    }

    /** Those named, separated by commas; all without a name. */
    public static List<Switch> named(String names) {
        if (names == null) {
            return ALL;
        }
        List<Switch> out = new ArrayList<>();
        for (String n : names.split(",")) {
            out.add(ALL.stream().filter(s -> s.name.equals(n)).findFirst()
                    .orElseThrow(() -> new InputException("no optimization '" + n + "'; there are " + String.join(", ", ALL.stream().map(Switch::name).toList()))));
        }
        return out;
    }
}
