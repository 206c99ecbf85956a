package org.gearshift.vmm.xen;

import static org.gearshift.vmm.xen.StoreClient.DIRECTORY;
import static org.gearshift.vmm.xen.StoreClient.ERROR;
import static org.gearshift.vmm.xen.StoreClient.READ;
import static org.gearshift.vmm.xen.StoreClient.RM;
import static org.gearshift.vmm.xen.StoreClient.SET_PERMS;
import static org.gearshift.vmm.xen.StoreClient.TRANSACTION_END;
import static org.gearshift.vmm.xen.StoreClient.WATCH;
import static org.gearshift.vmm.xen.StoreClient.WATCH_EVENT;
import static org.gearshift.vmm.xen.StoreClient.WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import org.gearshift.vmm.xen.StoreClient.Answer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The store as a domain uses it: requests and answers through the ring. */
class XenStoreTest {
    private StoreClient store;

    @BeforeEach
    void connect() {
        store = new StoreClient(MiniKernel.domain());
    }

    private Answer ask(int type, int transaction, String payload) {
        return store.ask(type, transaction, payload);
    }

    private Answer answer() {
        return store.answer();
    }

    @Test
    void aDomainFindsWhatTheToolstackWrote() {
        assertEquals(new Answer(READ, 1, "1"), ask(READ, 0, "domid\0"));
        assertEquals("mini", ask(READ, 0, "/local/domain/1/name\0").payload());
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
        int t = store.begin();
        ask(WRITE, t, "data/x\0" + "1");
        assertEquals("1", ask(READ, t, "data/x\0").payload());
        assertEquals("ENOENT\0", ask(READ, 0, "data/x\0").payload());
        assertEquals("OK\0", ask(TRANSACTION_END, t, "T\0").payload());
        assertEquals("1", ask(READ, 0, "data/x\0").payload());
    }

    @Test
    void aTransactionFailsIfTheTreeChangedMeanwhile() {
        int t = store.begin();
        ask(WRITE, t, "data/x\0" + "1");
        ask(WRITE, 0, "data/y\0" + "1");
        assertEquals("EAGAIN\0", ask(TRANSACTION_END, t, "T\0").payload());
        assertEquals("ENOENT\0", ask(READ, 0, "data/x\0").payload());
    }

    @Test
    void butNotIfSomethingElseDid() {
        ask(WRITE, 0, "data/a/x\0" + "1");
        ask(WRITE, 0, "data/b/x\0" + "1");
        int t = store.begin();
        assertEquals("1", ask(READ, t, "data/a/x\0").payload());
        ask(WRITE, t, "data/a/x\0" + "2");
        ask(WRITE, 0, "data/b/x\0" + "3");
        assertEquals("OK\0", ask(TRANSACTION_END, t, "T\0").payload());
        assertEquals("2", ask(READ, 0, "data/a/x\0").payload());
        assertEquals("3", ask(READ, 0, "data/b/x\0").payload(), "it is not undone");
    }

    @Test
    void norDoesAWatchFireForWhatAnAncestorHolds() {
        ask(WRITE, 0, "data/a/x\0" + "1");
        ask(WATCH, 0, "data/a/x\0token\0");
        answer();
        ask(WRITE, 0, "data/a\0" + "2");
        assertTrue(store.quiet());
        ask(RM, 0, "data/a\0");
        assertEquals(new Answer(WATCH_EVENT, 0, "data/a/x\0token\0"), answer(), "that goes with it");
    }

    @Test
    void largeAnswersComeInParts() {
        int expected = 16;
        for (int i = 0; i < 60; i++) {
            String name = "a-rather-long-name-number-" + i;
            ask(WRITE, 0, "data/" + name + "\0x");
            expected += name.length() + 1;
        }
        store.put(DIRECTORY, 0, "data\0");
        store.send();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        while (!store.quiet()) {
            all.write(store.take());
            store.send();
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
