package org.gearshift.vmm.xen;

/** States of either half of a split device, as they stand in its node {@code state}: enum xenbus_state of io/xenbus.h. */
enum XenbusState {
    UNKNOWN, INITIALISING, INIT_WAIT, INITIALISED, CONNECTED, CLOSING, CLOSED;

    /** The state a node's value names. */
    static XenbusState of(String value) {
        return value.matches("[0-6]") ? values()[value.charAt(0) - '0'] : UNKNOWN;
    }
}
