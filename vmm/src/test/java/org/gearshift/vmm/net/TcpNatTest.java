package org.gearshift.vmm.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.gearshift.testing.OwnThread;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** TCP seen from both ends: a guest's TCP made by the test, and real sockets of the host. */
@Timeout(value = 40, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TcpNatTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final int PORT = 40_000;

    private static byte[] random(int length) {
        byte[] b = new byte[length];
        new Random(length).nextBytes(b);
        return b;
    }

    /** Lets both sides work until something is so. Time goes on only while nothing else does. */
    private static void run(TestGuest guest, GuestTcp tcp, BooleanSupplier until) {
        run(guest, tcp, until, 1_000_000);
    }

    /** @param stepNanos by how much time goes on at a time */
    private static void run(TestGuest guest, GuestTcp tcp, BooleanSupplier until, long stepNanos) {
        long end = System.nanoTime() + 30_000_000_000L;
        while (!until.getAsBoolean()) {
            guest.network.poll();
            boolean idle = guest.received.isEmpty();
            while (!guest.received.isEmpty()) {
                byte[] frame = guest.next();
                if (Packets.type(frame) == 0x0800) {
                    tcp.segment(Packets.parse(frame), guest.timers.nanos());
                }
            }
            tcp.tick(guest.timers.nanos());
            guest.network.flush();
            if (idle) {
                guest.timers.advance(stepNanos);
                // The host's side is on other threads: where these have to wait for a processor, minutes of the guest's time would go by, and connections be given up.
                Thread.yield();
            }
            if (System.nanoTime() > end) {
                throw new AssertionError("waited for too long");
            }
        }
    }

    private static GuestTcp open(TestGuest guest, int hostPort) {
        GuestTcp tcp = client(guest, hostPort);
        tcp.connect(guest.timers.nanos());
        guest.network.flush();
        run(guest, tcp, () -> tcp.established);
        return tcp;
    }

    private static GuestTcp client(TestGuest guest, int hostPort) {
        return new GuestTcp(PORT, Packets.GATEWAY, hostPort, -1000, b -> guest.network.send(guest.frame(b)));
    }

    private static ServerSocket server() throws IOException {
        return new ServerSocket(0, 5, LOOPBACK);
    }

    private static CompletableFuture<byte[]> readAll(Socket socket) {
        return OwnThread.start(() -> {
            try {
                return socket.getInputStream().readAllBytes();
            } catch (IOException e) {
                return ("failed: " + e.getMessage()).getBytes(StandardCharsets.UTF_8);
            }
        });
    }

    private static CompletableFuture<Void> writeAll(Socket socket, byte[] data) {
        return OwnThread.start(() -> {
            socket.getOutputStream().write(data);
            socket.shutdownOutput();
            return null;
        });
    }

    private void bothWays(boolean offload) throws Exception {
        try (TestGuest guest = new TestGuest(); ServerSocket server = server()) {
            guest.offload = offload;
            GuestTcp tcp = open(guest, server.getLocalPort());
            Socket host = server.accept();
            byte[] up = random(3_000_001);
            byte[] down = random(4_000_001);
            CompletableFuture<byte[]> got = readAll(host);
            CompletableFuture<Void> wrote = writeAll(host, down);
            tcp.write(up);
            tcp.finish();
            run(guest, tcp, () -> tcp.peerFinished && tcp.finAcknowledged && got.isDone());
            wrote.get();
            assertArrayEquals(up, got.get());
            assertArrayEquals(down, tcp.received.toByteArray());
            assertFalse(tcp.reset);
            assertEquals(offload, guest.largest > 30_000);
            guest.timers.advance(5_000_000_000L);
            assertEquals(0, guest.counter("tcp.connections"));
            assertEquals(0, guest.counter("tcp.buffered"));
            assertEquals(3_000_001, guest.counter("tcp.bytesToHost"));
            assertEquals(4_000_001, guest.counter("tcp.bytesToGuest"));
        }
    }

    @Test
    void dataFlowsBothWaysAndBothEndsClose() throws Exception {
        bothWays(false);
    }

    @Test
    void aGuestThatTakesLargeSegmentsGetsThem() throws Exception {
        bothWays(true);
    }

    @Test
    void largeSegmentsFromTheGuestAreTakenWhole() throws Exception {
        try (TestGuest guest = new TestGuest(); ServerSocket server = server()) {
            GuestTcp tcp = open(guest, server.getLocalPort());
            Socket host = server.accept();
            byte[] data = random(60_000);
            Frame big = new Frame();
            GuestTcp large = new GuestTcp(PORT, Packets.GATEWAY, server.getLocalPort(), -1000, b -> {
                big.begin(b.length);
                System.arraycopy(b, 0, big.bytes(), 0, b.length);
                big.put16(34 + 16, 0xbad);
                big.partialChecksum(34, 16);
                big.segmentSize(1460);
                guest.network.send(big);
            });
            large.raw(GuestTcp.ACK, tcp.sequenceNow(), tcp.receiveNext(), new byte[0], data);
            guest.network.flush();
            assertArrayEquals(data, host.getInputStream().readNBytes(data.length));
        }
    }

    @Test
    void wrongChecksumsAreDropped() throws Exception {
        try (TestGuest guest = new TestGuest(); ServerSocket server = server()) {
            GuestTcp tcp = new GuestTcp(PORT, Packets.GATEWAY, server.getLocalPort(), 5, b -> {
                b[b.length - 1] ^= 1;
                guest.network.send(guest.frame(b));
            });
            tcp.connect(0);
            guest.settle();
            assertEquals(0, guest.counter("tcp.connections"));
            assertEquals(1, guest.counter("frames.nonsense"));
        }
    }

    @Test
    void windowScalingIsUsedOnlyIfTheGuestOffersIt() throws Exception {
        for (int scale : new int[] {-1, 0, 7}) {
            try (TestGuest guest = new TestGuest(); ServerSocket server = server()) {
                GuestTcp tcp = client(guest, server.getLocalPort());
                tcp.scale = scale;
                tcp.mss = 700;
                tcp.connect(guest.timers.nanos());
                run(guest, tcp, () -> tcp.established);
                assertEquals(scale < 0, tcp.peerScale < 0);
                assertEquals(1460, tcp.peerMss);
                Socket host = server.accept();
                CompletableFuture<Void> wrote = writeAll(host, random(300_000));
                run(guest, tcp, () -> tcp.peerFinished);
                wrote.get();
                assertArrayEquals(random(300_000), tcp.received.toByteArray());
                assertEquals(14 + 40 + 700, guest.largest);
            }
        }
    }

    @Test
    void aClosedPortOfTheHostRefusesTheGuest() throws Exception {
        int port;
        try (ServerSocket closed = server()) {
            port = closed.getLocalPort();
        }
        try (TestGuest guest = new TestGuest()) {
            GuestTcp tcp = client(guest, port);
            tcp.connect(0);
            run(guest, tcp, () -> tcp.reset);
            assertEquals(0, guest.counter("tcp.connections"));
        }
    }

    @Test
    void whatIsNotAllowedIsRefused() throws Exception {
        try (ServerSocket server = server(); TestGuest guest = new TestGuest(new UserNetworkOptions(true, null, List.of()))) {
            GuestTcp tcp = client(guest, server.getLocalPort());
            tcp.connect(0);
            run(guest, tcp, () -> tcp.reset);
        }
        try (TestGuest guest = new TestGuest()) {
            GuestTcp tcp = new GuestTcp(PORT, 0x0a000263, 80, 1, b -> guest.network.send(guest.frame(b)));
            tcp.connect(0);
            run(guest, tcp, () -> tcp.reset);
        }
    }

    @Test
    void theHostMayCloseFirstAndStillRead() throws Exception {
        try (TestGuest guest = new TestGuest(); ServerSocket server = server()) {
            GuestTcp tcp = open(guest, server.getLocalPort());
            Socket host = server.accept();
            host.shutdownOutput();
            run(guest, tcp, () -> tcp.peerFinished);
            CompletableFuture<byte[]> got = readAll(host);
            tcp.write(random(500_000));
            tcp.finish();
            run(guest, tcp, () -> tcp.finAcknowledged && got.isDone());
            assertArrayEquals(random(500_000), got.get());
        }
    }

    @Test
    void theGuestMayCloseFirstAndStillRead() throws Exception {
        try (TestGuest guest = new TestGuest(); ServerSocket server = server()) {
            GuestTcp tcp = open(guest, server.getLocalPort());
            Socket host = server.accept();
            tcp.finish();
            CompletableFuture<byte[]> got = readAll(host);
            run(guest, tcp, got::isDone);
            assertEquals(0, got.get().length);
            CompletableFuture<Void> wrote = writeAll(host, random(500_000));
            run(guest, tcp, () -> tcp.peerFinished);
            wrote.get();
            assertArrayEquals(random(500_000), tcp.received.toByteArray());
            run(guest, tcp, () -> guest.counter("tcp.connections") == 0);
        }
    }

    @Test
    void resetsPassThroughBothWays() throws Exception {
        try (TestGuest guest = new TestGuest(); ServerSocket server = server()) {
            GuestTcp tcp = open(guest, server.getLocalPort());
            Socket host = server.accept();
            tcp.abort();
            guest.network.flush();
            CompletableFuture<byte[]> got = readAll(host);
            run(guest, tcp, got::isDone);
            assertTrue(new String(got.get(), StandardCharsets.UTF_8).startsWith("failed"), "the host's peer sees a reset");
            assertEquals(0, guest.counter("tcp.connections"));
        }
        try (TestGuest guest = new TestGuest(); ServerSocket server = server()) {
            GuestTcp tcp = open(guest, server.getLocalPort());
            Socket host = server.accept();
            host.setSoLinger(true, 0);
            host.close();
            run(guest, tcp, () -> tcp.reset);
            assertEquals(0, guest.counter("tcp.connections"));
        }
    }

    @Test
    void resetsAndSynsFromNowhereDoNotEndAConnection() throws Exception {
        try (TestGuest guest = new TestGuest(); ServerSocket server = server()) {
            GuestTcp tcp = open(guest, server.getLocalPort());
            Socket host = server.accept();
            tcp.raw(GuestTcp.RST, tcp.sequenceNow() + 5, 0, new byte[0], new byte[0]);
            tcp.raw(GuestTcp.RST, tcp.sequenceNow() + 100_000_000, 0, new byte[0], new byte[0]);
            tcp.raw(GuestTcp.SYN, tcp.sequenceNow() + 3, 0, new byte[0], new byte[0]);
            tcp.raw(GuestTcp.ACK, tcp.sequenceNow(), tcp.receiveNext() + 1000, new byte[0], random(10));
            guest.network.flush();
            tcp.write("still here".getBytes(StandardCharsets.US_ASCII));
            run(guest, tcp, () -> tcp.acknowledged() == 10);
            assertEquals("still here", new String(host.getInputStream().readNBytes(10), StandardCharsets.US_ASCII));
        }
    }

    @Test
    void aHostThatDoesNotReadStopsTheGuest() throws Exception {
        try (TestGuest guest = new TestGuest(); ServerSocket server = server()) {
            server.setReceiveBufferSize(32 << 10);
            GuestTcp tcp = open(guest, server.getLocalPort());
            Socket host = server.accept();
            byte[] data = random(20_000_000);
            tcp.write(data);
            tcp.finish();
            run(guest, tcp, () -> tcp.peerWindow == 0);
            guest.timers.advance(30_000_000_000L);
            int stopped = tcp.acknowledged();
            assertTrue(stopped < 15_000_000, stopped + " bytes");
            assertTrue(guest.counter("tcp.buffered") <= 2L * NetworkLimits.TCP_BUFFER);
            CompletableFuture<byte[]> got = readAll(host);
            run(guest, tcp, () -> tcp.finAcknowledged && got.isDone());
            assertArrayEquals(data, got.get());
        }
    }

    @Test
    void aGuestThatDoesNotReadStopsTheHostAndIsAskedNowAndThen() throws Exception {
        try (TestGuest guest = new TestGuest(); ServerSocket server = server()) {
            GuestTcp tcp = client(guest, server.getLocalPort());
            tcp.window = 10_000;
            tcp.connect(guest.timers.nanos());
            run(guest, tcp, () -> tcp.established);
            Socket host = server.accept();
            byte[] data = random(20_000_000);
            CompletableFuture<Void> wrote = writeAll(host, data);
            run(guest, tcp, () -> {
                tcp.window = Math.max(0, 50_000 - tcp.received.size());
                return tcp.received.size() >= 49_000;
            });
            tcp.window = 0;
            long end = guest.timers.nanos() + 400_000_000_000L;
            int before = tcp.segmentsSeen;
            run(guest, tcp, () -> guest.timers.nanos() > end, 20_000_000);
            int probes = tcp.segmentsSeen - before;
            assertTrue(probes >= 5 && probes < 40, probes + " probes");
            assertFalse(wrote.isDone());
            assertTrue(guest.counter("tcp.buffered") <= 2L * NetworkLimits.TCP_BUFFER);
            // Nobody says that the window is open again: the next probe finds out.
            tcp.window = 200_000;
            run(guest, tcp, () -> tcp.peerFinished);
            assertArrayEquals(data, tcp.received.toByteArray());
        }
    }

    @Test
    void aGuestWithoutRoomForFramesLosesNothing() throws Exception {
        try (TestGuest guest = new TestGuest(); ServerSocket server = server()) {
            GuestTcp tcp = open(guest, server.getLocalPort());
            Socket host = server.accept();
            byte[] data = random(3_000_000);
            CompletableFuture<Void> wrote = writeAll(host, data);
            Random random = new Random(1);
            guest.room = 0;
            run(guest, tcp, () -> {
                if (guest.room == 0) {
                    guest.room = random.nextInt(20);
                    guest.network.stationReady();
                }
                return tcp.peerFinished;
            });
            wrote.get();
            assertArrayEquals(data, tcp.received.toByteArray());
            assertEquals(0, guest.counter("frames.dropped"));
        }
    }

    @Test
    void aGuestThatHasVanishedIsGivenUp() throws Exception {
        try (TestGuest guest = new TestGuest(); ServerSocket server = server()) {
            open(guest, server.getLocalPort());
            Socket host = server.accept();
            host.getOutputStream().write(random(100));
            guest.until(() -> !guest.received.isEmpty() && guest.received.peekLast().length == 54 + 100);
            for (int i = 0; i < 1000 && guest.counter("tcp.connections") > 0; i++) {
                guest.timers.advance(1_000_000_000L);
            }
            assertEquals(0, guest.counter("tcp.connections"));
            assertThrows(SocketException.class, () -> host.getInputStream().read());
        }
    }

    @Test
    void connectionsComeInThroughForwardedPorts() throws Exception {
        try (TestGuest guest = new TestGuest(new UserNetworkOptions(true, null, List.of(Forward.parse("tcp:0:80"))))) {
            InetSocketAddress port = guest.network.forwarded().get(0);
            assertTrue(port.getAddress().isLoopbackAddress());
            try (Socket client = new Socket(port.getAddress(), port.getPort())) {
                client.setSoTimeout(10_000);
                guest.until(() -> !guest.received.isEmpty());
                assertEquals(0x0806, Packets.type(guest.next()), "the guest's Ethernet address is asked for first");
                guest.send(Packets.arpRequest(Packets.GUEST, Packets.GATEWAY));
                guest.next();
                Packets.Received syn = guest.nextIp().verified();
                assertEquals(GuestTcp.SYN, syn.u16(12) & 0x3f);
                assertEquals(80, syn.u16(2));
                assertEquals(client.getLocalPort(), syn.u16(0));
                GuestTcp tcp = new GuestTcp(80, syn.from(), syn.u16(0), 1234, b -> guest.network.send(guest.frame(b)));
                tcp.raw(GuestTcp.SYN | GuestTcp.ACK, 1234, syn.i32(4) + 1, new byte[] {2, 4, 5, (byte) 0xb4}, new byte[0]);
                guest.network.flush();
                Packets.Received ack = guest.nextIp().verified();
                assertEquals(GuestTcp.ACK, ack.u16(12) & 0x3f);
                assertEquals(1235, ack.i32(8));
                tcp.raw(GuestTcp.ACK, 1235, syn.i32(4) + 1, new byte[0], "hello".getBytes(StandardCharsets.US_ASCII));
                guest.network.flush();
                assertEquals("hello", new String(client.getInputStream().readNBytes(5), StandardCharsets.US_ASCII));
                tcp.raw(GuestTcp.RST, 1240, 0, new byte[0], new byte[0]);
                guest.network.flush();
                assertThrows(SocketException.class, () -> client.getInputStream().read());
            }
        }
    }

    @Test
    void aGuestThatRefusesAForwardedConnectionResetsIt() throws Exception {
        try (TestGuest guest = new TestGuest(new UserNetworkOptions(true, null, List.of(Forward.parse("tcp:127.0.0.1:0:81"))))) {
            guest.send(Packets.arpRequest(Packets.GUEST, Packets.GATEWAY));
            guest.next();
            InetSocketAddress port = guest.network.forwarded().get(0);
            try (Socket client = new Socket(port.getAddress(), port.getPort())) {
                client.setSoTimeout(10_000);
                Packets.Received syn = guest.awaitIp();
                GuestTcp tcp = new GuestTcp(81, syn.from(), syn.u16(0), 0, b -> guest.network.send(guest.frame(b)));
                tcp.raw(GuestTcp.RST | GuestTcp.ACK, 0, syn.i32(4) + 1, new byte[0], new byte[0]);
                guest.network.flush();
                assertThrows(SocketException.class, () -> client.getInputStream().read());
                assertEquals(0, guest.counter("tcp.connections"));
            }
        }
    }

    @Test
    void aPortInUseIsReportedByName() throws Exception {
        try (ServerSocket taken = server()) {
            Forward forward = Forward.parse("tcp:" + taken.getLocalPort() + ":80");
            IOException e = assertThrows(IOException.class, () -> new TestGuest(new UserNetworkOptions(false, null, List.of(forward))).close());
            assertTrue(e.getMessage().contains(Integer.toString(taken.getLocalPort())), e.getMessage());
        }
    }

    @Test
    void theWatcherSaysWhenThereIsSomethingToDo() throws Exception {
        BlockingQueue<Runnable> work = new LinkedBlockingQueue<>();
        ManualTimers timers = new ManualTimers();
        try (ServerSocket server = server(); UserNetwork network = new UserNetwork(UserNetworkOptions.defaults(), timers, work::add);
                TestGuest guest = new TestGuest()) {
            network.connect(guest);
            GuestTcp tcp = new GuestTcp(PORT, Packets.GATEWAY, server.getLocalPort(), 7, b -> network.send(guest.frame(b)));
            tcp.connect(0);
            network.flush();
            Socket host = server.accept();
            CompletableFuture<Void> wrote = writeAll(host, random(2_000_000));
            while (!tcp.peerFinished) {
                Runnable next = work.poll(20, TimeUnit.SECONDS);
                assertTrue(next != null, "nothing was said");
                next.run();
                while (!guest.received.isEmpty()) {
                    tcp.segment(guest.nextIp(), 0);
                    network.flush();
                }
            }
            wrote.get();
            assertArrayEquals(random(2_000_000), tcp.received.toByteArray());
        }
    }
}
