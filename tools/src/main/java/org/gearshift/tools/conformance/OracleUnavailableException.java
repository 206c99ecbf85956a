package org.gearshift.tools.conformance;

/** The host's processor cannot be asked; the message says what to install. */
public final class OracleUnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    OracleUnavailableException(String message) {
        super(message);
    }
}
