package org.gearshift.vmm.xen;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.gearshift.paging.PhysicalMemory;

/** The domain's connection to the {@link XenStore}: requests and answers in two rings of a shared page (io/xs_wire.h). */
final class StoreRing {
    private static final int REQ = 0;
    private static final int RSP = 1024;
    private static final int RING = 1024;
    private static final int REQ_CONS = 2048;
    private static final int REQ_PROD = 2052;
    private static final int RSP_CONS = 2056;
    private static final int RSP_PROD = 2060;
    private static final int HEADER = 16;
    private static final int MAX_PAYLOAD = 4096;
    private static final int MAX_WATCHES = 128;
    /** Answers that wait for room; a domain that asks on without reading is not heard any more. */
    private static final int MAX_QUEUED = 1 << 20;

    private static final int DIRECTORY = 1;
    private static final int READ = 2;
    private static final int GET_PERMS = 3;
    private static final int WATCH = 4;
    private static final int UNWATCH = 5;
    private static final int TRANSACTION_START = 6;
    private static final int TRANSACTION_END = 7;
    private static final int GET_DOMAIN_PATH = 10;
    private static final int WRITE = 11;
    private static final int MKDIR = 12;
    private static final int RM = 13;
    private static final int SET_PERMS = 14;
    private static final int WATCH_EVENT = 15;
    private static final int ERROR = 16;
    private static final int IS_DOMAIN_INTRODUCED = 17;
    private static final int RESET_WATCHES = 21;

    private record Watch(String path, String given, String token) {
        boolean covers(String changed) {
            return changed.equals(path) || changed.startsWith(path.equals("/") ? path : path + "/") ;
        }

        /** What the watch's owner knows the changed path as. */
        String seen(String changed) {
            return given.equals(path) ? changed : given + changed.substring(path.length());
        }
    }

    private final PhysicalMemory memory;
    private final XenStore tree;
    private final int domain;
    private final ByteArrayOutputStream partial = new ByteArrayOutputStream();
    private final ArrayDeque<byte[]> answers = new ArrayDeque<>();
    private final List<Watch> watches = new ArrayList<>();
    /** Watch events that a request has caused, until its answer is out. */
    private final List<byte[]> held = new ArrayList<>();
    private final Runnable afterRequests;
    private final Runnable onHeld;
    private EventChannels events;
    private int frame;
    private int port;
    private int queued;

    /**
     * @param afterRequests lets backends follow what a domain has written
     * @param onHeld called when an event waits for an answer, or for {@link #poll}
     */
    StoreRing(PhysicalMemory memory, XenStore tree, int domain, Runnable afterRequests, Runnable onHeld) {
        this.afterRequests = afterRequests;
        this.onHeld = onHeld;
        this.memory = memory;
        this.tree = tree;
        this.domain = domain;
        tree.listen(this::changed);
    }

    void connect(int ringFrame, EventChannels channels) {
        frame = ringFrame;
        events = channels;
        port = channels.connect(this::notified);
    }

    int frame() {
        return frame;
    }

    int port() {
        return port;
    }

    private int index(int at) {
        return (int) memory.read(((long) frame << 12) + at, 32);
    }

    private void setIndex(int at, int value) {
        memory.write(((long) frame << 12) + at, value & 0xffffffffL, 32);
    }

    private void notified() {
        boolean moved = takeRequests();
        afterRequests.run();
        fireHeld();
        moved |= flush();
        if (moved) {
            events.raise(port);
        }
    }

    private boolean takeRequests() {
        int cons = index(REQ_CONS);
        int prod = index(REQ_PROD);
        int n = prod - cons;
        if (n <= 0 || n > RING) {
            return false;
        }
        for (int i = 0; i < n && queued < MAX_QUEUED; i++, cons++) {
            partial.write((int) memory.read(((long) frame << 12) + REQ + (cons & RING - 1), 8));
            if (partial.size() >= HEADER) {
                serveIfComplete();
            }
        }
        setIndex(REQ_CONS, cons);
        return true;
    }

    private void serveIfComplete() {
        ByteBuffer b = ByteBuffer.wrap(partial.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
        int type = b.getInt();
        int request = b.getInt();
        int transaction = b.getInt();
        int length = b.getInt();
        if (length < 0 || length > MAX_PAYLOAD) {
            partial.reset();
            answer(ERROR, request, transaction, text("EINVAL"));
            return;
        }
        if (b.remaining() < length) {
            return;
        }
        byte[] payload = new byte[length];
        b.get(payload);
        partial.reset();
        try {
            answer(type, request, transaction, serve(type, transaction, payload));
        } catch (XenStore.StoreException e) {
            answer(ERROR, request, transaction, text(e.getMessage()));
        }
        fireHeld();
    }

    /** Events that a request caused follow its answer. */
    private void fireHeld() {
        for (byte[] event : held) {
            answer(WATCH_EVENT, 0, 0, event);
        }
        held.clear();
    }

    private byte[] serve(int type, int transaction, byte[] payload) throws XenStore.StoreException {
        XenStore.View view = tree.transaction(type == TRANSACTION_END ? 0 : transaction);
        List<String> words = words(payload);
        return switch (type) {
            case DIRECTORY -> strings(view.list(domain, path(words, 0)));
            case READ -> view.read(domain, path(words, 0));
            case GET_PERMS -> strings(view.permissions(domain, path(words, 0)));
            case SET_PERMS -> {
                view.setPermissions(domain, path(words, 0), words.subList(1, words.size()));
                yield text("OK");
            }
            case WRITE -> {
                String name = path(words, 0);
                int from = words.get(0).length() + 1;
                view.write(domain, name, Arrays.copyOfRange(payload, Math.min(from, payload.length), payload.length));
                yield text("OK");
            }
            case MKDIR -> {
                view.mkdir(domain, path(words, 0));
                yield text("OK");
            }
            case RM -> {
                view.remove(domain, path(words, 0));
                yield text("OK");
            }
            case WATCH -> watch(word(words, 0), word(words, 1));
            case UNWATCH -> unwatch(word(words, 0), word(words, 1));
            case RESET_WATCHES -> {
                watches.clear();
                tree.abandonTransactions();
                yield text("OK");
            }
            case TRANSACTION_START -> {
                if (transaction != 0) {
                    throw new XenStore.StoreException("EBUSY");
                }
                yield text(Integer.toString(tree.begin()));
            }
            case TRANSACTION_END -> {
                tree.end(transaction, word(words, 0).equals("T"));
                yield text("OK");
            }
            case GET_DOMAIN_PATH -> text("/local/domain/" + number(word(words, 0)));
            case IS_DOMAIN_INTRODUCED -> text(tree.isIntroduced(number(word(words, 0))) ? "T" : "F");
            default -> throw new XenStore.StoreException("ENOSYS");
        };
    }

    private byte[] watch(String given, String token) throws XenStore.StoreException {
        String path = XenStore.absolute(domain, given);
        Watch w = new Watch(path, given, token);
        if (watches.contains(w)) {
            throw new XenStore.StoreException("EEXIST");
        }
        if (watches.size() >= MAX_WATCHES) {
            throw new XenStore.StoreException("E2BIG");
        }
        watches.add(w);
        // A new watch fires at once.
        held.add(strings(List.of(given, token)));
        return text("OK");
    }

    private byte[] unwatch(String given, String token) throws XenStore.StoreException {
        if (!watches.remove(new Watch(XenStore.absolute(domain, given), given, token))) {
            throw new XenStore.StoreException("ENOENT");
        }
        return text("OK");
    }

    private void changed(StoreTree.Change change) {
        int before = held.size();
        findWatches(change);
        if (held.size() > before) {
            onHeld.run();
        }
    }

    private void findWatches(StoreTree.Change change) {
        String path = change.path();
        for (Watch w : watches) {
            if (w.covers(path)) {
                if (tree.mayKnow(change.permissions())) {
                    held.add(strings(List.of(w.seen(path), w.token)));
                }
            } else if (change.removed() != null && w.path.startsWith(path + "/")) {
                // A node that goes takes those below with it.
                StoreNode below = change.removed().find(w.path.substring(path.length()));
                if (below != null && tree.mayKnow(below.permissions)) {
                    held.add(strings(List.of(w.given, w.token)));
                }
            }
        }
    }

    /** Sends what backends of the monitor have changed meanwhile. */
    void poll() {
        if (frame != 0 && (!held.isEmpty() || !answers.isEmpty())) {
            fireHeld();
            if (flush()) {
                events.raise(port);
            }
        }
    }

    private void answer(int type, int request, int transaction, byte[] payload) {
        if (payload.length > MAX_PAYLOAD) {
            answer(ERROR, request, transaction, text("E2BIG"));
            return;
        }
        ByteBuffer b = ByteBuffer.allocate(HEADER + payload.length).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(type).putInt(request).putInt(transaction).putInt(payload.length).put(payload);
        queued += b.capacity();
        answers.add(b.array());
    }

    /** Moves as much as fits into the ring of answers; true if anything did. */
    private boolean flush() {
        int cons = index(RSP_CONS);
        int prod = index(RSP_PROD);
        int before = prod;
        while (!answers.isEmpty() && prod - cons >= 0 && prod - cons < RING) {
            byte[] next = answers.poll();
            int n = Math.min(next.length, RING - (prod - cons));
            for (int i = 0; i < n; i++) {
                memory.write(((long) frame << 12) + RSP + (prod + i & RING - 1), next[i] & 0xff, 8);
            }
            prod += n;
            queued -= n;
            if (n < next.length) {
                answers.addFirst(Arrays.copyOfRange(next, n, next.length));
            }
        }
        setIndex(RSP_PROD, prod);
        return prod != before;
    }

    private String path(List<String> words, int i) throws XenStore.StoreException {
        return XenStore.absolute(domain, word(words, i));
    }

    private static String word(List<String> words, int i) throws XenStore.StoreException {
        if (i >= words.size()) {
            throw new XenStore.StoreException("EINVAL");
        }
        return words.get(i);
    }

    private static int number(String word) throws XenStore.StoreException {
        if (!word.matches("[0-9]{1,5}")) {
            throw new XenStore.StoreException("EINVAL");
        }
        return Integer.parseInt(word);
    }

    private static List<String> words(byte[] payload) {
        List<String> words = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < payload.length; i++) {
            if (payload[i] == 0) {
                words.add(new String(payload, from, i - from, StandardCharsets.ISO_8859_1));
                from = i + 1;
            }
        }
        if (from < payload.length) {
            words.add(new String(payload, from, payload.length - from, StandardCharsets.ISO_8859_1));
        }
        return words;
    }

    private static byte[] text(String s) {
        return (s + '\0').getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] strings(List<String> all) {
        StringBuilder b = new StringBuilder();
        all.forEach(s -> b.append(s).append('\0'));
        return b.toString().getBytes(StandardCharsets.ISO_8859_1);
    }
}
