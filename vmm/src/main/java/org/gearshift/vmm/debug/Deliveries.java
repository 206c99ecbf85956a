package org.gearshift.vmm.debug;

/** Interrupts and exceptions that were delivered to a processor since the last instruction retired. On its thread. */
final class Deliveries {
    private static final int NONE = -1;

    private long retired = NONE;
    private int count;
    /** A bit for each: set if it was an exception, which an instruction must have been begun for. */
    private long exceptions;
    private long stopRetired = NONE;
    private int stopCount;

    /** One is being delivered. @return whether it is the one to stop behind */
    boolean add(long atRetired, boolean exception) {
        if (atRetired != retired) {
            retired = atRetired;
            count = 0;
            exceptions = 0;
        }
        if (exception && count < Long.SIZE) {
            exceptions |= 1L << count;
        }
        count++;
        return atRetired == stopRetired && count == stopCount;
    }

    /** How many since {@code atRetired} instructions had been retired. */
    int since(long atRetired) {
        return atRetired == retired ? count : 0;
    }

    /** Whether the instruction after {@code before} of them had been begun. */
    boolean wasException(int before) {
        return (exceptions & 1L << before) != 0;
    }

    /** Forgets them: the processor is in another state. */
    void clear() {
        retired = NONE;
        count = 0;
    }

    /** Stops the processor behind the last delivery before a position; {@link #stopNowhere} ends that. */
    void stopAt(Position p) {
        stopRetired = p.retired();
        stopCount = p.deliveries();
    }

    void stopNowhere() {
        stopRetired = NONE;
    }
}
