package org.gearshift.vmm.xen;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * The monitor's half of a device whose other half is the domain's: both find each other in the store, each with a directory of its own and a node {@code state} that
 * the other follows (io/xenbus.h; docs/misc/xenstore-paths.pandoc of Xen). What the domain writes there may be anything.
 */
abstract class SplitDevice {
    private static final Logger LOG = System.getLogger(SplitDevice.class.getName());

    final Domain domain;
    /** The directories of the two halves. */
    final String front;
    private final String back;
    private XenbusState seen = XenbusState.UNKNOWN;
    private boolean connected;

    /**
     * Writes what both halves have in common.
     *
     * @param type what devices of the kind are called in the store: vbd, vif
     * @param number the device's own
     */
    SplitDevice(Domain domain, String type, int number) {
        this.domain = domain;
        front = "/local/domain/" + domain.id + "/device/" + type + "/" + number;
        back = "/local/domain/0/backend/" + type + "/" + domain.id + "/" + number;
        domain.storeTree.put(back, "");
        domain.storeTree.permit(back, "n0", "r" + domain.id);
        put("frontend", front);
        put("frontend-id", Integer.toString(domain.id));
        put("online", "1");
        domain.storeTree.put(front, "");
        domain.storeTree.permit(front, "n" + domain.id, "r0");
        offer("backend", back);
        offer("backend-id", "0");
        offer("state", Integer.toString(XenbusState.INITIALISING.ordinal()));
    }

    /** Writes a node of the monitor's half, which the domain may read. */
    final void put(String name, String value) {
        domain.storeTree.put(back + "/" + name, value);
        domain.storeTree.permit(back + "/" + name, "n0", "r" + domain.id);
    }

    /** Writes a node of the domain's half, which is the domain's from then on. */
    final void offer(String name, String value) {
        domain.storeTree.put(front + "/" + name, value);
        domain.storeTree.permit(front + "/" + name, "n" + domain.id, "r0");
    }

    final void setState(XenbusState state) {
        put("state", Integer.toString(state.ordinal()));
    }

    /** A number that the domain has written, or -1. */
    final long number(String name) {
        String value = domain.storeTree.get(front + "/" + name);
        return value.matches("[0-9]{1,9}") ? Long.parseLong(value) : -1;
    }

    /** What the domain has written under a name; empty if nothing. */
    final String text(String name) {
        return domain.storeTree.get(front + "/" + name);
    }

    /** Whether the domain has set a switch. */
    final boolean asked(String name) {
        return number(name) > 0;
    }

    final boolean connected() {
        return connected;
    }

    /** Begins to work with the rings that the domain offers, or says why not. @return null, or the reason */
    abstract String connect();

    /** What is to be known before the halves count as connected, and what there is to do at once. */
    abstract void connectionMade();

    /** Gives everything back that {@link #connect} took. */
    abstract void disconnect();

    /** Follows what the other half has written to the store. */
    final void poll() {
        XenbusState now = XenbusState.of(domain.storeTree.get(front + "/state"));
        if (now == seen) {
            return;
        }
        seen = now;
        switch (now) {
            case INITIALISING -> {
                part();
                setState(XenbusState.INIT_WAIT);
            }
            case INITIALISED, CONNECTED -> meet();
            case CLOSING -> setState(XenbusState.CLOSING);
            case CLOSED -> {
                part();
                setState(XenbusState.CLOSED);
            }
            default -> { }
        }
    }

    private void meet() {
        if (connected) {
            return;
        }
        String why = connect();
        if (why != null) {
            LOG.log(Level.WARNING, () -> front + ": " + why);
            setState(XenbusState.CLOSING);
            return;
        }
        connected = true;
        setState(XenbusState.CONNECTED);
        connectionMade();
    }

    private void part() {
        if (connected) {
            connected = false;
            disconnect();
        }
    }

    /** Ends the connection with a domain that breaks the rules. */
    final void breakOff(String why) {
        LOG.log(Level.WARNING, () -> front + ": " + why + "; disconnected");
        part();
        setState(XenbusState.CLOSING);
    }
}
