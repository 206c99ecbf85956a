package org.gearshift.vmm.host;

/** What a machine on a {@link VmHost} is doing. */
public enum VmState {
    /** Made, and not started yet. */
    CREATED("created"),
    RUNNING("running"),
    /** Its processors are kept from running; its devices and clock go on. */
    PAUSED("paused"),
    /** Powered off, by itself or by the user. */
    OFF("off"),
    /** It asked for a reset, which ends it. */
    RESET("reset"),
    /** The guest did what ends a machine: a triple fault, a halt for good, a domain's crash. */
    CRASHED("crashed"),
    /** The isolation policy did not let it start. */
    REFUSED("refused"),
    /** The monitor could not go on with it. */
    FAILED("failed");

    private final String label;

    VmState(String label) {
        this.label = label;
    }

    /** The name users see. */
    public String label() {
        return label;
    }

    /** Whether it will never run again. */
    public boolean isEnd() {
        return this != CREATED && this != RUNNING && this != PAUSED;
    }
}
