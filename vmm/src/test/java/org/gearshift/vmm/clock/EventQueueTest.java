package org.gearshift.vmm.clock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EventQueueTest {
    private final EventQueue queue = new EventQueue();
    private final StringBuilder log = new StringBuilder();

    private EventQueue.Event named(String name, long deadline) {
        return queue.schedule(deadline, () -> log.append(name));
    }

    @Test
    void eventsRunByTimeThenByOrderOfArming() {
        named("c", 20);
        named("a", 10);
        named("d", 20);
        named("b", 10);
        assertEquals(10, queue.nextDeadline());
        assertEquals(2, queue.runDue(19));
        assertEquals(2, queue.runDue(20));
        assertEquals("abcd", log.toString());
        assertEquals(EventQueue.NEVER, queue.nextDeadline());
    }

    @Test
    void armingAgainMovesAnEventAndCancellingForgetsIt() {
        EventQueue.Event a = named("a", 10);
        EventQueue.Event b = named("b", 20);
        a.arm(30);
        b.cancel();
        assertEquals(30, queue.nextDeadline());
        assertFalse(b.isArmed());
        queue.runDue(100);
        assertEquals("a", log.toString());
        assertFalse(a.isArmed());
    }

    @Test
    void anActionMayArmItselfForNow() {
        EventQueue.Event[] self = new EventQueue.Event[1];
        self[0] = queue.event(() -> {
            log.append("x");
            if (log.length() < 3) {
                self[0].arm(5);
            }
        });
        self[0].arm(5);
        assertEquals(3, queue.runDue(5));
    }

    @Test
    void randomArmingAndCancellingKeepsTheOrder() {
        Random random = new Random(1);
        List<EventQueue.Event> events = new ArrayList<>();
        List<Long> ran = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            EventQueue.Event[] self = new EventQueue.Event[1];
            self[0] = queue.event(() -> ran.add(self[0].deadline()));
            events.add(self[0]);
        }
        for (int i = 0; i < 5000; i++) {
            EventQueue.Event event = events.get(random.nextInt(events.size()));
            if (random.nextInt(4) == 0) {
                event.cancel();
            } else {
                event.arm(random.nextInt(1000));
            }
        }
        long armed = events.stream().filter(EventQueue.Event::isArmed).count();
        assertEquals(armed, queue.runDue(1000));
        for (int i = 1; i < ran.size(); i++) {
            assertTrue(ran.get(i - 1) <= ran.get(i));
        }
    }

    @Test
    void restoredEventsKeepTheirOrder() throws IOException {
        EventQueue.Event first = named("a", 10);
        EventQueue.Event second = named("b", 10);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        second.save(out);
        first.save(out);
        queue.runDue(10);
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes.toByteArray()));
        second.restore(in);
        first.restore(in);
        named("c", 10);
        queue.runDue(10);
        assertEquals("ababc", log.toString());
    }

    @Test
    void whatMayRunEarlyRunsWhenThereIsNothingElseToDo() {
        EventQueue.Event early = queue.event(() -> log.append("early"));
        EventQueue.Event again = queue.event(() -> {
            log.append("again");
            early.armAtLatest(50);
        });
        named("later", 20);
        assertEquals(0, queue.runEarly());
        again.armAtLatest(30);
        assertEquals(2, queue.runEarly(), "also what an action arms");
        assertEquals("againearly", log.toString());
        assertEquals(0, queue.runEarly());
        early.armAtLatest(10);
        early.arm(40);
        assertEquals(0, queue.runEarly(), "armed anew as an ordinary one");
        again.armAtLatest(5);
        again.cancel();
        assertEquals(0, queue.runEarly());
        early.armAtLatest(40);
        assertEquals(2, queue.runDue(40), "at the latest");
        assertEquals("againearlylaterearly", log.toString());
    }
}
