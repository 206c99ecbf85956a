package org.gearshift.vmm.boot;

/** A kernel or RAM disk that cannot be started, with a one-line message for the user: what is wrong, where, what to do. */
public final class BootException extends Exception {
    private static final long serialVersionUID = 1L;

    public BootException(String message) {
        super(message);
    }
}
