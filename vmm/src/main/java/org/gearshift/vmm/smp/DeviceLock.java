package org.gearshift.vmm.smp;

import java.util.concurrent.locks.ReentrantLock;
import org.gearshift.paging.DeviceGate;

/** The one lock of all devices. Whoever holds it waits for no processor, unless all processors come by {@link RestingGate}s. */
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
        entered();
    }

    /** Enters unless another thread is there. @return whether it has */
    boolean tryEnter() {
        if (!lock.tryLock()) {
            return false;
        }
        entered();
        return true;
    }

    private void entered() {
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
