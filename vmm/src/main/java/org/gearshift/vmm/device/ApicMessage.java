package org.gearshift.vmm.device;

/** Fields that interrupt command register, local vector table and redirection table share (Intel SDM vol. 3A, 11.5.1 and 11.6.1). */
final class ApicMessage {
    static final int FIXED = 0;
    static final int LOWEST_PRIORITY = 1;
    static final int SMI = 2;
    static final int NMI = 4;
    static final int INIT = 5;
    static final int START_UP = 6;
    static final int EXT_INT = 7;

    static final int VECTOR = 0xff;
    static final int DESTINATION_LOGICAL = 0x800;
    static final int POLARITY_LOW = 0x2000;
    static final int REMOTE_IRR = 0x4000;
    static final int LEVEL = 0x8000;
    static final int MASKED = 0x10000;
    /** Physical destination of every processor, in eight bits. */
    static final int BROADCAST = 0xff;
    /** Destination of every processor, in 32. */
    static final int BROADCAST_WIDE = -1;

    private ApicMessage() {
    }

    /** The delivery mode field. */
    static int deliveryMode(int low) {
        return low >>> 8 & 7;
    }
}
