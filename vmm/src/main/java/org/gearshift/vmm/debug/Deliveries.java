package org.gearshift.vmm.debug;

/** Interrupts and exceptions that were delivered since the machine's last instruction retired, to whichever processor. On the thread that runs them. */
final class Deliveries {
    private static final int NONE = -1;

    private long retired = NONE;
    private int count;
    /** Of whom exceptions are remembered. */
    private int watched = NONE;
    /** Where an instruction of that one was begun last that ended in an exception, or null. */
    private Position begun;
    private long stopRetired = NONE;
    private int stopCount;

    /** One is being delivered. @return whether it is the one to stop behind */
    boolean add(long atRetired, int cpu, boolean exception) {
        if (atRetired != retired) {
            retired = atRetired;
            count = 0;
        }
        if (exception && cpu == watched) {
            begun = new Position(atRetired, count);
        }
        count++;
        return atRetired == stopRetired && count == stopCount;
    }

    /** How many since {@code atRetired} instructions had been retired. */
    int since(long atRetired) {
        return atRetired == retired ? count : 0;
    }

    /** From now on exceptions of a processor are remembered. */
    void watch(int cpu) {
        watched = cpu;
        begun = null;
    }

    /** Where the last instruction was begun, since {@link #watch}, that raised one; null if none did. */
    Position begun() {
        return begun;
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
