package org.gearshift.tools.unwind;

/** Call frame information that is damaged, unknown, or leads to what is not there; the message says where and why. */
public final class CallFrameException extends Exception {
    private static final long serialVersionUID = 1L;

    CallFrameException(String message) {
        super(message);
    }
}
