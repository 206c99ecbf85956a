package org.gearshift.vmm.xen;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The tree of names and values by which domains and backends find each other (docs/misc/xenstore.txt of Xen). Paths are absolute; every node has a value, and permissions: its owner's number
 * first, with what all others may do, then single domains. Domain 0 may do everything.
 */
final class XenStore {
    private static final int MAX_PATH = 3072;
    private static final int MAX_NODES = 4000;
    private static final int MAX_VALUE = 2048;

    /** Errors by the names that go over the wire. */
    static final class StoreException extends Exception {
        private static final long serialVersionUID = 1L;

        StoreException(String error) {
            super(error, null, false, false);
        }
    }

    /** One node. */
    private static final class Node {
        byte[] value = new byte[0];
        List<String> permissions;
        final TreeMap<String, Node> children = new TreeMap<>();

        Node(List<String> permissions) {
            this.permissions = permissions;
        }

        Node copy() {
            Node n = new Node(permissions);
            n.value = value;
            children.forEach((name, child) -> n.children.put(name, child.copy()));
            return n;
        }
    }

    /** A change, as watches get to know of it. */
    interface Listener {
        void changed(String path);
    }

    /** A view of the tree: the tree itself, or a transaction's copy. */
    final class View {
        private Node top;
        private final long basis;
        private final List<String> changes = new ArrayList<>();

        private View(Node top, long basis) {
            this.top = top;
            this.basis = basis;
        }

        byte[] read(int domain, String path) throws StoreException {
            Node n = find(path);
            require(n, domain, 'r');
            return n.value;
        }

        List<String> list(int domain, String path) throws StoreException {
            Node n = find(path);
            require(n, domain, 'r');
            return new ArrayList<>(n.children.keySet());
        }

        void write(int domain, String path, byte[] value) throws StoreException {
            if (value.length > MAX_VALUE) {
                throw new StoreException("E2BIG");
            }
            make(domain, path).value = value;
            change(path);
        }

        /** Makes a node that need not be new. */
        void mkdir(int domain, String path) throws StoreException {
            if (find(path) == null) {
                make(domain, path);
                change(path);
            } else {
                require(find(path), domain, 'w');
            }
        }

        void remove(int domain, String path) throws StoreException {
            Node n = find(path);
            if (n == null) {
                // No error if there would have been a place for it.
                if (find(parent(path)) == null) {
                    throw new StoreException("ENOENT");
                }
                return;
            }
            if (path.equals("/")) {
                throw new StoreException("EINVAL");
            }
            require(n, domain, 'w');
            find(parent(path)).children.remove(name(path));
            change(path);
        }

        List<String> permissions(int domain, String path) throws StoreException {
            Node n = find(path);
            require(n, domain, 'r');
            return n.permissions;
        }

        void setPermissions(int domain, String path, List<String> permissions) throws StoreException {
            Node n = find(path);
            if (n == null) {
                throw new StoreException("ENOENT");
            }
            boolean valid = !permissions.isEmpty() && permissions.stream().allMatch(p -> p.matches("[rwbn][0-9]{1,5}"));
            if (!valid) {
                throw new StoreException("EINVAL");
            }
            if (domain != 0 && owner(n) != domain || domain != 0 && Integer.parseInt(permissions.get(0).substring(1)) != domain) {
                throw new StoreException("EACCES");
            }
            n.permissions = List.copyOf(permissions);
            change(path);
        }

        private void change(String path) {
            if (this == live) {
                generation++;
                listeners.forEach(l -> l.changed(path));
            } else {
                changes.add(path);
            }
        }

        private Node find(String path) {
            Node n = top;
            for (String part : parts(path)) {
                n = n.children.get(part);
                if (n == null) {
                    return null;
                }
            }
            return n;
        }

        private Node make(int domain, String path) throws StoreException {
            Node existing = find(path);
            if (existing != null) {
                require(existing, domain, 'w');
                return existing;
            }
            Node n = top;
            boolean made = false;
            for (String part : parts(path)) {
                Node child = n.children.get(part);
                if (child == null) {
                    if (!made) {
                        require(n, domain, 'w');
                        made = true;
                    }
                    if (domain != 0 && nodes(live.top) >= MAX_NODES) {
                        throw new StoreException("ENOSPC");
                    }
                    // A new node belongs to whoever made it, unless that is domain 0: then to its parent's owner.
                    List<String> permissions = new ArrayList<>(n.permissions);
                    if (domain != 0) {
                        permissions.set(0, permissions.get(0).charAt(0) + Integer.toString(domain));
                    }
                    child = new Node(permissions);
                    n.children.put(part, child);
                }
                n = child;
            }
            return n;
        }

        private void require(Node n, int domain, char right) throws StoreException {
            if (n == null) {
                throw new StoreException("ENOENT");
            }
            if (!permits(n, domain, right)) {
                throw new StoreException("EACCES");
            }
        }
    }

    private final View live = new View(new Node(List.of("n0")), 0);
    private final Map<Integer, View> transactions = new LinkedHashMap<>();
    private final List<Listener> listeners = new ArrayList<>();
    private long generation;
    private int lastTransaction;

    View live() {
        return live;
    }

    void listen(Listener l) {
        listeners.add(l);
    }

    /** Begins a transaction. @return its number */
    int begin() throws StoreException {
        if (transactions.size() >= 10) {
            throw new StoreException("ENOSPC");
        }
        transactions.put(++lastTransaction, new View(live.top.copy(), generation));
        return lastTransaction;
    }

    View transaction(int number) throws StoreException {
        View v = number == 0 ? live : transactions.get(number);
        if (v == null) {
            throw new StoreException("ENOENT");
        }
        return v;
    }

    /** Ends a transaction. EAGAIN if something else has changed the tree since it began. */
    void end(int number, boolean commit) throws StoreException {
        View v = transactions.remove(number);
        if (v == null) {
            throw new StoreException("ENOENT");
        }
        if (!commit || v.changes.isEmpty()) {
            return;
        }
        if (v.basis != generation) {
            throw new StoreException("EAGAIN");
        }
        live.top = v.top;
        v.changes.forEach(live::change);
    }

    /** Forgets all transactions, as when the other end starts afresh. */
    void abandonTransactions() {
        transactions.clear();
    }

    /** Writes a value as domain 0. */
    void put(String path, String value) {
        try {
            live.write(0, path, value.getBytes(StandardCharsets.ISO_8859_1));
        } catch (StoreException e) {
            throw new IllegalStateException(path, e);
        }
    }

    /** The value of a node as domain 0 reads it; empty if there is none. */
    String get(String path) {
        try {
            return new String(live.read(0, path), StandardCharsets.ISO_8859_1);
        } catch (StoreException e) {
            return "";
        }
    }

    /** Sets permissions as domain 0. */
    void permit(String path, String... permissions) {
        try {
            live.setPermissions(0, path, List.of(permissions));
        } catch (StoreException e) {
            throw new IllegalStateException(path, e);
        }
    }

    /** What a toolstack writes for a new domain. */
    void describe(int domain, int vcpus, long pages, int consoleFrame, int consolePort, int storeFrame, int storePort) {
        String home = "/local/domain/" + domain;
        put("/vm/gearshift/name", "guest");
        put(home, "");
        permit(home, "n0", "r" + domain);
        put(home + "/name", "guest");
        put(home + "/domid", Integer.toString(domain));
        put(home + "/vm", "/vm/gearshift");
        for (int i = 0; i < vcpus; i++) {
            put(home + "/cpu/" + i + "/availability", "online");
        }
        put(home + "/memory/static-max", Long.toString(pages * 4));
        put(home + "/memory/target", Long.toString(pages * 4));
        put(home + "/store/port", Integer.toString(storePort));
        put(home + "/store/ring-ref", Integer.toString(storeFrame));
        put(home + "/console/port", Integer.toString(consolePort));
        put(home + "/console/ring-ref", Integer.toString(consoleFrame));
        put(home + "/console/type", "xenconsoled");
        put(home + "/console/limit", "1048576");
        for (String own : new String[] {"data", "drivers", "feature", "attr", "error"}) {
            put(home + "/" + own, "");
            permit(home + "/" + own, "n" + domain);
        }
        put(home + "/device", "");
        put(home + "/control", "");
        put(home + "/control/platform-feature-multiprocessor-suspend", "1");
        for (String own : new String[] {"shutdown", "feature-poweroff", "feature-reboot", "feature-suspend", "sysrq"}) {
            put(home + "/control/" + own, "");
            permit(home + "/control/" + own, "n" + domain);
        }
    }

    private static List<String> parts(String path) {
        List<String> parts = new ArrayList<>();
        for (String part : path.split("/")) {
            if (!part.isEmpty()) {
                parts.add(part);
            }
        }
        return parts;
    }

    private static String parent(String path) {
        int slash = path.lastIndexOf('/');
        return slash <= 0 ? "/" : path.substring(0, slash);
    }

    private static String name(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private static int nodes(Node n) {
        int count = 1;
        for (Node child : n.children.values()) {
            count += nodes(child);
        }
        return count;
    }

    private static int owner(Node n) {
        return Integer.parseInt(n.permissions.get(0).substring(1));
    }

    private static boolean permits(Node n, int domain, char right) {
        if (domain == 0 || owner(n) == domain) {
            return true;
        }
        char granted = n.permissions.get(0).charAt(0);
        for (String p : n.permissions.subList(1, n.permissions.size())) {
            if (Integer.parseInt(p.substring(1)) == domain) {
                granted = p.charAt(0);
            }
        }
        return granted == 'b' || granted == right;
    }

    /**
     * The absolute form of a path that a domain gave.
     *
     * @throws StoreException EINVAL for what is no path
     */
    static String absolute(int domain, String path) throws StoreException {
        boolean wellFormed = path.matches("[A-Za-z0-9/_@-]*") && !path.contains("//") && !(path.length() > 1 && path.endsWith("/"));
        if (path.isEmpty() || path.length() > MAX_PATH || !wellFormed) {
            throw new StoreException("EINVAL");
        }
        return path.startsWith("/") || path.startsWith("@") ? path : "/local/domain/" + domain + "/" + path;
    }
}
