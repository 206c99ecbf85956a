package org.gearshift.vmm.net;

import java.util.ArrayList;
import java.util.List;

/**
 * Puts fragments together (RFC 791, 3.2). A datagram whose fragments overlap, contradict each other or are too many is thrown away, as RFC 5722
 * demands of IPv6: nobody sends such by mistake.
 */
final class Reassembly {
    private final Timers timers;
    private final List<Partial> partials = new ArrayList<>();
    private long discarded;

    /** One datagram in the making. */
    private static final class Partial {
        final Frame frame = new Frame();
        final int[] starts = new int[NetworkLimits.FRAGMENTS];
        final int[] ends = new int[NetworkLimits.FRAGMENTS];
        int source;
        int destination;
        int protocol;
        int identification;
        int count;
        int received;
        /** Length of the payload; -1 until the last fragment is there. */
        int total;
        long born;

        boolean matches(Datagram d, int id) {
            return source == d.source && destination == d.destination && protocol == d.protocol && identification == id;
        }

        /** @return false if the fragment does not fit what is there */
        boolean add(Datagram d, int start, boolean last) {
            int end = start + d.payloadLength;
            boolean contradiction = count == NetworkLimits.FRAGMENTS || end > Ipv4Header.MAX_PAYLOAD || d.payloadLength == 0
                    || !last && d.payloadLength % Ipv4Header.OFFSET_UNIT != 0 || total >= 0 && (last || end > total);
            for (int i = 0; i < count && !contradiction; i++) {
                contradiction = start < ends[i] && starts[i] < end || last && ends[i] > end;
            }
            if (contradiction) {
                return false;
            }
            starts[count] = start;
            ends[count++] = end;
            received += d.payloadLength;
            if (last) {
                total = end;
            }
            System.arraycopy(d.frame.bytes(), d.payload, frame.bytes(), Ipv4Header.PAYLOAD + start, d.payloadLength);
            if (start == 0) {
                // For ICMP errors about the datagram.
                System.arraycopy(d.frame.bytes(), 0, frame.bytes(), 0, Ipv4Header.PAYLOAD);
            }
            return true;
        }
    }

    Reassembly(Timers timers) {
        this.timers = timers;
    }

    /**
     * Takes a fragment.
     *
     * @param flagsAndOffset that field of its header
     * @return true if {@code d} now is the whole datagram, in a frame of this class that stays valid until the next call
     */
    boolean add(Datagram d, int identification, int flagsAndOffset) {
        long now = timers.nanos();
        int before = partials.size();
        partials.removeIf(p -> now - p.born > NetworkLimits.REASSEMBLY_NANOS);
        discarded += before - partials.size();
        Partial partial = find(d, identification, now);
        int start = (flagsAndOffset & Ipv4Header.OFFSET_MASK) * Ipv4Header.OFFSET_UNIT;
        if (!partial.add(d, start, (flagsAndOffset & Ipv4Header.MORE_FRAGMENTS) == 0)) {
            partials.remove(partial);
            discarded++;
            return false;
        }
        if (partial.received != partial.total) {
            return false;
        }
        partials.remove(partial);
        partial.frame.begin(Ipv4Header.PAYLOAD + partial.total);
        d.frame = partial.frame;
        d.headerLength = Ipv4Header.SIZE;
        d.payload = Ipv4Header.PAYLOAD;
        d.payloadLength = partial.total;
        return true;
    }

    private Partial find(Datagram d, int identification, long now) {
        for (Partial p : partials) {
            if (p.matches(d, identification)) {
                return p;
            }
        }
        Partial p;
        if (partials.size() == NetworkLimits.REASSEMBLIES) {
            p = partials.remove(0);
            discarded++;
        } else {
            p = new Partial();
        }
        p.source = d.source;
        p.destination = d.destination;
        p.protocol = d.protocol;
        p.identification = identification;
        p.count = 0;
        p.received = 0;
        p.total = -1;
        p.born = now;
        partials.add(p);
        return p;
    }

    /** Datagrams that were never completed. */
    long discarded() {
        return discarded;
    }

    void reset() {
        partials.clear();
    }
}
