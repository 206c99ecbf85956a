package org.gearshift.vmm.clock;

import java.time.Instant;
import java.util.concurrent.TimeUnit;

/** Calendar time as the machine's battery-backed clock started from: nanoseconds since 1970-01-01T00:00:00Z. */
@FunctionalInterface
public interface WallClock {
    /** The date a virtual-time machine believes in at power-on unless told otherwise. */
    Instant VIRTUAL_EPOCH = Instant.parse("2026-01-01T00:00:00Z");

    /** Nanoseconds since the Unix epoch, UTC. */
    long epochNanos();

    /** The host's calendar; not repeatable. */
    static WallClock host() {
        return () -> {
            Instant now = Instant.now();
            return TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
        };
    }

    /** The date {@code powerOn} at guest time 0, advancing with the guest clock. */
    static WallClock from(Instant powerOn, GuestClock clock) {
        long base = TimeUnit.SECONDS.toNanos(powerOn.getEpochSecond()) + powerOn.getNano();
        return () -> base + clock.nanos();
    }
}
