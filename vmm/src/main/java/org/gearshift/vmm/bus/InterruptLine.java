package org.gearshift.vmm.bus;

/** One end of an interrupt wire. {@code true} means the device asks for service, whatever the electrical polarity. */
@FunctionalInterface
public interface InterruptLine {
    /** A wire that leads nowhere. */
    InterruptLine NONE = asserted -> { };

    /** Drives the wire; setting the level it already has changes nothing. */
    void set(boolean asserted);

    /** A wire that drives two others. */
    static InterruptLine both(InterruptLine first, InterruptLine second) {
        return asserted -> {
            first.set(asserted);
            second.set(asserted);
        };
    }
}
