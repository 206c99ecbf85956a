package org.gearshift.vmm.clock;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** Real time, from the host's monotonic clock; it starts at 0 and can be stopped while the machine is. */
public final class HostClock implements GuestClock {
    private volatile long origin = System.nanoTime();
    private volatile long stoppedAt;
    private volatile boolean paused;

    @Override
    public long nanos() {
        return paused ? stoppedAt : System.nanoTime() - origin;
    }

    /** No effect if it stands already. */
    @Override
    public void pause() {
        stoppedAt = nanos();
        paused = true;
    }

    @Override
    public void resume() {
        if (paused) {
            origin = System.nanoTime() - stoppedAt;
            paused = false;
        }
    }

    @Override
    public boolean isVirtual() {
        return false;
    }

    @Override
    public void save(DataOutput out) throws IOException {
        out.writeLong(nanos());
    }

    @Override
    public void restore(DataInput in) throws IOException {
        stoppedAt = in.readLong();
        origin = System.nanoTime() - stoppedAt;
    }
}
