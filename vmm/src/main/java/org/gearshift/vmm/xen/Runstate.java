package org.gearshift.vmm.xen;

import org.gearshift.vmm.clock.GuestClock;

/** How long the vCPU has run and waited: struct vcpu_runstate_info (vcpu.h), which the guest may have written to memory of its own. */
final class Runstate {
    private static final int RUNNING = 0;
    private static final int BLOCKED = 2;
    static final int BYTES = 48;

    private final GuestClock clock;
    private final GuestPointer guest;
    private final long[] time = new long[4];
    private int state = RUNNING;
    private long since;
    private long area;

    Runstate(GuestClock clock, GuestPointer guest) {
        this.clock = clock;
        this.guest = guest;
    }

    void blocked() {
        enter(BLOCKED);
    }

    void running() {
        enter(RUNNING);
    }

    private void enter(int next) {
        long now = clock.nanos();
        time[state] += now - since;
        since = now;
        state = next;
        if (area != 0) {
            try {
                write(area);
            } catch (GuestPointerFault f) {
                // The guest has unmapped it: it does without, as under Xen.
                area = 0;
            }
        }
    }

    /** Keeps the state at a guest address up to date from now on. */
    void register(long va) {
        area = 0;
        write(va);
        area = va;
    }

    /** Writes the state as it is now. */
    void write(long va) {
        guest.write32(va, state);
        guest.write64(va + 8, since);
        for (int i = 0; i < time.length; i++) {
            guest.write64(va + 16 + 8L * i, time[i] + (i == state ? clock.nanos() - since : 0));
        }
    }
}
