package org.gearshift.tools.debug;

/** A command that cannot be done; the message says why, and what to do. */
public final class CommandException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public CommandException(String message) {
        super(message);
    }
}
