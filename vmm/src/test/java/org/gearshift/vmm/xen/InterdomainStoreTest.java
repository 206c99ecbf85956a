package org.gearshift.vmm.xen;

import static org.gearshift.vmm.xen.StoreClient.DIRECTORY;
import static org.gearshift.vmm.xen.StoreClient.ERROR;
import static org.gearshift.vmm.xen.StoreClient.IS_DOMAIN_INTRODUCED;
import static org.gearshift.vmm.xen.StoreClient.READ;
import static org.gearshift.vmm.xen.StoreClient.RM;
import static org.gearshift.vmm.xen.StoreClient.SET_PERMS;
import static org.gearshift.vmm.xen.StoreClient.TRANSACTION_END;
import static org.gearshift.vmm.xen.StoreClient.WATCH;
import static org.gearshift.vmm.xen.StoreClient.WATCH_EVENT;
import static org.gearshift.vmm.xen.StoreClient.WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.gearshift.vmm.policy.IsolationPolicy;
import org.gearshift.vmm.policy.Label;
import org.gearshift.vmm.policy.ReferenceMonitor;
import org.gearshift.vmm.policy.Sharing;
import org.gearshift.vmm.xen.StoreClient.Answer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The store between domains: what they can find of each other, as far as permissions and the policy let them. */
class InterdomainStoreTest {
    private final ReferenceMonitor monitor = new ReferenceMonitor(new IsolationPolicy.Builder().type("red", EnumSet.of(Sharing.STORE, Sharing.EVENT_CHANNEL, Sharing.GRANT))
            .type("ring", EnumSet.of(Sharing.EVENT_CHANNEL)).machine("red-1", label("red", "ring")).machine("red-2", label("red")).machine("blue", label("ring")).build());
    private final DomainGroup group = new DomainGroup(monitor);
    private Domain first;
    private Domain second;
    private Domain third;
    private StoreClient one;
    private StoreClient two;
    private StoreClient three;

    private static Label label(String... types) {
        return new Label(Set.of(types), Set.of());
    }

    @BeforeEach
    void build() {
        first = MiniKernel.domain(group, "red-1");
        second = MiniKernel.domain(group, "red-2");
        third = MiniKernel.domain(group, "blue");
        one = new StoreClient(first);
        two = new StoreClient(second);
        three = new StoreClient(third);
    }

    /** Writes a node of the first domain's, and lets all others do something with it. */
    private void offer(String name, String value, char right) {
        assertEquals("OK\0", one.ask(WRITE, 0, "data/" + name + "\0" + value).payload());
        assertEquals("OK\0", one.ask(SET_PERMS, 0, "data/" + name + "\0" + right + first.id + "\0").payload());
    }

    private static String read(StoreClient by, String path) {
        return by.ask(READ, 0, path + "\0").payload();
    }

    @Test
    void aNodeIsItsOwnersUntilHeSaysOtherwise() {
        one.ask(WRITE, 0, "data/x\0secret");
        assertEquals(new Answer(ERROR, 1, "EACCES\0"), two.ask(READ, 0, "/local/domain/1/data/x\0"));
        assertEquals("EACCES\0", two.ask(WRITE, 0, "/local/domain/1/data/x\0y").payload());
        assertEquals("EACCES\0", two.ask(RM, 0, "/local/domain/1/data/x\0").payload());
        assertEquals("EACCES\0", two.ask(DIRECTORY, 0, "/local/domain/1/data\0").payload());
        one.ask(SET_PERMS, 0, "data/x\0n1\0r2\0");
        assertEquals("secret", read(two, "/local/domain/1/data/x"));
        assertEquals("EACCES\0", two.ask(WRITE, 0, "/local/domain/1/data/x\0y").payload(), "to read is not to write");
        assertEquals("EACCES\0", two.ask(SET_PERMS, 0, "/local/domain/1/data/x\0n2\0").payload(), "nor to own");
        one.ask(SET_PERMS, 0, "data/x\0n1\0b2\0");
        assertEquals("OK\0", two.ask(WRITE, 0, "/local/domain/1/data/x\0changed").payload());
        assertEquals("changed", read(one, "data/x"));
    }

    @Test
    void whatTheToolstackWroteForOneIsNotForOthers() {
        assertEquals("2", read(two, "domid"));
        for (String path : new String[] {"/local/domain/1/name", "/local/domain/1/console/ring-ref", "/vm/gearshift-1/name"}) {
            assertEquals("EACCES\0", read(two, path));
        }
        assertEquals("EACCES\0", two.ask(DIRECTORY, 0, "/local/domain\0").payload());
    }

    @Test
    void permissionsAreNotEnoughWithoutAPolicyThatAllowsIt() {
        offer("x", "open", 'b');
        assertEquals("open", read(two, "/local/domain/1/data/x"));
        assertEquals("EACCES\0", read(three, "/local/domain/1/data/x"), "a type in common, but none that stands for the store");
        assertEquals("EACCES\0", three.ask(WRITE, 0, "/local/domain/1/data/x\0y").payload());
        assertEquals(2, monitor.denials());
        three.ask(WATCH, 0, "/local/domain/1/data\0t\0");
        three.answer();
        one.ask(WRITE, 0, "data/x\0again");
        third.poll();
        assertTrue(three.quiet(), "nor does it get to know of changes");
        assertEquals(2, monitor.denials(), "which is no denial");
    }

    @Test
    void byDefaultNothingIsShared() {
        DomainGroup g = new DomainGroup(new ReferenceMonitor(null));
        StoreClient a = new StoreClient(MiniKernel.domain(g, "a"));
        StoreClient b = new StoreClient(MiniKernel.domain(g, "b"));
        a.ask(WRITE, 0, "data/x\0" + "1");
        a.ask(SET_PERMS, 0, "data/x\0b1\0");
        assertEquals("EACCES\0", read(b, "/local/domain/1/data/x"));
    }

    @Test
    void aWatchFiresForWhatAnotherDomainChanges() {
        offer("x", "1", 'r');
        two.ask(WATCH, 0, "/local/domain/1/data/x\0token\0");
        two.answer();
        one.ask(WRITE, 0, "data/x\0" + "2");
        second.poll();
        assertEquals(new Answer(WATCH_EVENT, 0, "/local/domain/1/data/x\0token\0"), two.answer());
        one.ask(SET_PERMS, 0, "data/x\0n1\0");
        second.poll();
        assertTrue(two.quiet(), "it may not know any more");
        one.ask(WRITE, 0, "data/x\0" + "3");
        one.ask(RM, 0, "data/x\0");
        second.poll();
        assertTrue(two.quiet());
    }

    @Test
    void transactionsOfTwoMeetWhereTheyTouchTheSame() {
        offer("x", "1", 'b');
        int a = one.begin();
        int b = two.begin();
        assertEquals("1", two.ask(READ, b, "/local/domain/1/data/x\0").payload());
        two.ask(WRITE, b, "/local/domain/1/data/x\0" + "2");
        one.ask(WRITE, a, "data/y/z\0" + "1");
        assertEquals("OK\0", one.ask(TRANSACTION_END, a, "T\0").payload());
        assertEquals("OK\0", two.ask(TRANSACTION_END, b, "T\0").payload());
        assertEquals("2", read(one, "data/x"));
        int c = two.begin();
        two.ask(WRITE, c, "/local/domain/1/data/x\0" + "3");
        one.ask(WRITE, 0, "data/x\0" + "4");
        assertEquals("EAGAIN\0", two.ask(TRANSACTION_END, c, "T\0").payload());
    }

    @Test
    void aDomainThatEndsLeavesNothingBehind() {
        offer("x", "1", 'r');
        two.ask(WATCH, 0, "/local/domain/1/data/x\0token\0");
        two.answer();
        assertEquals("T\0", two.ask(IS_DOMAIN_INTRODUCED, 0, "1\0").payload());
        first.runEnded(true);
        second.poll();
        assertEquals(new Answer(WATCH_EVENT, 0, "/local/domain/1/data/x\0token\0"), two.answer());
        assertEquals("F\0", two.ask(IS_DOMAIN_INTRODUCED, 0, "1\0").payload());
        assertEquals("ENOENT\0", read(two, "/local/domain/1/data/x"));
    }

    @Test
    void portsAndGrantsAreAgreedUponThere() {
        // Two halves of a device without a monitor between them: the back end finds channel and page of the front end, and answers through both.
        long page = MiniKernel.DATA + 0x5000;
        Channels front = new Channels(first);
        Channels back = new Channels(second);
        int port = front.offer(second.id);
        long frame = first.tables.mappedFrame(first.tables.leafEntry(first.vcpu.kernelBase(), page));
        first.memory.write(((long) first.space.firstDomainFrame() << 12) + 8 * 9 + 4, frame, 32);
        first.memory.write(((long) first.space.firstDomainFrame() << 12) + 8 * 9, 1 | second.id << 16, 32);
        two.ask(WATCH, 0, "/local/domain/1/data/service\0w\0");
        two.answer();
        int t = one.begin();
        one.ask(WRITE, t, "data/service\0");
        one.ask(SET_PERMS, t, "data/service\0n1\0r2\0");
        one.ask(WRITE, t, "data/service/port\0" + port);
        one.ask(WRITE, t, "data/service/ring-ref\0" + 9);
        assertEquals("OK\0", one.ask(TRANSACTION_END, t, "T\0").payload());
        second.poll();
        assertEquals(3, two.events(), "one for each step, from the permission on");
        int bound = back.bind(first.id, Integer.parseInt(read(two, "/local/domain/1/data/service/port")));
        back.map(page, Integer.parseInt(read(two, "/local/domain/1/data/service/ring-ref")), first.id);
        second.guest.write32(page, 0xcafe);
        back.notify(bound);
        assertTrue(first.shared.pending(port), "an event");
        assertEquals(0xcafe, first.guest.read32(page), "and what it is about");
    }

    /** Hypercalls that a split device's halves make. */
    private record Channels(Domain domain) {
        private static final long AT = MiniKernel.DATA + 0x6000;

        private long operation(int command, long... words) {
            for (int i = 0; i < words.length; i++) {
                domain.guest.write32(AT + 4L * i, words[i]);
            }
            return domain.events.operation(new long[] {command, AT, 0, 0, 0, 0});
        }

        int offer(int to) {
            assertEquals(0, operation(6, 0x7ff0 | to << 16));
            return (int) domain.guest.read32(AT + 4);
        }

        int bind(int owner, int port) {
            assertEquals(0, operation(0, owner, port));
            return (int) domain.guest.read32(AT + 8);
        }

        void notify(int port) {
            assertEquals(0, operation(4, port));
        }

        void map(long va, int reference, int owner) {
            domain.guest.write64(AT, va);
            domain.guest.write32(AT + 8, 2);
            domain.guest.write32(AT + 12, reference);
            domain.guest.write32(AT + 16, owner);
            assertEquals(0, domain.grants.operation(new long[] {0, AT, 1, 0, 0, 0}));
            assertEquals(0, domain.guest.read16(AT + 18), "status");
        }
    }

    @Test
    void twoThreadsUseItAtOnce() throws Exception {
        offer("x", "0", 'b');
        AtomicReference<Throwable> failure = new AtomicReference<>();
        first.runBegins();
        second.runBegins();
        Thread a = new Thread(() -> counts(one, first, "data/x", failure));
        Thread b = new Thread(() -> counts(two, second, "/local/domain/1/data/x", failure));
        a.start();
        b.start();
        a.join();
        b.join();
        assertNull(failure.get(), () -> String.valueOf(failure.get()));
        first.runEnded(false);
        second.runEnded(false);
        assertEquals("400", read(one, "data/x"));
    }

    /** Adds to a number by transactions, again where another was first. */
    private static void counts(StoreClient by, Domain domain, String path, AtomicReference<Throwable> failure) {
        try {
            for (int i = 0; i < 200; ) {
                int t = by.begin();
                int n = Integer.parseInt(by.ask(READ, t, path + "\0").payload());
                by.ask(WRITE, t, path + "\0" + (n + 1));
                i += by.ask(TRANSACTION_END, t, "T\0").payload().equals("OK\0") ? 1 : 0;
                domain.poll();
            }
        } catch (Throwable e) {
            failure.set(e);
        }
    }
}
