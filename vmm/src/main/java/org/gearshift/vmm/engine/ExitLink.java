package org.gearshift.vmm.engine;

/** An exit of a compiled region whose target is known, and the gate that was found there last. */
final class ExitLink extends Passage {
    private Gate gate;

    @Override
    Gate gate() {
        return gate;
    }

    /** Leads to a gate as things are. */
    void lead(Gate g) {
        gate = g;
        code = g.code;
        entry = g.entry;
        mode = g.mode;
        stamp = g.stamp;
    }
}
