package org.gearshift.tools.diverge;

import java.util.List;
import org.gearshift.tools.symbols.SymbolTable;

/**
 * The first instruction whose effects differ, and what is to blame.
 *
 * @param pc where it is
 * @param text its assembly
 * @param number the how-manieth of its step it is, from 1
 * @param differences in state and memory right after it
 * @param blames of each engine that departs from plain IR of the first engine's lifters: a pass, the lifter, or the engine
 * @param ir its IR, as the first engine's lifters have it; and as the second's have it, if that is different
 */
public record Culprit(long pc, String text, int number, List<String> differences, List<Blame> blames, List<String> ir) {
    /** What is to blame. */
    public enum Kind { LIFTER, PASS, ENGINE }

    /**
     * A verdict.
     *
     * @param gear the engine that is wrong, or at least different
     * @param name the pass, the instruction's mnemonic, or what executes
     */
    public record Blame(String gear, Kind kind, String name) {
        @Override
        public String toString() {
            return gear + ": " + switch (kind) {
                case LIFTER -> "the lifter of " + name + " differs";
                case PASS -> "the pass '" + name + "' is at fault: before it the IR still has the right effect";
                case ENGINE -> "the IR is right, and still after all passes; " + name + " does not do what it says";
            };
        }
    }

    String print(SymbolTable symbols) {
        StringBuilder out = new StringBuilder();
        SymbolTable.Place place = symbols.at(pc);
        out.append(String.format("culprit: %x%s:  %s%n", pc, place == null ? "" : " <" + place + ">", text));
        differences.forEach(d -> out.append("  ").append(d).append('\n'));
        blames.forEach(b -> out.append("verdict: ").append(b).append('\n'));
        for (String i : ir) {
            out.append(i);
        }
        return out.toString();
    }
}
