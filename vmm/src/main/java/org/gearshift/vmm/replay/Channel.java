package org.gearshift.vmm.replay;

/** Numbers of the ways that lead into a machine, as they stand in logs. */
public final class Channel {
    /** Nothing comes: the processors' state is compared. */
    public static final int CHECK = 0;
    /** The user ends the run. */
    public static final int QUIT = 1;
    /** Bytes for the first serial port. */
    public static final int SERIAL = 2;
    /** The power button. */
    public static final int POWER_BUTTON = 3;
    /** The first of the devices that were plugged in, in that order. */
    public static final int DEVICE = 16;
    /** Highest number. */
    public static final int MAX = 255;

    private Channel() {
    }
}
