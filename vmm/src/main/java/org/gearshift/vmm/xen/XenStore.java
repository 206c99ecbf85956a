package org.gearshift.vmm.xen;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A domain's access to the tree of names and values by which domains and backends find each other (docs/misc/xenstore.txt of Xen). Paths are absolute. Domain 0,
 * which is the domain's backends too, may do everything. Methods are for whoever has the domain.
 */
final class XenStore {
    private static final int MAX_PATH = 3072;
    private static final int MAX_VALUE = 2048;
    private static final int MAX_TRANSACTIONS = 10;

    /** Errors by the names that go over the wire. */
    static final class StoreException extends Exception {
        private static final long serialVersionUID = 1L;

        StoreException(String error) {
            super(error, null, false, false);
        }
    }

    /** Is told of changes, on the domain's thread. */
    interface Listener {
        void changed(StoreTree.Change change);
    }

    /** What a transaction does to the tree when it ends. */
    private interface Step {
        void on(View view) throws StoreException;
    }

    /** A view of the tree: the tree itself, or a transaction's copy of it. */
    final class View {
        private final StoreNode top;
        /** What a transaction has done, in its order. */
        private final List<Step> steps = new ArrayList<>();
        /** Generations of what a transaction has looked at, by path, as it found them. */
        private final Map<String, Long> seen = new HashMap<>();

        private View(StoreNode top) {
            this.top = top;
        }

        byte[] read(int by, String path) throws StoreException {
            synchronized (tree) {
                return required(path, by, 'r').value;
            }
        }

        List<String> list(int by, String path) throws StoreException {
            synchronized (tree) {
                return new ArrayList<>(required(path, by, 'r').children.keySet());
            }
        }

        void write(int by, String path, byte[] value) throws StoreException {
            if (value.length > MAX_VALUE) {
                throw new StoreException("E2BIG");
            }
            synchronized (tree) {
                StoreNode n = make(by, path);
                n.value = value;
                changed(path, n, v -> v.write(by, path, value));
            }
        }

        /** Makes a node that need not be new. */
        void mkdir(int by, String path) throws StoreException {
            synchronized (tree) {
                if (find(path) != null) {
                    required(path, by, 'w');
                } else {
                    changed(path, make(by, path), v -> v.mkdir(by, path));
                }
            }
        }

        void remove(int by, String path) throws StoreException {
            synchronized (tree) {
                StoreNode parent = find(StoreTree.parent(path));
                StoreNode n = find(path);
                if (n == null) {
                    // No error if there would have been a place for it.
                    if (parent == null) {
                        throw new StoreException("ENOENT");
                    }
                    return;
                }
                if (path.equals("/")) {
                    throw new StoreException("EINVAL");
                }
                required(path, by, 'w');
                parent.children.remove(StoreTree.name(path));
                if (this == live) {
                    tree.touch(parent);
                    tree.changed(new StoreTree.Change(path, n.permissions, n), XenStore.this);
                } else {
                    steps.add(v -> v.remove(by, path));
                }
            }
        }

        List<String> permissions(int by, String path) throws StoreException {
            synchronized (tree) {
                return required(path, by, 'r').permissions;
            }
        }

        void setPermissions(int by, String path, List<String> permissions) throws StoreException {
            synchronized (tree) {
                StoreNode n = find(path);
                if (n == null) {
                    throw new StoreException("ENOENT");
                }
                boolean valid = !permissions.isEmpty() && permissions.stream().allMatch(p -> p.matches("[rwbn][0-9]{1,5}"));
                if (!valid) {
                    throw new StoreException("EINVAL");
                }
                if (by != 0 && (n.owner() != by || StoreNode.owner(permissions) != by)) {
                    throw new StoreException("EACCES");
                }
                n.permissions = List.copyOf(permissions);
                changed(path, n, v -> v.setPermissions(by, path, permissions));
            }
        }

        private void changed(String path, StoreNode n, Step step) {
            if (this == live) {
                tree.touch(n);
                tree.changed(new StoreTree.Change(path, n.permissions, null), XenStore.this);
            } else {
                steps.add(step);
            }
        }

        private StoreNode find(String path) {
            StoreNode n = top.find(path);
            seen(path, n);
            return n;
        }

        private void seen(String path, StoreNode n) {
            if (this != live) {
                seen.putIfAbsent(path, n == null ? StoreNode.ABSENT : n.generation);
            }
        }

        private StoreNode required(String path, int by, char right) throws StoreException {
            StoreNode n = find(path);
            if (n == null) {
                throw new StoreException("ENOENT");
            }
            return permitted(n, by, right);
        }

        private StoreNode permitted(StoreNode n, int by, char right) throws StoreException {
            if (!tree.permits(n, by, right)) {
                throw new StoreException("EACCES");
            }
            return n;
        }

        private StoreNode make(int by, String path) throws StoreException {
            if (find(path) != null) {
                return required(path, by, 'w');
            }
            StoreNode n = top;
            StringBuilder at = new StringBuilder();
            boolean made = false;
            for (String part : StoreTree.parts(path)) {
                StoreNode child = n.children.get(part);
                if (child == null) {
                    if (!made) {
                        seen(at.length() == 0 ? "/" : at.toString(), permitted(n, by, 'w'));
                        made = true;
                    }
                    if (!tree.hasRoom(by)) {
                        throw new StoreException("ENOSPC");
                    }
                    // A new node belongs to whoever made it, unless that is domain 0: then to its parent's owner.
                    List<String> permissions = new ArrayList<>(n.permissions);
                    if (by != 0) {
                        permissions.set(0, permissions.get(0).charAt(0) + Integer.toString(by));
                    }
                    child = new StoreNode(List.copyOf(permissions));
                    n.children.put(part, child);
                    if (this == live) {
                        tree.touch(n);
                        tree.touch(child);
                    }
                }
                at.append('/').append(part);
                n = child;
            }
            return n;
        }
    }

    private final StoreTree tree;
    private final int domain;
    private final Consumer<Runnable> later;
    private final View live;
    private final Map<Integer, View> transactions = new LinkedHashMap<>();
    private final List<Listener> listeners = new ArrayList<>();
    private int lastTransaction;

    /** @param later has something done by whoever has the domain, from any thread, soon and without waiting for it */
    XenStore(StoreTree tree, int domain, Consumer<Runnable> later) {
        this.tree = tree;
        this.domain = domain;
        this.later = later;
        live = new View(tree.top());
        tree.join(this);
    }

    int domain() {
        return domain;
    }

    View live() {
        return live;
    }

    void listen(Listener l) {
        listeners.add(l);
    }

    /** Whether the domain may get to know of changes to nodes with such permissions. */
    boolean mayKnow(List<String> permissions) {
        return tree.mayKnow(permissions, domain);
    }

    /** Whether there is a domain of that number. */
    boolean isIntroduced(int number) {
        return number == 0 || number == domain || tree.isIntroduced(number);
    }

    /** The tree has changed. @param here whether this domain's thread has changed it; else on some other thread, with the tree's monitor held */
    void changed(StoreTree.Change change, boolean here) {
        if (here) {
            listeners.forEach(l -> l.changed(change));
        } else {
            later.accept(() -> listeners.forEach(l -> l.changed(change)));
        }
    }

    /** The domain has ended. */
    void close() {
        tree.leave(this);
    }

    /** Removes a node as domain 0, if it is there. */
    void forget(String path) {
        try {
            live.remove(0, path);
        } catch (StoreException e) {
            // Neither it nor a place for it was there.
        }
    }

    /** Begins a transaction. @return its number */
    int begin() throws StoreException {
        if (transactions.size() >= MAX_TRANSACTIONS) {
            throw new StoreException("ENOSPC");
        }
        synchronized (tree) {
            transactions.put(++lastTransaction, new View(tree.top().copy()));
        }
        return lastTransaction;
    }

    View transaction(int number) throws StoreException {
        View v = number == 0 ? live : transactions.get(number);
        if (v == null) {
            throw new StoreException("ENOENT");
        }
        return v;
    }

    /** Ends a transaction. EAGAIN if something that it has looked at has changed since it began. */
    void end(int number, boolean commit) throws StoreException {
        View v = transactions.remove(number);
        if (v == null) {
            throw new StoreException("ENOENT");
        }
        if (!commit || v.steps.isEmpty()) {
            return;
        }
        synchronized (tree) {
            for (Map.Entry<String, Long> e : v.seen.entrySet()) {
                StoreNode n = tree.top().find(e.getKey());
                if ((n == null ? StoreNode.ABSENT : n.generation) != e.getValue()) {
                    throw new StoreException("EAGAIN");
                }
            }
            for (Step s : v.steps) {
                s.on(live);
            }
        }
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
    void describe(String name, int vcpus, long pages, int consoleFrame, int consolePort, int storeFrame, int storePort) {
        String home = "/local/domain/" + domain;
        String vm = "/vm/gearshift-" + domain;
        put(vm + "/name", name);
        put(home, "");
        permit(home, "n0", "r" + domain);
        put(home + "/name", name);
        put(home + "/domid", Integer.toString(domain));
        put(home + "/vm", vm);
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
