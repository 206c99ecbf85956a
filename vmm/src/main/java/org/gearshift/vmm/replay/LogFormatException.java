package org.gearshift.vmm.replay;

import java.io.IOException;

/** A file is no recording, one of another version, or a damaged one; the message says so in one line. */
public final class LogFormatException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param message names the file */
    public LogFormatException(String message) {
        super(message);
    }
}
