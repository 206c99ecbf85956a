package org.gearshift.tools.gdb;

/** A packet that says nothing the protocol knows; it is answered by an error. */
final class MalformedPacketException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    MalformedPacketException(String message) {
        super(message);
    }
}
