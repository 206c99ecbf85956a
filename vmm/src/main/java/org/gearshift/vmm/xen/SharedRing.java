package org.gearshift.vmm.xen;

import java.lang.invoke.VarHandle;
import org.gearshift.paging.PhysicalMemory;

/**
 * The monitor's end of a ring in a page that the domain grants: requests come, answers go, in the same entries (io/ring.h). The domain may write anything there at any time; a number of
 * requests that the ring cannot hold is noticed by {@link #overrun}.
 *
 * <pre>
 *   0 req_prod   4 req_event   8 rsp_prod   12 rsp_event   64 entries
 * </pre>
 */
final class SharedRing {
    private static final int REQ_PROD = 0;
    private static final int REQ_EVENT = 4;
    private static final int RSP_PROD = 8;
    private static final int RSP_EVENT = 12;
    private static final int ENTRIES = 64;

    private final Domain domain;
    private final PhysicalMemory memory;
    private final int entryBytes;
    private final int size;
    private final long reference;
    private final int frame;
    private int consumed;
    private int produced;
    private int published;

    private SharedRing(Domain domain, long reference, int frame, int entryBytes) {
        this.domain = domain;
        this.memory = domain.memory;
        this.entryBytes = entryBytes;
        this.size = Integer.highestOneBit((0x1000 - ENTRIES) / entryBytes);
        this.reference = reference;
        this.frame = frame;
    }

    /**
     * Begins to use a ring.
     *
     * @param reference the grant of its page; it may be none
     * @param entryBytes bytes of an entry: the larger of request and answer
     * @return null if the domain grants no such page
     */
    static SharedRing open(Domain domain, long reference, int entryBytes) {
        int frame = reference < 0 ? -1 : domain.grants.begin(reference, true);
        return frame < 0 ? null : new SharedRing(domain, reference, frame, entryBytes);
    }

    /** Ends the use of the page. */
    void close() {
        domain.grants.end(reference, frame, true);
    }

    private long at(int offset) {
        return ((long) frame << 12) + offset;
    }

    private int index(int offset) {
        return (int) memory.read(at(offset), 32);
    }

    /** Requests that have not been taken; more than the ring holds if the domain breaks the rules. */
    int waiting() {
        return index(REQ_PROD) - consumed;
    }

    /** Whether the domain claims more requests than there can be. */
    boolean overrun() {
        int n = waiting();
        return n < 0 || n > size;
    }

    /** Takes a request; only if one waits. @return its machine address: what is read there may change meanwhile */
    long take() {
        return at(ENTRIES + (consumed++ & size - 1) * entryBytes);
    }

    /** Machine address of the next answer's place, which counts from then on as filled. */
    long answer() {
        return at(ENTRIES + (produced++ & size - 1) * entryBytes);
    }

    /** Lets the domain see the answers. @return whether it wants an event for them */
    boolean publish() {
        int before = published;
        published = produced;
        VarHandle.fullFence();
        memory.write(at(RSP_PROD), produced & 0xffffffffL, 32);
        VarHandle.fullFence();
        int wanted = index(RSP_EVENT);
        return produced != before && Integer.compareUnsigned(produced - wanted, produced - before) < 0;
    }

    /** Asks for an event when so many more requests have come. @return whether they have come already */
    boolean listen(int more) {
        memory.write(at(REQ_EVENT), consumed + more & 0xffffffffL, 32);
        VarHandle.fullFence();
        return waiting() >= more;
    }
}
