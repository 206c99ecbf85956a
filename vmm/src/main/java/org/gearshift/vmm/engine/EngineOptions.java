package org.gearshift.vmm.engine;

import org.gearshift.backend.jvm.CompilationTier;

/**
 * How guest code is executed.
 *
 * @param backend interpreter only, or interpreter and compiled regions
 * @param hotThreshold executions of a block in the interpreter before it is compiled, at least 1
 * @param regionInsns most guest instructions a region starts with; halved when its bytecode gets too large
 * @param dominance a successor joins a region if it ran at least the entry's count divided by this
 * @param verify run the IR verifier after every pass
 * @param singleBlockRegions compile every block alone (lockstep: so that state can be compared after every block)
 * @param recipe lifters and passes
 * @param translations what earlier runs have found hot; null: nothing is kept from run to run
 */
public record EngineOptions(Backend backend, int hotThreshold, int regionInsns, int dominance, boolean verify, boolean singleBlockRegions, Recipe recipe, TranslationCache translations) {
    /** With nothing from earlier runs. */
    public EngineOptions(Backend backend, int hotThreshold, int regionInsns, int dominance, boolean verify, boolean singleBlockRegions, Recipe recipe) {
        this(backend, hotThreshold, regionInsns, dominance, verify, singleBlockRegions, recipe, null);
    }

    /** With the standard lifters and passes. */
    public EngineOptions(Backend backend, int hotThreshold, int regionInsns, int dominance, boolean verify, boolean singleBlockRegions) {
        this(backend, hotThreshold, regionInsns, dominance, verify, singleBlockRegions, Recipe.STANDARD);
    }

    /** The same with what earlier runs have found hot. */
    public EngineOptions with(TranslationCache cache) {
        return new EngineOptions(backend, hotThreshold, regionInsns, dominance, verify, singleBlockRegions, recipe, cache);
    }

    /** What executes guest code. */
    public enum Backend { INTERPRETER, JVM }

    public static final int DEFAULT_HOT_THRESHOLD = Integer.getInteger("gearshift.hot", 6000);
    public static final int DEFAULT_REGION_INSNS = Integer.getInteger("gearshift.regionInsns", 250);
    public static final int DEFAULT_DOMINANCE = Integer.getInteger("gearshift.dominance", 32);

    /** Whether regions are compiled for the states of the x87 register stack that have been seen. */
    private static final boolean SPECIALIZES_X87 = !Boolean.getBoolean("gearshift.generalX87");

    /** Whether regions have their state slots in place until they have earned C2; pays where regions choose their compiler. */
    boolean slotsInPlace() {
        String chosen = System.getProperty("gearshift.slotsInPlace");
        return chosen == null ? CompilationTier.selectable() : Boolean.parseBoolean(chosen);
    }

    boolean specializesX87() {
        return SPECIALIZES_X87;
    }

    public static EngineOptions of(Backend backend) {
        return new EngineOptions(backend, DEFAULT_HOT_THRESHOLD, DEFAULT_REGION_INSNS, DEFAULT_DOMINANCE, false, false);
    }
}
