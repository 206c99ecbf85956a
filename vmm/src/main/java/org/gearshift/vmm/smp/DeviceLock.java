package org.gearshift.vmm.smp;

import java.util.concurrent.locks.ReentrantLock;
import org.gearshift.paging.DeviceGate;

/** The one lock of all devices. Whoever holds it waits for no processor. */
public final class DeviceLock implements DeviceGate {
    private final ReentrantLock lock = new ReentrantLock();
    private Runnable entered = () -> { };
    private Runnable left = () -> { };

    /** What to do first when a thread has got at the devices. */
    public void onEnter(Runnable action) {
        entered = action;
    }

    /** What to do, with the lock still held, when a thread is done with the devices: events may have been armed. */
    public void onLeave(Runnable action) {
        left = action;
    }

    @Override
    public void enter() {
        lock.lock();
        if (lock.getHoldCount() == 1) {
            entered.run();
        }
    }

    @Override
    public void leave() {
        if (lock.getHoldCount() == 1) {
            left.run();
        }
        lock.unlock();
    }
}
