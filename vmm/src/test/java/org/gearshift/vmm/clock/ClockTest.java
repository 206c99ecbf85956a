package org.gearshift.vmm.clock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ClockTest {
    private long retired;

    @Test
    void virtualTimeIsInstructionsPlusSkippedIdleTime() {
        VirtualClock clock = new VirtualClock(() -> retired, 2);
        retired = 100;
        assertEquals(200, clock.nanos());
        clock.advanceTo(1000);
        clock.advanceTo(500);
        assertEquals(1000, clock.nanos());
        retired++;
        assertEquals(1002, clock.nanos());
        assertEquals(800, clock.skippedNanos());
        assertEquals(2, clock.instructionsUntil(1005));
        assertEquals(0, clock.instructionsUntil(1002));
    }

    @Test
    void aRestoredVirtualClockGoesOnWhateverTheCountIs() throws IOException {
        retired = 7;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new VirtualClock(() -> retired).save(new DataOutputStream(bytes));
        retired = 1000;
        VirtualClock clock = new VirtualClock(() -> retired);
        clock.restore(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
        assertEquals(7, clock.nanos());
    }

    @Test
    void aPausedHostClockStandsStill() {
        HostClock clock = new HostClock();
        clock.pause();
        long stopped = clock.nanos();
        assertEquals(stopped, clock.nanos());
        clock.resume();
        assertTrue(clock.nanos() >= stopped);
    }

    @Test
    void aFixedDateAdvancesWithTheGuestClock() {
        WallClock wall = WallClock.from(Instant.ofEpochSecond(5), new VirtualClock(() -> retired));
        retired = 3;
        assertEquals(5_000_000_003L, wall.epochNanos());
    }
}
