package org.gearshift.vmm.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Everything but TCP, seen by a guest. */
@Timeout(60)
class UserNetworkTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private static byte[] random(int length) {
        byte[] b = new byte[length];
        new Random(length).nextBytes(b);
        return b;
    }

    @Test
    void gatewayAndNameServerAnswerArp() throws IOException {
        try (TestGuest guest = new TestGuest()) {
            for (int target : new int[] {Packets.GATEWAY, Packets.DNS}) {
                guest.send(Packets.arpRequest(Packets.GUEST, target));
                ByteBuffer reply = ByteBuffer.wrap(guest.next());
                assertEquals(Packets.GUEST_MAC, reply.getLong(0) >>> 16);
                assertEquals(0x0806, reply.getShort(12));
                assertEquals(2, reply.getShort(20));
                assertEquals(Packets.GATEWAY_MAC, reply.getLong(22) >>> 16);
                assertEquals(target, reply.getInt(28));
                assertEquals(Packets.GUEST, reply.getInt(38));
            }
            guest.send(Packets.arpRequest(Packets.GUEST, 0x0a000204));
            assertTrue(guest.received.isEmpty());
        }
    }

    private static byte[] dhcp(int type, long mac, int requested) {
        ByteBuffer b = ByteBuffer.allocate(300);
        b.put((byte) 1).put((byte) 1).put((byte) 6).put((byte) 0).putInt(0xdeadbeef);
        b.position(28).putShort((short) (mac >> 32)).putInt((int) mac);
        b.position(236).putInt(0x63825363).put(new byte[] {53, 1, (byte) type});
        if (requested != 0) {
            b.put((byte) 50).put((byte) 4).putInt(requested);
        }
        b.put((byte) 255);
        return Packets.udp(0, 68, -1, 67, b.array());
    }

    /** Options 53, 1, 3, 6, 51, 54 as text. */
    private static String options(Packets.Received r) {
        StringBuilder text = new StringBuilder();
        for (int at = 8 + 240; r.u8(at) != 255; at += 2 + r.u8(at + 1)) {
            text.append(r.u8(at)).append('=').append(r.u8(at + 1) == 1 ? Integer.toString(r.u8(at + 2)) : Integer.toHexString(r.i32(at + 2))).append(' ');
        }
        return text.toString().trim();
    }

    @Test
    void dhcpGivesTheFirstGuestTheUsualAddress() throws IOException {
        try (TestGuest guest = new TestGuest()) {
            guest.send(dhcp(1, Packets.GUEST_MAC, 0));
            Packets.Received offer = guest.nextIp().verified();
            assertEquals(Packets.GATEWAY, offer.from());
            assertEquals(-1, offer.to());
            assertEquals(67 << 16 | 68, offer.i32(0));
            assertEquals(0xdeadbeef, offer.i32(8 + 4));
            assertEquals(Packets.GUEST, offer.i32(8 + 16));
            assertEquals("53=2 54=a000202 1=ffffff00 3=a000202 6=a000203 51=15180", options(offer));
            guest.send(dhcp(3, Packets.GUEST_MAC, Packets.GUEST));
            assertTrue(options(guest.nextIp().verified()).startsWith("53=5 54=a000202"));
            guest.send(dhcp(1, 0x525400000001L, 0));
            assertEquals(Packets.GUEST + 1, guest.nextIp().i32(8 + 16));
            guest.send(dhcp(3, 0x525400000001L, 0x0a000299));
            assertEquals("53=6 54=a000202", options(guest.nextIp()));
            guest.send(dhcp(7, Packets.GUEST_MAC, 0), dhcp(1, 0x525400000002L, 0));
            assertEquals(Packets.GUEST, guest.nextIp().i32(8 + 16), "a released address is free");
        }
    }

    @Test
    void theNumberOfLeasesIsLimited() throws IOException {
        try (TestGuest guest = new TestGuest()) {
            for (int i = 0; i < 100; i++) {
                guest.send(dhcp(1, 0x525400000000L + i, 0));
            }
            assertEquals(NetworkLimits.LEASES, guest.received.size());
        }
    }

    @Test
    void theGatewayAnswersPing() throws IOException {
        try (TestGuest guest = new TestGuest()) {
            byte[] data = random(56);
            guest.send(Packets.ipv4(1, Packets.GUEST, Packets.GATEWAY, Packets.echoRequest(data)));
            Packets.Received reply = guest.nextIp().verified();
            assertEquals(Packets.GATEWAY, reply.from());
            assertEquals(0, reply.u8(0));
            assertEquals(0x12340001, reply.i32(4));
            assertArrayEquals(data, reply.from(8));
        }
    }

    private static List<byte[]> fragments(int protocol, int to, int id, byte[] payload, int size) {
        List<byte[]> list = new ArrayList<>();
        for (int at = 0; at < payload.length; at += size) {
            int end = Math.min(payload.length, at + size);
            int flags = (end < payload.length ? 0x2000 : 0) | at / 8;
            list.add(Packets.fragment(protocol, Packets.GUEST, to, id, flags, Arrays.copyOfRange(payload, at, end)));
        }
        return list;
    }

    @Test
    void largePingsGoAndComeInFragmentsInAnyOrder() throws IOException {
        try (TestGuest guest = new TestGuest()) {
            byte[] data = random(20_000);
            for (int seed = 0; seed < 5; seed++) {
                List<byte[]> fragments = fragments(1, Packets.GATEWAY, seed, Packets.echoRequest(data), 1480);
                Collections.shuffle(fragments, new Random(seed));
                guest.send(fragments.toArray(new byte[0][]));
                List<Packets.Received> parts = new ArrayList<>();
                while (!guest.received.isEmpty()) {
                    parts.add(guest.nextIp());
                }
                assertTrue(parts.size() > 13);
                byte[] reply = Packets.reassemble(parts);
                assertEquals(0, reply[0]);
                assertArrayEquals(data, Arrays.copyOfRange(reply, 8, reply.length));
            }
        }
    }

    @Test
    void overlappingOrMissingOrLateFragmentsMakeNoDatagram() throws IOException {
        try (TestGuest guest = new TestGuest()) {
            byte[] echo = Packets.echoRequest(random(4000));
            List<byte[]> fragments = fragments(1, Packets.GATEWAY, 1, echo, 1480);
            guest.send(fragments.get(0), fragments(1, Packets.GATEWAY, 1, echo, 1488).get(1), fragments.get(1), fragments.get(2));
            assertTrue(guest.received.isEmpty(), "overlap");
            guest.send(fragments(1, Packets.GATEWAY, 2, echo, 1480).get(0), fragments(1, Packets.GATEWAY, 2, echo, 1480).get(2));
            guest.timers.advance(16_000_000_000L);
            guest.send(fragments(1, Packets.GATEWAY, 2, echo, 1480).get(1));
            assertTrue(guest.received.isEmpty(), "late");
            assertTrue(guest.counter("ip.reassemblyFailed") >= 2);
            guest.send(fragments(1, Packets.GATEWAY, 3, echo, 1480).toArray(new byte[0][]));
            assertEquals(3, guest.received.size());
        }
    }

    private static void assertUnreachable(TestGuest guest, int code, byte[] about) {
        Packets.Received error = guest.nextIp().verified();
        assertEquals(1, error.protocol());
        assertEquals(3 << 8 | code, error.u16(0));
        assertArrayEquals(Arrays.copyOfRange(about, 14, 14 + 28), error.from(8));
    }

    @Test
    void whatCannotBeDeliveredIsReported() throws IOException {
        try (TestGuest guest = new TestGuest()) {
            byte[] elsewhere = Packets.ipv4(1, Packets.GUEST, 0xc0000201, Packets.echoRequest(random(8)));
            guest.send(elsewhere);
            assertUnreachable(guest, 13, elsewhere);
            byte[] neighbour = Packets.udp(Packets.GUEST, 1000, 0x0a000277, 2000, random(8));
            guest.send(neighbour);
            assertUnreachable(guest, 1, neighbour);
            byte[] protocol = Packets.ipv4(132, Packets.GUEST, Packets.GATEWAY, random(8));
            guest.send(protocol);
            assertUnreachable(guest, 2, protocol);
            guest.send(Packets.datagram(17, Packets.GUEST, 0xc0000201, 1, 0, 1, Packets.udpPayload(Packets.GUEST, 1, 0xc0000201, 2, random(8))));
            assertEquals(11, guest.nextIp().verified().u8(0), "time exceeded: a traceroute's first hop");
            guest.send(Packets.udp(Packets.GUEST, 1000, 0x7f000001, 2000, random(8)), Packets.udp(Packets.GUEST, 1000, 0xe0000001, 2000, random(8)));
            assertTrue(guest.received.isEmpty(), "loopback and multicast addresses lead nowhere");
        }
    }

    @Test
    void guestsSpeakOnlyForThemselves() throws IOException {
        try (TestGuest guest = new TestGuest()) {
            for (int from : new int[] {Packets.GATEWAY, 0x08080808, 0x7f000001, 0x0a0002ff, -1}) {
                guest.send(Packets.ipv4(1, from, Packets.GATEWAY, Packets.echoRequest(random(8))));
            }
            assertTrue(guest.received.isEmpty());
            assertEquals(5, guest.counter("frames.nonsense"));
        }
    }

    /** Answers each datagram with its bytes in reverse order. */
    private static DatagramSocket reverser() throws IOException {
        DatagramSocket socket = new DatagramSocket(0, LOOPBACK);
        Thread t = new Thread(() -> {
            try {
                byte[] b = new byte[65536];
                while (true) {
                    DatagramPacket p = new DatagramPacket(b, b.length);
                    socket.receive(p);
                    byte[] reversed = new byte[p.getLength()];
                    for (int i = 0; i < reversed.length; i++) {
                        reversed[i] = b[reversed.length - 1 - i];
                    }
                    socket.send(new DatagramPacket(reversed, reversed.length, p.getSocketAddress()));
                }
            } catch (IOException e) {
                // The test closes the socket.
                return;
            }
        });
        t.setDaemon(true);
        t.start();
        return socket;
    }

    private static byte[] reversed(byte[] b) {
        byte[] r = new byte[b.length];
        for (int i = 0; i < b.length; i++) {
            r[i] = b[b.length - 1 - i];
        }
        return r;
    }

    @Test
    void udpReachesTheHostsLoopbackThroughTheGatewayAndComesBack() throws IOException {
        try (TestGuest guest = new TestGuest(); DatagramSocket server = reverser()) {
            byte[] data = random(1000);
            guest.send(Packets.udp(Packets.GUEST, 5555, Packets.GATEWAY, server.getLocalPort(), data));
            Packets.Received answer = guest.awaitIp().verified();
            assertEquals(Packets.GATEWAY, answer.from());
            assertEquals(server.getLocalPort(), answer.u16(0));
            assertEquals(5555, answer.u16(2));
            assertArrayEquals(reversed(data), answer.from(8));
        }
    }

    @Test
    void longUdpDatagramsAreFragmentedBothWays() throws IOException {
        try (TestGuest guest = new TestGuest(); DatagramSocket server = reverser()) {
            byte[] data = random(30_000);
            byte[] payload = Packets.udpPayload(Packets.GUEST, 5555, Packets.GATEWAY, server.getLocalPort(), data);
            guest.send(fragments(17, Packets.GATEWAY, 9, payload, 1480).toArray(new byte[0][]));
            guest.until(() -> guest.received.size() == 21);
            List<Packets.Received> parts = new ArrayList<>();
            while (!guest.received.isEmpty()) {
                parts.add(guest.nextIp());
            }
            byte[] whole = Packets.reassemble(parts);
            assertArrayEquals(reversed(data), Arrays.copyOfRange(whole, 8, whole.length));
        }
    }

    @Test
    void queriesToTheNameServerGoToTheGivenResolver() throws IOException {
        try (DatagramSocket server = reverser();
                TestGuest guest = new TestGuest(new UserNetworkOptions(false, new InetSocketAddress(LOOPBACK, server.getLocalPort()), List.of()))) {
            guest.send(Packets.udp(Packets.GUEST, 5555, Packets.DNS, 53, random(40)));
            Packets.Received answer = guest.awaitIp().verified();
            assertEquals(Packets.DNS, answer.from());
            assertEquals(53, answer.u16(0));
            assertArrayEquals(reversed(random(40)), answer.from(8));
            byte[] other = Packets.udp(Packets.GUEST, 5555, Packets.DNS, 54, random(40));
            guest.send(other);
            assertUnreachable(guest, 3, other);
        }
    }

    @Test
    void unusedUdpSocketsAreClosedAndTheirNumberIsLimited() throws IOException {
        try (TestGuest guest = new TestGuest(); DatagramSocket server = reverser()) {
            for (int port = 1; port <= 600; port++) {
                guest.send(Packets.udp(Packets.GUEST, port, Packets.GATEWAY, server.getLocalPort(), random(4)));
            }
            assertEquals(NetworkLimits.UDP_SOCKETS, guest.counter("udp.sockets"));
            guest.timers.advance(60_000_000_000L);
            guest.send(Packets.udp(Packets.GUEST, 600, Packets.GATEWAY, server.getLocalPort(), random(4)));
            guest.timers.advance(70_000_000_000L);
            assertEquals(1, guest.counter("udp.sockets"));
            guest.timers.advance(70_000_000_000L);
            assertEquals(0, guest.counter("udp.sockets"));
        }
    }

    @Test
    void onlyThoseSpokenToAreHeard() throws Exception {
        try (TestGuest guest = new TestGuest(); DatagramSocket server = new DatagramSocket(0, LOOPBACK);
                DatagramSocket stranger = new DatagramSocket(0, InetAddress.getByName("127.0.0.2"))) {
            guest.send(Packets.udp(Packets.GUEST, 5555, Packets.GATEWAY, server.getLocalPort(), random(4)));
            DatagramPacket p = new DatagramPacket(new byte[100], 100);
            server.receive(p);
            stranger.send(new DatagramPacket(random(5), 5, LOOPBACK, p.getPort()));
            guest.settle();
            assertTrue(guest.received.isEmpty());
            try (DatagramSocket sameHost = new DatagramSocket(0, LOOPBACK)) {
                sameHost.send(new DatagramPacket(random(6), 6, LOOPBACK, p.getPort()));
                assertEquals(sameHost.getLocalPort(), guest.awaitIp().u16(0), "as a TFTP server answers");
            }
        }
    }

    @Test
    void forwardedUdpPortsLeadToTheGuestAndItsAnswersBack() throws IOException {
        Forward forward = Forward.parse("udp:0:7");
        try (TestGuest guest = new TestGuest(new UserNetworkOptions(true, null, List.of(forward))); DatagramSocket client = new DatagramSocket(0, LOOPBACK)) {
            client.setSoTimeout(10_000);
            guest.send(Packets.arpRequest(Packets.GUEST, Packets.GATEWAY));
            guest.next();
            client.send(new DatagramPacket(random(99), 99, guest.network.forwarded().get(0)));
            Packets.Received question = guest.awaitIp().verified();
            assertEquals(Packets.GATEWAY, question.from());
            assertEquals(client.getLocalPort(), question.u16(0));
            assertEquals(7, question.u16(2));
            guest.send(Packets.udp(Packets.GUEST, 7, Packets.GATEWAY, client.getLocalPort(), random(77)));
            DatagramPacket answer = new DatagramPacket(new byte[100], 100);
            client.receive(answer);
            assertEquals(77, answer.getLength());
            byte[] other = Packets.udp(Packets.GUEST, 8, Packets.GATEWAY, client.getLocalPort(), random(77));
            guest.send(other);
            assertUnreachable(guest, 13, other);
        }
    }

    @Test
    void aGuestWithoutRoomLosesLittleAndGetsTheRestLater() throws IOException {
        try (TestGuest guest = new TestGuest()) {
            guest.room = 0;
            for (int i = 0; i < 100; i++) {
                guest.send(Packets.ipv4(1, Packets.GUEST, Packets.GATEWAY, Packets.echoRequest(random(8))));
            }
            assertTrue(guest.received.isEmpty());
            guest.room = Integer.MAX_VALUE;
            guest.network.stationReady();
            assertEquals(NetworkLimits.BACKLOG_FRAMES, guest.received.size());
            assertEquals(100 - NetworkLimits.BACKLOG_FRAMES, guest.counter("frames.dropped"));
        }
    }
}
