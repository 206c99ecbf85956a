package org.gearshift.vmm.virtio;

/** A driver broke the rules of the virtqueue, or of the requests in it, so that the device can't go on; the message says how. */
public final class MalformedQueueException extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param message one line for the log */
    public MalformedQueueException(String message) {
        super(message);
    }
}
