package org.gearshift.vmm.sched;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.locks.LockSupport;

/** What a scheduler knows of time, and how its threads wait; a test gives it time of its own. */
interface HostTime {
    /** Nanoseconds since some moment. */
    long wall();

    /** Processor time that the calling thread has used, in nanoseconds. */
    long threadCpu();

    /** Waits until {@link #unpark} or for so long, or less. @param nanos 0: without limit */
    void park(Object blocker, long nanos);

    /** Ends the wait of a thread, or its next one. */
    void unpark(Thread thread);

    /** The host's. */
    static HostTime host() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        boolean counted = threads.isCurrentThreadCpuTimeSupported();
        return new HostTime() {
            @Override
            public long wall() {
                return System.nanoTime();
            }

            @Override
            public long threadCpu() {
                // Where threads' processor time is not known, a thread that has a slot is taken to use it.
                return counted ? threads.getCurrentThreadCpuTime() : System.nanoTime();
            }

            @Override
            public void park(Object blocker, long nanos) {
                if (nanos == 0) {
                    LockSupport.park(blocker);
                } else {
                    LockSupport.parkNanos(blocker, nanos);
                }
            }

            @Override
            public void unpark(Thread thread) {
                LockSupport.unpark(thread);
            }
        };
    }
}
