package org.gearshift.vmm.xen;

import org.gearshift.vmm.clock.GuestClock;

/** How long a vCPU has run and waited: struct vcpu_runstate_info (vcpu.h), which the guest may have written to memory of its own. */
final class Runstate {
    private static final int RUNNING = 0;
    private static final int BLOCKED = 2;
    private static final int OFFLINE = 3;

    private final GuestClock clock;
    private final GuestPointer guest;
    private final Abi abi;
    private final long[] time = new long[4];
    private volatile int state;
    private volatile long since;
    private volatile long area;

    /** @param guest the memory as the vCPU sees it, whose state this is */
    Runstate(GuestClock clock, GuestPointer guest, Abi abi, boolean running) {
        this.clock = clock;
        this.abi = abi;
        this.guest = guest;
        state = running ? RUNNING : OFFLINE;
    }

    /** The vCPU is brought up or taken down, maybe by another one: it is not written to the guest's memory before the next change. */
    void online(boolean up) {
        account(up ? RUNNING : OFFLINE);
    }

    void blocked() {
        enter(BLOCKED);
    }

    void running() {
        enter(RUNNING);
    }

    private void account(int next) {
        long now = clock.nanos();
        time[state] += now - since;
        since = now;
        state = next;
    }

    private void enter(int next) {
        account(next);
        if (area != 0) {
            try {
                write(guest, area);
            } catch (GuestPointerFault f) {
                // The guest has unmapped it: it does without, as under Xen.
                return;
            }
        }
    }

    /** Keeps the state at a guest address up to date from now on. @param caller the memory as it is seen by who asks for that */
    void register(GuestPointer caller, long va) {
        area = va;
        try {
            write(caller, va);
        } catch (GuestPointerFault f) {
            // It may come to be there.
            return;
        }
    }

    /** Writes the state as it is now. */
    void write(GuestPointer to, long va) {
        // Numbers of 64 bits are aligned as the kernel's compiler aligns them.
        long at = va + abi.word();
        to.write32(va, state);
        to.write64(at, since);
        for (int i = 0; i < time.length; i++) {
            to.write64(at + 8 + 8L * i, time[i] + (i == state ? clock.nanos() - since : 0));
        }
    }
}
