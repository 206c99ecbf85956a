package org.gearshift.vmm.smp;

import org.gearshift.paging.DeviceGate;
import org.gearshift.paging.ShadowMmu;

/**
 * The way of one processor through the {@link DeviceLock} to something whose holder may wait for the other processors: who waits here rests. Only where no guest code is half done: it may find
 * mappings changed when it has got in.
 */
public final class RestingGate implements DeviceGate {
    private final DeviceLock lock;
    private final ShadowMmu mmu;

    /** @param mmu the processor's */
    public RestingGate(DeviceLock lock, ShadowMmu mmu) {
        this.lock = lock;
        this.mmu = mmu;
    }

    @Override
    public void enter() {
        if (!lock.tryEnter()) {
            mmu.rest();
            lock.enter();
            mmu.wake();
        }
    }

    @Override
    public void leave() {
        lock.leave();
    }
}
