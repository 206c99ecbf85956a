package org.gearshift.vmm.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The store as a domain's kernel uses it: requests and answers through the ring. */
final class StoreClient {
    static final int DIRECTORY = 1;
    static final int READ = 2;
    static final int WATCH = 4;
    static final int TRANSACTION_START = 6;
    static final int TRANSACTION_END = 7;
    static final int WRITE = 11;
    static final int RM = 13;
    static final int SET_PERMS = 14;
    static final int WATCH_EVENT = 15;
    static final int ERROR = 16;
    static final int IS_DOMAIN_INTRODUCED = 17;

    private final Domain domain;
    private final long ring;
    private int requests;

    record Answer(int type, int request, String payload) {
    }

    StoreClient(Domain domain) {
        this.domain = domain;
        ring = (long) domain.store.frame() << 12;
    }

    private int index(int at) {
        return domain.memory.ram().get32(ring + at);
    }

    Answer ask(int type, int transaction, String payload) {
        put(type, transaction, payload);
        send();
        return answer();
    }

    /** Begins a transaction; its number. */
    int begin() {
        return Integer.parseInt(ask(TRANSACTION_START, 0, "\0").payload().replace("\0", ""));
    }

    /** Puts a request into the ring. */
    void put(int type, int transaction, String payload) {
        byte[] p = payload.getBytes(StandardCharsets.ISO_8859_1);
        ByteBuffer b = ByteBuffer.allocate(16 + p.length).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(type).putInt(++requests).putInt(transaction).putInt(p.length).put(p);
        for (byte x : b.array()) {
            domain.memory.ram().put8(ring + (index(2052) & 1023), x);
            domain.memory.ram().put32(ring + 2052, index(2052) + 1);
        }
    }

    /** Says that there is something to be done in the ring. */
    void send() {
        domain.guest.write32(MiniKernel.DATA, domain.store.port());
        assertEquals(0, domain.events.operation(new long[] {4, MiniKernel.DATA, 0, 0, 0, 0}));
    }

    /** Whether nothing waits in the ring. */
    boolean quiet() {
        return index(2060) == index(2056);
    }

    /** Takes events until none waits, and says how many they were. */
    int events() {
        int count = 0;
        for (; !quiet(); count++) {
            assertEquals(WATCH_EVENT, answer().type());
        }
        return count;
    }

    byte take() {
        byte x = (byte) domain.memory.ram().get8(ring + 1024 + (index(2056) & 1023));
        domain.memory.ram().put32(ring + 2056, index(2056) + 1);
        return x;
    }

    Answer answer() {
        assertTrue(index(2060) - index(2056) >= 16, "an answer");
        ByteBuffer header = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 16; i++) {
            header.put(take());
        }
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        for (int i = 0; i < header.getInt(12); i++) {
            payload.write(take());
        }
        return new Answer(header.getInt(0), header.getInt(4), payload.toString(StandardCharsets.ISO_8859_1));
    }
}
