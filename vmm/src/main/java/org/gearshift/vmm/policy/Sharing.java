package org.gearshift.vmm.policy;

/** What machines can share. */
public enum Sharing {
    /** An interdomain event channel between two paravirtual domains. */
    EVENT_CHANNEL("event-channel"),
    /** A page that one domain grants and another maps or copies. */
    GRANT("grant"),
    /** Nodes of the store that belong to one domain, and another reads, writes or watches. */
    STORE("store"),
    /** A disk image. */
    DISK("disk"),
    /** A network. */
    NETWORK("network");

    private final String label;

    Sharing(String label) {
        this.label = label;
    }

    /** The name in policies. */
    public String label() {
        return label;
    }
}
