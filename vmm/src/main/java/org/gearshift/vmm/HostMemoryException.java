package org.gearshift.vmm;

/** This computer has too little memory for a machine; the message is for its user. */
public final class HostMemoryException extends RuntimeException {
    private static final long serialVersionUID = 1;

    HostMemoryException(String message) {
        super(message);
    }

    /**
     * Looks whether this computer has memory for several machines.
     *
     * @param bytes of all of them together
     */
    public static void check(long bytes) {
        long most = ReservedMemory.hostBytes();
        if (most > 0 && bytes > most) {
            throw new HostMemoryException("the machines have " + mib(bytes) + " MiB of memory together, and this computer has only " + mib(most)
                    + " MiB, swap space included: give them less");
        }
    }

    static long mib(long bytes) {
        return bytes >>> 20;
    }
}
