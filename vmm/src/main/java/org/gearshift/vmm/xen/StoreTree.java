package org.gearshift.vmm.xen;

import java.util.ArrayList;
import java.util.List;
import org.gearshift.vmm.policy.Sharing;

/**
 * The tree of names and values that the domains of a group share: each has a {@link XenStore} to it. What a node's permissions say is necessary and not sufficient:
 * a node that belongs to another domain is out of reach unless the policy lets the two share the store. Threads that use it hold its monitor, and nothing that they
 * call while they do so waits for another thread.
 */
final class StoreTree {
    /** Most nodes that belong to one domain. */
    private static final int MAX_NODES = 4000;

    /**
     * A change, as watches get to know of it.
     *
     * @param permissions who may know of it: those that the node has now, or had until it was removed
     * @param removed the node that is not there any more; null if the node is there
     */
    record Change(String path, List<String> permissions, StoreNode removed) {
    }

    private final DomainGroup group;
    private final StoreNode top = new StoreNode(List.of("n0"));
    private final List<XenStore> users = new ArrayList<>();
    private long generation;

    StoreTree(DomainGroup group) {
        this.group = group;
        top.generation = 0;
    }

    /** Adds one who wants to know of changes. */
    synchronized void join(XenStore user) {
        users.add(user);
    }

    /** The domain has ended: what belongs to it, and what its backends have written for it, goes. */
    synchronized void leave(XenStore user) {
        users.remove(user);
        user.forget("/local/domain/" + user.domain());
        user.forget("/vm/gearshift-" + user.domain());
        StoreNode backends = top.find("/local/domain/0/backend");
        if (backends != null) {
            for (String kind : List.copyOf(backends.children.keySet())) {
                user.forget("/local/domain/0/backend/" + kind + "/" + user.domain());
            }
        }
    }

    StoreNode top() {
        return top;
    }

    /** Whether a domain is there, so that it can be reached by its nodes. */
    boolean isIntroduced(int domain) {
        return group.find(domain) != null;
    }

    /** Marks a node as changed now. */
    void touch(StoreNode node) {
        node.generation = ++generation;
    }

    /** Tells all of a change. @param by who has made it, on the thread that has his domain */
    void changed(Change change, XenStore by) {
        for (XenStore user : users) {
            user.changed(change, user == by);
        }
    }

    /** Whether a domain has a right to a node. A denial by policy is logged. */
    boolean permits(StoreNode n, int domain, char right) {
        return StoreNode.permits(n.permissions, domain, right) && (own(n.permissions, domain) || group.mayShare(Sharing.STORE, domain, n.owner()));
    }

    /** Whether a domain may get to know that a node with such permissions has changed. */
    boolean mayKnow(List<String> permissions, int domain) {
        return StoreNode.permits(permissions, domain, 'r') && (own(permissions, domain) || group.couldShare(Sharing.STORE, domain, StoreNode.owner(permissions)));
    }

    private static boolean own(List<String> permissions, int domain) {
        int owner = StoreNode.owner(permissions);
        return domain == 0 || owner == 0 || owner == domain;
    }

    /** Whether a domain may have one more node. */
    boolean hasRoom(int domain) {
        return domain == 0 || top.ownedBy(domain) < MAX_NODES;
    }

    static List<String> parts(String path) {
        List<String> parts = new ArrayList<>();
        for (String part : path.split("/")) {
            if (!part.isEmpty()) {
                parts.add(part);
            }
        }
        return parts;
    }

    static String parent(String path) {
        int slash = path.lastIndexOf('/');
        return slash <= 0 ? "/" : path.substring(0, slash);
    }

    static String name(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }
}
