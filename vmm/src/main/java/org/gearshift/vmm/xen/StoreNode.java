package org.gearshift.vmm.xen;

import java.util.List;
import java.util.TreeMap;

/** A node of the {@link StoreTree}: a value, those below it by their names, and permissions: its owner's number first, with what all others may do, then single domains. */
final class StoreNode {
    /** What is in place of the generation of a node that is not there. */
    static final long ABSENT = -1;

    byte[] value = new byte[0];
    /** Never changed, but replaced. */
    List<String> permissions;
    final TreeMap<String, StoreNode> children = new TreeMap<>();
    /** The change by which value, permissions or the names below became what they are; in a transaction's copy {@link #ABSENT} for what the transaction has made. */
    long generation = ABSENT;

    StoreNode(List<String> permissions) {
        this.permissions = permissions;
    }

    /** One like it, with all that is below. */
    StoreNode copy() {
        StoreNode n = new StoreNode(permissions);
        n.value = value;
        n.generation = generation;
        children.forEach((name, child) -> n.children.put(name, child.copy()));
        return n;
    }

    /** The node at a path that starts from this one, or null. */
    StoreNode find(String path) {
        StoreNode n = this;
        for (String part : StoreTree.parts(path)) {
            n = n.children.get(part);
            if (n == null) {
                return null;
            }
        }
        return n;
    }

    int owner() {
        return owner(permissions);
    }

    static int owner(List<String> permissions) {
        return Integer.parseInt(permissions.get(0).substring(1));
    }

    /** Whether permissions alone give a domain the right. */
    static boolean permits(List<String> permissions, int domain, char right) {
        if (domain == 0 || owner(permissions) == domain) {
            return true;
        }
        char granted = permissions.get(0).charAt(0);
        for (String p : permissions.subList(1, permissions.size())) {
            if (Integer.parseInt(p.substring(1)) == domain) {
                granted = p.charAt(0);
            }
        }
        return granted == 'b' || granted == right;
    }

    /** How many nodes from this one down belong to a domain. */
    int ownedBy(int domain) {
        int count = owner() == domain ? 1 : 0;
        for (StoreNode child : children.values()) {
            count += child.ownedBy(domain);
        }
        return count;
    }
}
