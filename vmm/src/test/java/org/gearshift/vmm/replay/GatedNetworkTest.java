package org.gearshift.vmm.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.VirtualClock;
import org.gearshift.vmm.device.Device.CounterSink;
import org.gearshift.vmm.net.EthernetNetwork;
import org.gearshift.vmm.net.EthernetStation;
import org.gearshift.vmm.net.Frame;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Frames on the cable between a repeating machine and a network, which is played here. */
class GatedNetworkTest {
    private long now;
    private final VirtualClock clock = new VirtualClock(() -> now);
    private final EventQueue events = new EventQueue();
    private final Timeline timeline = Timeline.inMemory(Origin.USUAL);
    private final Outside outside = new Outside();
    private final GatedNetwork cable = new GatedNetwork(timeline, Channel.DEVICE, outside);
    private final Station station = new Station();

    private static final class Outside implements EthernetNetwork {
        EthernetStation station;
        int sent;
        int told;

        @Override
        public void connect(EthernetStation to) {
            station = to;
        }

        @Override
        public void send(Frame frame) {
            sent++;
        }

        @Override
        public void stationReady() {
            told++;
        }

        @Override
        public void flush() {
        }

        @Override
        public void poll() {
        }

        @Override
        public void reset() {
        }

        @Override
        public boolean waitsForOutside() {
            return false;
        }

        @Override
        public void counters(CounterSink sink) {
        }

        @Override
        public void close() {
        }
    }

    private static final class Station implements EthernetStation {
        final List<Frame> got = new ArrayList<>();
        int room = Integer.MAX_VALUE;

        @Override
        public boolean ready() {
            return room > 0;
        }

        @Override
        public boolean receive(Frame f) {
            if (room == 0) {
                return false;
            }
            room--;
            Frame copy = new Frame();
            copy.copyFrom(f);
            got.add(copy);
            return true;
        }

        @Override
        public boolean takesPartialChecksums() {
            return true;
        }

        @Override
        public boolean takesLargeTcp() {
            return true;
        }
    }

    @BeforeEach
    void plugIn() {
        timeline.attach(new Subject() {
            @Override
            public long retired() {
                return now;
            }

            @Override
            public int processorState() {
                return 0;
            }

            @Override
            public void quit() {
            }

            @Override
            public void breakOff(String message) {
            }

            @Override
            public void diverged(String message) {
                throw new AssertionError(message);
            }
        }, clock, events, () -> { });
        cable.connect(station);
    }

    private void runTo(long time) {
        timeline.poll();
        for (long next = events.nextDeadline(); next <= time; next = events.nextDeadline()) {
            now = Math.max(now, next);
            events.runDue(now);
        }
        now = time;
    }

    private static Frame frame(int length) {
        Frame f = new Frame();
        f.begin(length);
        for (int i = 0; i < length; i++) {
            f.bytes()[i] = (byte) (i * 7 + length);
        }
        return f;
    }

    @Test
    void aFrameComesALittleLaterWithAllThatBelongsToIt() {
        Frame f = frame(60_000);
        f.partialChecksum(34, 16);
        f.segmentSize(1460);
        assertTrue(outside.station.receive(f));
        assertTrue(station.got.isEmpty());
        runTo(10);
        Frame g = station.got.get(0);
        assertEquals(60_000, g.length());
        assertEquals(34, g.checksumStart());
        assertEquals(16, g.checksumOffset());
        assertEquals(1460, g.segmentSize());
        assertEquals(f.bytes()[59_999], g.bytes()[59_999]);
    }

    @Test
    void whatTheStationHasNoRoomForWaitsAndFillsTheCable() {
        station.room = 1;
        int taken = 0;
        while (outside.station.receive(frame(100))) {
            taken++;
        }
        runTo(10);
        assertEquals(1, station.got.size());
        assertEquals(1, outside.told, "one has left the cable");
        assertTrue(outside.station.receive(frame(100)));
        assertFalse(outside.station.ready());
        runTo(20);
        station.room = Integer.MAX_VALUE;
        cable.stationReady();
        runTo(30);
        assertEquals(taken + 1, station.got.size());
        assertTrue(outside.station.ready());
    }

    @Test
    void thePastIsNotSentAgain() {
        Object start = timeline.mark();
        Object nothing = cable.mark();
        cable.send(frame(60));
        outside.station.receive(frame(100));
        runTo(50);
        timeline.leavePresent();
        now = 0;
        cable.rewind(nothing);
        timeline.rewind(start);
        cable.send(frame(60));
        assertEquals(1, outside.sent);
        runTo(50);
        assertEquals(2, station.got.size(), "but comes again");
        cable.send(frame(60));
        assertEquals(2, outside.sent);
    }
}
