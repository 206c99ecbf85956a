package org.gearshift.vmm.net;

import java.util.ArrayDeque;

/** The cable to the station: hands frames over, and keeps a few that it had no room for. */
final class GuestLink {
    private final ArrayDeque<Frame> backlog = new ArrayDeque<>();
    private final ArrayDeque<Frame> spare = new ArrayDeque<>();
    private EthernetStation station;
    private boolean blocked;
    private long frames;
    private long bytes;
    private long dropped;

    void connect(EthernetStation to) {
        station = to;
    }

    EthernetStation station() {
        return station;
    }

    /** True if a frame sent now would probably be delivered. After "no", {@link #unblock} says when. */
    boolean ready() {
        if (station != null && backlog.isEmpty() && station.ready()) {
            return true;
        }
        blocked = true;
        return false;
    }

    /** Sends a frame that has its Ethernet header; beyond the backlog it is lost, as on a wire. */
    void send(Frame frame) {
        if (station == null) {
            dropped++;
        } else if (backlog.isEmpty() && station.receive(frame)) {
            frames++;
            bytes += frame.length();
        } else {
            blocked = true;
            keep(frame);
        }
    }

    private void keep(Frame frame) {
        if (backlog.size() == NetworkLimits.BACKLOG_FRAMES) {
            dropped++;
            return;
        }
        Frame copy = spare.isEmpty() ? new Frame() : spare.pop();
        copy.copyFrom(frame);
        backlog.add(copy);
    }

    /** Sends what was kept. @return true if {@link #ready} had said no, and would say yes now */
    boolean unblock() {
        if (!blocked || station == null) {
            return false;
        }
        for (Frame next = backlog.peek(); next != null; next = backlog.peek()) {
            if (!station.receive(next)) {
                return false;
            }
            frames++;
            bytes += next.length();
            spare.push(backlog.remove());
        }
        blocked = !station.ready();
        return !blocked;
    }

    void reset() {
        spare.addAll(backlog);
        backlog.clear();
        blocked = false;
    }

    long frames() {
        return frames;
    }

    long bytes() {
        return bytes;
    }

    long dropped() {
        return dropped;
    }
}
