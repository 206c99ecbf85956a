package org.gearshift.vmm.disk;

import java.io.IOException;

/** An image cannot be used as what it is said to be; the message is one line for the user and names the file. */
public final class DiskFormatException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param message one line */
    public DiskFormatException(String message) {
        super(message);
    }
}
