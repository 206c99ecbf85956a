package org.gearshift.tools.stage;

/** Input the user must change; the message says which, where, and what is expected. */
public final class InputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public InputException(String message) {
        super(message);
    }
}
