package org.gearshift.vmm.policy;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * Is asked before anything is bound that machines could share, and before a machine runs. Every denial is logged, with its rule. What a policy doesn't say is
 * denied: without common types there is no event channel and no grant, a disk that one machine writes is nobody else's, and where there is a policy, a network
 * needs a label. Methods are for any thread.
 */
public final class ReferenceMonitor {
    private static final Logger LOG = System.getLogger(ReferenceMonitor.class.getName());

    private final IsolationPolicy policy;
    private final boolean given;
    private final Set<String> running = new LinkedHashSet<>();
    /** By disk, who has it, and whether they write. */
    private final Map<String, Map<String, Boolean>> disks = new HashMap<>();
    private long denials;

    /** @param policy the rules; null if the user gave none */
    public ReferenceMonitor(IsolationPolicy policy) {
        given = policy != null;
        this.policy = given ? policy : IsolationPolicy.NONE;
    }

    /** How often something was denied. */
    public synchronized long denials() {
        return denials;
    }

    private Denied denied(String what) {
        denials++;
        LOG.log(Level.WARNING, () -> "denied: " + what);
        return new Denied(what);
    }

    /** A machine is about to run. @throws Denied if one runs that it conflicts with */
    public synchronized void admit(String machine) throws Denied {
        Set<String> own = policy.label(machine).wall();
        for (Map.Entry<String, Set<String>> conflict : policy.conflicts().entrySet()) {
            for (String other : running) {
                for (String theirs : policy.label(other).wall()) {
                    if (!conflict.getValue().contains(theirs)) {
                        continue;
                    }
                    for (String ours : own) {
                        if (conflict.getValue().contains(ours) && !ours.equals(theirs)) {
                            throw denied("machine " + machine + " (" + ours + ") may not run beside " + other + " (" + theirs + "): Chinese Wall, conflict set "
                                    + conflict.getKey());
                        }
                    }
                }
            }
        }
        running.add(machine);
    }

    /** A machine has ended: it conflicts with nobody any more, and its disks are free. */
    public synchronized void left(String machine) {
        running.remove(machine);
        disks.values().forEach(users -> users.remove(machine));
    }

    /** What {@link #mayShare} would answer, if it were asked: nothing is counted or logged. */
    public synchronized boolean couldShare(Sharing kind, String a, String b) {
        return a.equals(b) || policy.common(kind, policy.label(a).types(), policy.label(b).types()) != null;
    }

    /** Whether two machines may be bound together by an event channel, a grant or the store. A machine may always share with itself. */
    public synchronized boolean mayShare(Sharing kind, String a, String b) {
        if (couldShare(kind, a, b)) {
            return true;
        }
        Set<String> ours = policy.label(a).types();
        Set<String> theirs = policy.label(b).types();
        denied(kind.label() + " between " + a + " " + ours + " and " + b + " " + theirs + ": Type Enforcement, no type in common that stands for it"
                + (given ? "" : " (there is no policy)"));
        return false;
    }

    /**
     * A machine wants to have a network.
     *
     * @throws Denied if there is a policy, and no type in common
     */
    public synchronized void attachNetwork(String machine, String network) throws Denied {
        if (given) {
            requireCommon(Sharing.NETWORK, machine, network, policy.resource(Sharing.NETWORK, network));
        }
    }

    /**
     * A machine wants to have a disk.
     *
     * @param disk what the policy calls it; two that are the same have one name
     * @param writes whether the machine can change it; changes that are forgotten are none
     * @throws Denied if it has a label that the machine has no type of, or if it has none and would be shared
     */
    public synchronized void attachDisk(String machine, String disk, boolean writes) throws Denied {
        Set<String> label = policy.resource(Sharing.DISK, disk);
        if (label != null) {
            requireCommon(Sharing.DISK, machine, disk, label);
        }
        Map<String, Boolean> users = disks.computeIfAbsent(disk, d -> new LinkedHashMap<>());
        for (Map.Entry<String, Boolean> other : users.entrySet()) {
            // Two that only read what nobody changes tell each other nothing.
            boolean flow = writes || other.getValue();
            if (flow && (label == null || policy.common(Sharing.DISK, policy.label(machine).types(), policy.label(other.getKey()).types()) == null)) {
                throw denied("disk " + disk + " for " + machine + ": " + other.getKey() + " has it, and " + (other.getValue() ? "writes it" : machine + " would write it")
                        + "; a disk is shared only by machines and a disk that have a type in common");
            }
        }
        users.merge(machine, writes, Boolean::logicalOr);
    }

    private void requireCommon(Sharing kind, String machine, String resource, Set<String> label) throws Denied {
        Set<String> ours = policy.label(machine).types();
        if (label == null) {
            throw denied(kind.label() + " " + resource + " for " + machine + " " + ours + ": it has no label in the policy");
        }
        if (policy.common(kind, ours, label) == null) {
            throw denied(kind.label() + " " + resource + " " + label + " for " + machine + " " + ours + ": Type Enforcement, no type in common that stands for it");
        }
    }
}
