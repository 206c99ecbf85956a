package org.gearshift.tools.conformance;

/** 32-bit code does something that no 64-bit code does; the message says what. */
final class NotRecodableException extends Exception {
    private static final long serialVersionUID = 1;

    NotRecodableException(String message) {
        super(message, null, false, false);
    }
}
