package org.gearshift.vmm.xen;

/** Told how a domain ends. */
public interface DomainListener {
    /** Reasons of SCHEDOP_shutdown (sched.h). */
    int POWER_OFF = 0;
    int REBOOT = 1;
    int SUSPEND = 2;
    int CRASH = 3;

    /**
     * The domain has ended.
     *
     * @param reason what it gave as its reason, or {@link #CRASH}
     * @param message why it crashed, or null
     */
    void ended(int reason, String message);
}
