package org.gearshift.vmm;

/** This computer has too little memory for a machine; the message is for its user. */
public final class HostMemoryException extends RuntimeException {
    private static final long serialVersionUID = 1;

    HostMemoryException(String message) {
        super(message);
    }

    static long mib(long bytes) {
        return bytes >>> 20;
    }
}
