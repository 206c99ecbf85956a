package org.gearshift.vmm.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The store as a domain uses it: requests and answers through the ring. */
class XenStoreTest {
    private static final int DIRECTORY = 1;
    private static final int READ = 2;
    private static final int WATCH = 4;
    private static final int TRANSACTION_START = 6;
    private static final int TRANSACTION_END = 7;
    private static final int WRITE = 11;
    private static final int RM = 13;
    private static final int SET_PERMS = 14;
    private static final int WATCH_EVENT = 15;
    private static final int ERROR = 16;

    private Domain domain;
    private long ring;
    private int requests;

    private record Answer(int type, int request, String payload) {
    }

    @BeforeEach
    void connect() {
        domain = MiniKernel.domain();
        ring = (long) domain.store.frame() << 12;
    }

    private int index(int at) {
        return domain.memory.ram().get32(ring + at);
    }

    private Answer ask(int type, int transaction, String payload) {
        byte[] p = payload.getBytes(StandardCharsets.ISO_8859_1);
        ByteBuffer b = ByteBuffer.allocate(16 + p.length).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(type).putInt(++requests).putInt(transaction).putInt(p.length).put(p);
        for (byte x : b.array()) {
            domain.memory.ram().put8(ring + (index(2052) & 1023), x);
            domain.memory.ram().put32(ring + 2052, index(2052) + 1);
        }
        send();
        return answer();
    }

    private void send() {
        domain.guest.write32(MiniKernel.DATA, domain.store.port());
        assertEquals(0, domain.events.operation(new long[] {4, MiniKernel.DATA, 0, 0, 0, 0}));
    }

    private byte take() {
        byte x = (byte) domain.memory.ram().get8(ring + 1024 + (index(2056) & 1023));
        domain.memory.ram().put32(ring + 2056, index(2056) + 1);
        return x;
    }

    private Answer answer() {
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

    @Test
    void aDomainFindsWhatTheToolstackWrote() {
        assertEquals(new Answer(READ, 1, "1"), ask(READ, 0, "domid\0"));
        assertEquals("guest", ask(READ, 0, "/local/domain/1/name\0").payload());
        assertTrue(ask(DIRECTORY, 0, "/local/domain/1\0").payload().contains("console\0control\0cpu\0"));
    }

    @Test
    void itWritesWhereItMay() {
        assertEquals("OK\0", ask(WRITE, 0, "data/a/b\0value").payload());
        assertEquals("value", ask(READ, 0, "/local/domain/1/data/a/b\0").payload());
        assertEquals(new Answer(ERROR, 3, "EACCES\0"), ask(WRITE, 0, "name\0x"));
        assertEquals("EACCES\0", ask(WRITE, 0, "/elsewhere\0x").payload());
        assertEquals("EACCES\0", ask(SET_PERMS, 0, "data\0n0\0").payload());
        assertEquals("ENOENT\0", ask(READ, 0, "data/none\0").payload());
        assertEquals("EINVAL\0", ask(READ, 0, "data//a\0").payload());
        assertEquals("OK\0", ask(RM, 0, "data/a\0").payload());
        assertEquals("ENOENT\0", ask(READ, 0, "data/a/b\0").payload());
    }

    @Test
    void aWatchFiresAtOnceAndThenForChangesBelow() {
        assertEquals(WATCH, ask(WATCH, 0, "data\0token\0").type());
        assertEquals(new Answer(WATCH_EVENT, 0, "data\0token\0"), answer());
        assertEquals("OK\0", ask(WRITE, 0, "data/x\0" + "1").payload());
        assertEquals(new Answer(WATCH_EVENT, 0, "data/x\0token\0"), answer());
        assertEquals("EEXIST\0", ask(WATCH, 0, "data\0token\0").payload());
    }

    @Test
    void aTransactionIsSeenWhenItEnds() {
        int t = Integer.parseInt(ask(TRANSACTION_START, 0, "\0").payload().trim().replace("\0", ""));
        ask(WRITE, t, "data/x\0" + "1");
        assertEquals("1", ask(READ, t, "data/x\0").payload());
        assertEquals("ENOENT\0", ask(READ, 0, "data/x\0").payload());
        assertEquals("OK\0", ask(TRANSACTION_END, t, "T\0").payload());
        assertEquals("1", ask(READ, 0, "data/x\0").payload());
    }

    @Test
    void aTransactionFailsIfTheTreeChangedMeanwhile() {
        int t = Integer.parseInt(ask(TRANSACTION_START, 0, "\0").payload().replace("\0", ""));
        ask(WRITE, t, "data/x\0" + "1");
        ask(WRITE, 0, "data/y\0" + "1");
        assertEquals("EAGAIN\0", ask(TRANSACTION_END, t, "T\0").payload());
        assertEquals("ENOENT\0", ask(READ, 0, "data/x\0").payload());
    }

    @Test
    void largeAnswersComeInParts() {
        int expected = 16;
        for (int i = 0; i < 60; i++) {
            String name = "a-rather-long-name-number-" + i;
            ask(WRITE, 0, "data/" + name + "\0x");
            expected += name.length() + 1;
        }
        byte[] request = "data\0".getBytes(StandardCharsets.US_ASCII);
        ByteBuffer b = ByteBuffer.allocate(16 + request.length).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(DIRECTORY).putInt(0).putInt(0).putInt(request.length).put(request);
        for (byte x : b.array()) {
            domain.memory.ram().put8(ring + (index(2052) & 1023), x);
            domain.memory.ram().put32(ring + 2052, index(2052) + 1);
        }
        send();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        while (index(2060) != index(2056)) {
            all.write(take());
            send();
        }
        assertEquals(expected, all.size());
    }

    @Test
    void pathsAreChecked() {
        assertThrows(XenStore.StoreException.class, () -> XenStore.absolute(1, "a b"));
        assertThrows(XenStore.StoreException.class, () -> XenStore.absolute(1, "a/"));
        assertThrows(XenStore.StoreException.class, () -> XenStore.absolute(1, ""));
    }
}
