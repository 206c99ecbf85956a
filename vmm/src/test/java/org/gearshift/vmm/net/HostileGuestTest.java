package org.gearshift.vmm.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Guests that mean no good: whatever they send, nothing breaks, nothing grows without bounds, and the network still serves. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileGuestTest {
    private static final int FRAMES = 60_000;

    private static void assertStillServes(TestGuest guest) {
        guest.received.clear();
        guest.room = Integer.MAX_VALUE;
        guest.network.stationReady();
        guest.received.clear();
        guest.send(Packets.arpRequest(Packets.GUEST, Packets.GATEWAY));
        assertEquals(0x0806, Packets.type(guest.next()));
        guest.send(Packets.ipv4(1, Packets.GUEST, Packets.GATEWAY, Packets.echoRequest(new byte[10])));
        assertEquals(0, guest.nextIp().verified().u8(0));
    }

    private static void assertBounded(TestGuest guest) {
        assertTrue(guest.counter("tcp.connections") <= NetworkLimits.TCP_CONNECTIONS);
        assertTrue(guest.counter("tcp.buffered") <= NetworkLimits.TCP_BUFFERS_TOTAL);
        assertTrue(guest.counter("udp.sockets") <= NetworkLimits.UDP_SOCKETS);
    }

    /** Restricted, so that random destinations are not bothered. */
    private static TestGuest restricted() throws IOException {
        return new TestGuest(new UserNetworkOptions(true, null, List.of()));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void framesOfRandomBytes(long seed) throws IOException {
        Random random = new Random(seed);
        try (TestGuest guest = restricted()) {
            for (int i = 0; i < FRAMES; i++) {
                byte[] b = new byte[random.nextInt(random.nextInt(20) == 0 ? 65_000 : 120)];
                random.nextBytes(b);
                if (b.length >= 14 && random.nextBoolean()) {
                    ByteBuffer.wrap(b).putLong(0, Packets.GATEWAY_MAC << 16).putShort(12, (short) (random.nextBoolean() ? 0x0800 : 0x0806));
                }
                guest.send(b);
                guest.received.clear();
            }
            assertStillServes(guest);
        }
    }

    /** Valid frames of every kind. */
    private static List<byte[]> seeds(int tcpPort) {
        List<byte[]> list = new ArrayList<>();
        list.add(Packets.arpRequest(Packets.GUEST, Packets.DNS));
        list.add(Packets.ipv4(1, Packets.GUEST, Packets.GATEWAY, Packets.echoRequest(new byte[100])));
        list.add(Packets.fragment(1, Packets.GUEST, Packets.GATEWAY, 5, 0x2000, new byte[64]));
        list.add(Packets.fragment(1, Packets.GUEST, Packets.GATEWAY, 5, 8, new byte[64]));
        list.add(Packets.udp(Packets.GUEST, 1000, Packets.GATEWAY, 9, new byte[50]));
        ByteBuffer dhcp = ByteBuffer.allocate(300).put(0, (byte) 1).putShort(1, (short) 0x0106).putLong(28, Packets.GUEST_MAC << 16);
        dhcp.position(236).putInt(0x63825363).put(new byte[] {53, 1, 3, 50, 4, 10, 0, 2, 15, (byte) 255});
        list.add(Packets.udp(0, 68, -1, 67, dhcp.array()));
        GuestTcp tcp = new GuestTcp(3000, Packets.GATEWAY, tcpPort, 99, list::add);
        tcp.connect(0);
        tcp.raw(GuestTcp.ACK, 100, 1, new byte[0], new byte[300]);
        tcp.raw(GuestTcp.ACK | GuestTcp.FIN, 400, 1, new byte[0], new byte[0]);
        tcp.raw(GuestTcp.RST, 100, 0, new byte[0], new byte[0]);
        return list;
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13})
    void almostValidFrames(long seed) throws IOException {
        Random random = new Random(seed);
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress()); TestGuest guest = restricted()) {
            List<byte[]> seeds = seeds(server.getLocalPort());
            for (int i = 0; i < FRAMES; i++) {
                byte[] b = seeds.get(random.nextInt(seeds.size())).clone();
                for (int flips = random.nextInt(4); flips > 0; flips--) {
                    b[random.nextInt(b.length)] = (byte) random.nextInt();
                }
                if (random.nextInt(4) == 0) {
                    b = Arrays.copyOf(b, random.nextInt(b.length + 40));
                }
                repair(b);
                Frame f = guest.frame(b);
                if (b.length > 60 && random.nextBoolean()) {
                    f.partialChecksum(random.nextInt(b.length - 20), random.nextInt(18));
                }
                guest.network.send(f);
                if (random.nextInt(10) == 0) {
                    guest.network.flush();
                    guest.room = random.nextInt(5);
                    guest.network.stationReady();
                }
                if (random.nextInt(500) == 0) {
                    guest.timers.advance(random.nextInt(2_000_000_000));
                }
                guest.received.clear();
            }
            assertBounded(guest);
            assertStillServes(guest);
        }
    }

    /** Makes the IPv4 header's checksum right, so that what is behind it is looked at. */
    private static void repair(byte[] b) {
        if (b.length >= 34 && Packets.type(b) == 0x0800) {
            int header = Math.min((b[14] & 15) * 4, b.length - 14);
            if (header >= 20) {
                b[24] = 0;
                b[25] = 0;
                int sum = Packets.checksum(b, 14, header, 0);
                b[24] = (byte) (sum >> 8);
                b[25] = (byte) sum;
            }
        }
    }

    @Test
    void aFloodOfConnectionsIsRefusedFromSomeNumberOnAndFlowsOffAgain() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress()); TestGuest guest = new TestGuest()) {
            for (int i = 0; i < 5000; i++) {
                GuestTcp tcp = new GuestTcp(1024 + i, Packets.GATEWAY, server.getLocalPort(), i, b -> guest.send(b));
                tcp.connect(0);
                guest.network.poll();
            }
            assertBounded(guest);
            assertTrue(guest.counter("tcp.refused") > 3000);
            guest.received.clear();
            guest.timers.advance(700_000_000_000L);
            guest.settle();
            guest.timers.advance(700_000_000_000L);
            assertEquals(0, guest.counter("tcp.connections"));
            assertStillServes(guest);
        }
    }

    @Test
    void aFloodOfUnfinishedFragmentsTakesLittleMemory() throws IOException {
        try (TestGuest guest = new TestGuest()) {
            for (int i = 0; i < 20_000; i++) {
                guest.send(Packets.fragment(17, Packets.GUEST, Packets.GATEWAY, i, 0x2000 | (i * 7 & 0x1fff), new byte[8]));
            }
            assertTrue(guest.counter("ip.reassemblyFailed") >= 20_000 - NetworkLimits.REASSEMBLIES);
            assertStillServes(guest);
        }
    }

    @Test
    void connectionsFullOfEarlyDataStayWithinTheBudget() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 600, InetAddress.getLoopbackAddress()); TestGuest guest = new TestGuest()) {
            List<GuestTcp> open = new ArrayList<>();
            List<Socket> kept = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                GuestTcp tcp = new GuestTcp(2000 + i, Packets.GATEWAY, server.getLocalPort(), i, b -> guest.send(b));
                tcp.connect(0);
                guest.until(() -> !guest.received.isEmpty());
                while (!guest.received.isEmpty()) {
                    tcp.segment(guest.nextIp(), 0);
                }
                guest.received.clear();
                kept.add(server.accept());
                open.add(tcp);
            }
            for (GuestTcp tcp : open) {
                tcp.raw(GuestTcp.ACK, tcp.sequenceNow() + 250_000, tcp.receiveNext(), new byte[0], new byte[1000]);
                tcp.raw(GuestTcp.ACK, tcp.sequenceNow() + 1000, tcp.receiveNext(), new byte[0], new byte[1000]);
            }
            assertTrue(guest.counter("tcp.buffered") > NetworkLimits.TCP_BUFFERS_TOTAL * 9 / 10);
            assertBounded(guest);
            // Those without memory still get along, if slowly.
            GuestTcp last = open.get(open.size() - 1);
            last.raw(GuestTcp.ACK, last.sequenceNow(), last.receiveNext(), new byte[0], new byte[500]);
            assertEquals(500, kept.get(kept.size() - 1).getInputStream().readNBytes(500).length);
            for (Socket s : kept) {
                s.close();
            }
            assertStillServes(guest);
        }
    }

    @Test
    void theGuestCannotReachLoopbackAddressesDirectly() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress()); TestGuest guest = new TestGuest()) {
            for (int to : new int[] {0x7f000001, 0, -1, 0xe0000001, 0x0a0002ff}) {
                new GuestTcp(1, to, server.getLocalPort(), 1, b -> guest.send(b)).connect(0);
            }
            guest.settle();
            assertEquals(0, guest.counter("tcp.opened"));
            assertEquals(new InetSocketAddress(InetAddress.getLoopbackAddress(), 7), new Destinations(false, () -> null).find(Packets.GATEWAY, 7));
        }
    }
}
