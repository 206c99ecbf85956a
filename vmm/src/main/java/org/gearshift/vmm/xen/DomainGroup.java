package org.gearshift.vmm.xen;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.gearshift.vmm.policy.ReferenceMonitor;
import org.gearshift.vmm.policy.Sharing;

/**
 * The domains of one process, which may offer each other event channels and grants, as far as a policy lets them. Each has a number, by which others name it;
 * domain 0 is the monitor. Methods are for any thread.
 */
public final class DomainGroup {
    /** Numbers of domains end here (xen.h: DOMID_FIRST_RESERVED). */
    private static final int LAST = 0x7fef;

    private final ReferenceMonitor policy;
    private final Map<Integer, Domain> domains = new HashMap<>();
    private final Map<Integer, String> names = new HashMap<>();
    private final StoreTree store = new StoreTree(this);
    private int next = 1;

    /** @param policy is asked at every binding */
    public DomainGroup(ReferenceMonitor policy) {
        this.policy = policy;
    }

    /** A group of one's own, where nothing is shared. */
    public static DomainGroup alone() {
        return new DomainGroup(new ReferenceMonitor(null));
    }

    /**
     * A number for a domain that is to be made, 1, 2 and so on.
     *
     * @param name what the policy calls it
     * @throws IllegalStateException if there are no more
     */
    synchronized int number(String name) {
        if (next > LAST) {
            throw new IllegalStateException("no more numbers for domains");
        }
        names.put(next, name);
        return next++;
    }

    /** From now on others find the domain. */
    synchronized void enter(Domain domain) {
        domains.put(domain.id, domain);
    }

    /** It has ended: others are told, and find it no more. */
    void leave(Domain domain) {
        List<Domain> others;
        synchronized (this) {
            domains.remove(domain.id);
            others = new ArrayList<>(domains.values());
        }
        for (Domain o : others) {
            o.mailbox.post(() -> o.events.peerEnded(domain.id));
        }
    }

    /** A domain that is there, or null. */
    synchronized Domain find(int id) {
        return domains.get(id);
    }

    /** What the policy calls a domain. */
    synchronized String name(int id) {
        return names.get(id);
    }

    /** The tree of names and values that they share. */
    StoreTree store() {
        return store;
    }

    /** Whether the policy lets two that were given numbers share something; a denial is logged. Numbers that nobody was given share nothing. */
    boolean mayShare(Sharing kind, int a, int b) {
        String one = name(a);
        String other = name(b);
        return one != null && other != null && policy.mayShare(kind, one, other);
    }

    /** The same as a mere question: nothing is denied by it. */
    boolean couldShare(Sharing kind, int a, int b) {
        String one = name(a);
        String other = name(b);
        return one != null && other != null && policy.couldShare(kind, one, other);
    }

    /** Whether the policy lets two share something; a denial is logged. */
    boolean mayShare(Sharing kind, Domain a, Domain b) {
        return policy.mayShare(kind, name(a.id), name(b.id));
    }
}
