package org.gearshift.vmm.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.gearshift.testing.OwnThread;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** TCP over a wire that loses, repeats, delays and so reorders frames in both directions: all bytes arrive once and in order all the same. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TcpLossTest {
    private static final long MILLI = 1_000_000;

    /** Longest that the ends of a connection are waited for: the guest's time. */
    private static final int CLOSING_MILLIS = 300_000;

    /** A frame on its way. */
    private record Flight(long due, long order, byte[] frame) implements Comparable<Flight> {
        @Override
        public int compareTo(Flight o) {
            return due != o.due ? Long.compare(due, o.due) : Long.compare(order, o.order);
        }
    }

    /** One direction of a bad wire. */
    private static final class Wire {
        private final PriorityQueue<Flight> flights = new PriorityQueue<>();
        private final Random random;
        private final int loss;
        private long order;
        private long lost;

        Wire(long seed, int lossPercent) {
            random = new Random(seed);
            loss = lossPercent;
        }

        void put(byte[] frame, long now) {
            if (random.nextInt(100) < loss) {
                lost++;
                return;
            }
            int copies = random.nextInt(100) < loss ? 2 : 1;
            for (int i = 0; i < copies; i++) {
                long delay = random.nextInt(100) < loss ? 5 + random.nextInt(20) : 1;
                flights.add(new Flight(now + delay * MILLI, order++, frame.clone()));
            }
        }

        byte[] take(long now) {
            return !flights.isEmpty() && flights.peek().due <= now ? flights.poll().frame : null;
        }
    }

    private static byte[] random(int length, long seed) {
        byte[] b = new byte[length];
        new Random(seed).nextBytes(b);
        return b;
    }

    @ParameterizedTest
    @CsvSource({"1, 0, false", "2, 2, false", "3, 5, false", "4, 10, false", "5, 25, false", "6, 5, true", "7, 15, true"})
    void everythingArrivesOnceAndInOrder(long seed, int lossPercent, boolean offload) throws Exception {
        try (TestGuest guest = new TestGuest(); ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            guest.offload = offload;
            Wire toGuest = new Wire(seed, lossPercent);
            Wire toNetwork = new Wire(~seed, lossPercent);
            GuestTcp tcp = new GuestTcp(50_000, Packets.GATEWAY, server.getLocalPort(), (int) (seed * 0x1fffffff), b -> toNetwork.put(b, guest.timers.nanos()));
            byte[] up = random(400_003, seed);
            byte[] down = random(500_007, -seed);
            CompletableFuture<byte[]> got = OwnThread.start(() -> exchange(server, down));
            tcp.write(up);
            tcp.finish();
            tcp.connect(guest.timers.nanos());
            AtomicLong limit = new AtomicLong(2_000_000);
            while (!(tcp.peerFinished && tcp.finAcknowledged && got.isDone())) {
                step(guest, tcp, toGuest, toNetwork);
                assertTrue(limit.decrementAndGet() > 0, () -> "stuck: " + tcp.received.size() + " down, " + tcp.acknowledged() + " up");
            }
            assertFalse(tcp.reset);
            assertArrayEquals(up, got.get());
            assertArrayEquals(down, tcp.received.toByteArray());
            assertEquals(lossPercent > 0, toGuest.lost > 0);
            // The last acknowledgement may be lost several times, and each time the wait for it doubles.
            for (int i = 0; i < CLOSING_MILLIS && guest.counter("tcp.connections") > 0; i++) {
                step(guest, tcp, toGuest, toNetwork);
            }
            assertEquals(0, guest.counter("tcp.connections"));
            assertEquals(0, guest.counter("tcp.buffered"));
        }
    }

    private static void step(TestGuest guest, GuestTcp tcp, Wire toGuest, Wire toNetwork) {
        guest.network.poll();
        while (!guest.received.isEmpty()) {
            toGuest.put(guest.next(), guest.timers.nanos());
        }
        for (byte[] f = toGuest.take(guest.timers.nanos()); f != null; f = toGuest.take(guest.timers.nanos())) {
            if (Packets.type(f) == 0x0800) {
                tcp.segment(Packets.parse(f), guest.timers.nanos());
            } else {
                toNetwork.put(Packets.arpRequest(Packets.GUEST, Packets.GATEWAY), guest.timers.nanos());
            }
        }
        tcp.tick(guest.timers.nanos());
        for (byte[] f = toNetwork.take(guest.timers.nanos()); f != null; f = toNetwork.take(guest.timers.nanos())) {
            guest.network.send(guest.frame(f));
        }
        guest.network.flush();
        guest.timers.advance(MILLI);
    }

    /** Sends and receives at once, closing its side when all is sent. */
    private static byte[] exchange(ServerSocket server, byte[] data) {
        try {
            Socket socket = server.accept();
            CompletableFuture<Void> wrote = OwnThread.start(() -> {
                socket.getOutputStream().write(data);
                socket.shutdownOutput();
                return null;
            });
            byte[] all = socket.getInputStream().readAllBytes();
            wrote.join();
            socket.close();
            return all;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
