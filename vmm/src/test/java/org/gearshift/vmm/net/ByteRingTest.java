package org.gearshift.vmm.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.ArrayDeque;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The ring against a plain queue, and its bounds. */
class ByteRingTest {
    @Test
    void itBehavesLikeAQueue() throws IOException {
        for (int seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            ByteRing ring = new ByteRing(new BufferBudget(1 << 20));
            ArrayDeque<Byte> model = new ArrayDeque<>();
            for (int i = 0; i < 300; i++) {
                byte[] b = new byte[random.nextInt(40_000)];
                random.nextBytes(b);
                switch (random.nextInt(5)) {
                    case 0, 1 -> add(model, b, ring.append(b, 0, b.length));
                    case 2 -> add(model, b, Math.max(0, ring.readFrom(Channels.newChannel(new ByteArrayInputStream(b)))));
                    case 3 -> {
                        int drop = random.nextInt(ring.size() + 1);
                        ring.drop(drop);
                        for (int k = 0; k < drop; k++) {
                            model.remove();
                        }
                    }
                    default -> {
                        ByteArrayOutputStream out = new ByteArrayOutputStream();
                        assertEquals(ring.size(), model.size());
                        int count = ring.writeTo(Channels.newChannel(out));
                        assertEquals(count, out.size());
                        for (byte o : out.toByteArray()) {
                            assertEquals(model.remove(), o);
                        }
                    }
                }
                assertEquals(model.size(), ring.size());
                assertTrue(ring.size() <= NetworkLimits.TCP_BUFFER);
            }
        }
    }

    private static void add(ArrayDeque<Byte> model, byte[] b, int count) {
        for (int i = 0; i < count; i++) {
            model.add(b[i]);
        }
    }

    @Test
    void bytesPutBehindTheEndJoinWhenTheGapIsFilled() {
        ByteRing ring = new ByteRing(new BufferBudget(1 << 20));
        byte[] data = new byte[100_000];
        new Random(1).nextBytes(data);
        assertEquals(60_000, ring.putBehind(40_000, data, 40_000, 60_000));
        assertEquals(0, ring.size());
        assertEquals(40_000, ring.append(data, 0, 40_000));
        ring.extend(60_000);
        byte[] out = new byte[100_000];
        ring.copy(0, out, 0, out.length);
        assertArrayEquals(data, out);
    }

    @Test
    void theBudgetBoundsAllRingsAndComesBack() {
        BufferBudget budget = new BufferBudget(32 << 10);
        ByteRing first = new ByteRing(budget);
        ByteRing second = new ByteRing(budget);
        byte[] data = new byte[100_000];
        assertEquals(0, first.append(data, 0, 100_000), "it cannot grow that far at once");
        assertTrue(first.starved());
        assertEquals(32 << 10, first.append(data, 0, 32 << 10));
        assertEquals(0, second.append(data, 0, 10));
        assertTrue(second.starved());
        first.free();
        assertEquals(0, budget.used());
        assertEquals(10, second.append(data, 0, 10));
    }
}
