package org.gearshift.translator.x86.lift;

/**
 * A group of lifters. Groups outside this package are found as services ({@code META-INF/services}); they have a public constructor without
 * parameters.
 */
@FunctionalInterface
public interface LiftGroup {
    /** Enters this group's lifters. */
    void register(LiftTable table);
}
