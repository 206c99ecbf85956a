package org.gearshift.vmm.replay;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import org.gearshift.vmm.device.Device.CounterSink;
import org.gearshift.vmm.net.EthernetNetwork;
import org.gearshift.vmm.net.EthernetStation;
import org.gearshift.vmm.net.Frame;

/**
 * A cable between a machine whose runs repeat and a network: frames reach the machine by its {@link Timeline}. In a replay nothing is at the other end, and while the
 * machine is in its
 * past what it sends goes nowhere: it has been sent.
 */
public final class GatedNetwork implements EthernetNetwork, Rewindable {
    /** Frames on the cable, at most: what the network has beyond waits there. */
    private static final int CAPACITY = 64;
    private static final int HEAD = 7;
    private static final int PARTIAL = 1;

    private final Timeline timeline;
    private final int channel;
    /** Null in a replay. */
    private final EthernetNetwork outside;
    /** Frames that have arrived, and that the station has no room for. */
    private final ArrayDeque<byte[]> arrived = new ArrayDeque<>();
    private final Frame frame = new Frame();
    private EthernetStation station;
    private int underWay;
    private boolean refused;

    /** @param outside what is at the other end; null: nothing */
    public GatedNetwork(Timeline timeline, int channel, EthernetNetwork outside) {
        this.timeline = timeline;
        this.channel = channel;
        this.outside = outside;
    }

    @Override
    public void connect(EthernetStation to) {
        station = to;
        timeline.connect(channel, this::arrive);
        if (outside != null) {
            outside.connect(to == null ? null : new FarEnd());
        }
    }

    /** The station as the network sees it. */
    private final class FarEnd implements EthernetStation {
        @Override
        public boolean ready() {
            refused = underWay + arrived.size() >= CAPACITY;
            return !refused;
        }

        @Override
        public boolean receive(Frame f) {
            if (!ready()) {
                return false;
            }
            underWay++;
            timeline.offer(channel, encoded(f));
            return true;
        }

        @Override
        public boolean takesPartialChecksums() {
            return station.takesPartialChecksums();
        }

        @Override
        public boolean takesLargeTcp() {
            return station.takesLargeTcp();
        }
    }

    private static byte[] encoded(Frame f) {
        boolean partial = f.checksumPartial();
        return ByteBuffer.allocate(HEAD + f.length()).put((byte) (partial ? PARTIAL : 0)).putShort((short) (partial ? f.checksumStart() : 0))
                .putShort((short) (partial ? f.checksumOffset() : 0)).putShort((short) f.segmentSize()).put(f.bytes(), 0, f.length()).array();
    }

    private Frame decoded(byte[] data) {
        ByteBuffer b = ByteBuffer.wrap(data);
        int flags = b.get();
        int start = b.getShort() & 0xffff;
        int offset = b.getShort() & 0xffff;
        int segment = b.getShort() & 0xffff;
        frame.begin(b.remaining());
        b.get(frame.bytes(), 0, frame.length());
        if ((flags & PARTIAL) != 0) {
            frame.partialChecksum(start, offset);
        }
        frame.segmentSize(segment);
        return frame;
    }

    private void arrive(byte[] data) {
        if (!timeline.inPast()) {
            underWay = Math.max(0, underWay - 1);
        }
        if (!arrived.isEmpty() || !station.receive(decoded(data))) {
            arrived.add(data);
        }
        tellOutside();
    }

    private boolean connected() {
        return outside != null && !timeline.inPast();
    }

    private void tellOutside() {
        if (refused && connected() && underWay + arrived.size() < CAPACITY) {
            refused = false;
            outside.stationReady();
        }
    }

    @Override
    public void send(Frame f) {
        if (connected()) {
            outside.send(f);
        }
    }

    @Override
    public void flush() {
        if (connected()) {
            outside.flush();
        }
    }

    @Override
    public void stationReady() {
        while (!arrived.isEmpty() && station.receive(decoded(arrived.peek()))) {
            arrived.remove();
        }
        tellOutside();
    }

    @Override
    public void poll() {
        if (outside != null) {
            outside.poll();
        }
    }

    @Override
    public void reset() {
        arrived.clear();
        if (connected()) {
            outside.reset();
        }
    }

    @Override
    public Object mark() {
        return List.copyOf(arrived);
    }

    @Override
    public void rewind(Object mark) {
        arrived.clear();
        for (Object data : (List<?>) mark) {
            arrived.add((byte[]) data);
        }
    }

    @Override
    public boolean waitsForOutside() {
        return outside != null && (outside.waitsForOutside() || underWay > 0);
    }

    @Override
    public void counters(CounterSink sink) {
        if (outside != null) {
            outside.counters(sink);
        }
    }

    @Override
    public void close() {
        if (outside != null) {
            outside.close();
        }
    }
}
