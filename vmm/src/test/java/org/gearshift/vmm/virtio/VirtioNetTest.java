package org.gearshift.vmm.virtio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.gearshift.vmm.device.Device.CounterSink;
import org.gearshift.vmm.net.EthernetNetwork;
import org.gearshift.vmm.net.EthernetStation;
import org.gearshift.vmm.net.Frame;
import org.junit.jupiter.api.Test;

/** The network device as a driver sees it, on a network that only notes what it gets. */
class VirtioNetTest {
    private static final long MAC = 0x525400abcdefL;
    private static final long AT = VirtioBench.BUFFERS;
    private static final long ALL = VirtioNet.F_CSUM | VirtioNet.F_GUEST_CSUM | VirtioNet.F_GUEST_TSO4 | VirtioNet.F_HOST_TSO4 | VirtioNet.F_MRG_RXBUF;

    /** Notes frames, as text in brief. */
    private static final class NotingNetwork implements EthernetNetwork {
        final List<byte[]> frames = new ArrayList<>();
        final List<String> offloads = new ArrayList<>();
        EthernetStation station;
        int flushes;
        int readies;
        int resets;

        @Override
        public void connect(EthernetStation s) {
            station = s;
        }

        @Override
        public void send(Frame f) {
            frames.add(Arrays.copyOf(f.bytes(), f.length()));
            offloads.add((f.checksumPartial() ? "checksum " + f.checksumStart() + "+" + f.checksumOffset() : "whole") + " segments " + f.segmentSize());
        }

        @Override
        public void flush() {
            flushes++;
        }

        @Override
        public void stationReady() {
            readies++;
        }

        @Override
        public void poll() {
            throw new AssertionError("nobody asked for it");
        }

        @Override
        public void reset() {
            resets++;
        }

        @Override
        public boolean waitsForOutside() {
            return false;
        }

        @Override
        public void counters(CounterSink sink) {
            sink.count("frames", frames.size());
        }

        @Override
        public void close() {
            station = null;
        }
    }

    private final NotingNetwork network = new NotingNetwork();
    private final VirtioBench bench = new VirtioBench(new VirtioNet(network, MAC));

    private static byte[] random(int length) {
        byte[] b = new byte[length];
        new Random(length).nextBytes(b);
        return b;
    }

    private static Frame frame(byte[] b) {
        Frame f = new Frame();
        f.begin(b.length);
        System.arraycopy(b, 0, f.bytes(), 0, b.length);
        return f;
    }

    private static byte[] header(int... bytes) {
        byte[] h = new byte[VirtioNet.HEADER];
        for (int i = 0; i < bytes.length; i++) {
            h[i] = (byte) bytes[i];
        }
        return h;
    }

    private void send(VirtioBench.Ring ring, byte[] header, byte[] data) {
        bench.memory.copyIn(AT, header, 0, header.length);
        bench.memory.copyIn(AT + 0x1000, data, 0, data.length);
        ring.add(2, AT, header.length, AT + 0x1000, data.length);
        ring.kick();
        bench.events.runDue(1_000_000);
    }

    private long counter(String name) {
        long[] value = {-1};
        bench.function.counters((n, v) -> value[0] = n.equals(name) ? v : value[0]);
        return value[0];
    }

    @Test
    void theConfigurationSpaceHoldsAddressAndLink() {
        byte[] config = new byte[8];
        for (int i = 0; i < 8; i++) {
            config[i] = (byte) bench.read(bench.device + i, 8);
        }
        assertArrayEquals(new byte[] {0x52, 0x54, 0, (byte) 0xab, (byte) 0xcd, (byte) 0xef, 1, 0}, config);
        assertEquals(ALL | VirtioNet.F_MAC | VirtioNet.F_STATUS, bench.offered() & 0xffffff);
    }

    @Test
    void framesGoOutWithWhatIsLeftToDo() {
        VirtioBench.Ring tx = bench.start(ALL, 16).get(VirtioNet.TRANSMIT);
        byte[] data = random(1000);
        send(tx, header(), data);
        send(tx, header(VirtioNet.HDR_F_NEEDS_CSUM, 0, 0, 0, 0, 0, 34, 0, 16), data);
        send(tx, header(VirtioNet.HDR_F_NEEDS_CSUM, VirtioNet.HDR_GSO_TCPV4, 54, 0, 0xb4, 5, 34, 0, 16), data);
        assertEquals(List.of("whole segments 0", "checksum 34+16 segments 0", "checksum 34+16 segments 1460"), network.offloads);
        for (byte[] f : network.frames) {
            assertArrayEquals(data, f);
        }
        for (int i = 0; i < 3; i++) {
            assertNotNull(tx.take());
        }
        assertEquals(3, network.flushes);
    }

    @Test
    void framesSentTogetherAreTakenTogether() {
        VirtioBench.Ring tx = bench.start(ALL, 16).get(VirtioNet.TRANSMIT);
        for (int i = 0; i < 5; i++) {
            tx.add(1, AT, 12 + 60);
            tx.kick();
        }
        assertEquals(0, network.frames.size());
        bench.events.runDue(1_000_000);
        assertEquals(5, network.frames.size());
        assertEquals(1, network.flushes);
        assertEquals(1, counter("queue1.interrupts"));
    }

    @Test
    void whatMakesNoSenseIsDroppedAndTheBufferGivenBack() {
        VirtioBench.Ring tx = bench.start(ALL, 16).get(VirtioNet.TRANSMIT);
        send(tx, header(), random(13));
        send(tx, header(VirtioNet.HDR_F_NEEDS_CSUM, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff), random(100));
        send(tx, header(VirtioNet.HDR_F_NEEDS_CSUM, 0, 0, 0, 0, 0, 98, 0, 1), random(100));
        send(tx, header(0, VirtioNet.HDR_GSO_TCPV4, 0, 0, 0xb4, 5), random(100));
        send(tx, header(VirtioNet.HDR_F_NEEDS_CSUM, VirtioNet.HDR_GSO_TCPV4, 0, 0, 0, 0, 34, 0, 16), random(100));
        send(tx, header(VirtioNet.HDR_F_NEEDS_CSUM, 3, 0, 0, 0xb4, 5, 34, 0, 16), random(100));
        send(tx, header(), random(Frame.MAX_LENGTH + 1));
        assertEquals(0, network.frames.size());
        assertEquals(7, counter("transmit.malformed"));
        for (int i = 0; i < 7; i++) {
            assertNotNull(tx.take());
        }
    }

    @Test
    void offloadsThatWereNotAgreedOnAreNotTaken() {
        VirtioBench.Ring tx = bench.start(0, 16).get(VirtioNet.TRANSMIT);
        send(tx, header(VirtioNet.HDR_F_NEEDS_CSUM, 0, 0, 0, 0, 0, 34, 0, 16), random(100));
        assertEquals(1, counter("transmit.malformed"));
        assertFalse(network.station.takesPartialChecksums());
        assertFalse(network.station.takesLargeTcp());
        bench.start(ALL, 16);
        assertTrue(network.station.takesPartialChecksums());
        assertTrue(network.station.takesLargeTcp());
    }

    @Test
    void aLongFrameSpansSeveralBuffersThatAppearAtOnce() {
        VirtioBench.Ring rx = bench.start(ALL, 16).get(VirtioNet.RECEIVE);
        byte[] data = random(5000);
        Frame f = frame(data);
        f.partialChecksum(34, 16);
        f.segmentSize(1460);
        assertFalse(network.station.ready());
        rx.add(0, AT, 2000);
        assertTrue(network.station.ready());
        assertFalse(network.station.receive(f), "2000 bytes are too few");
        assertEquals(0, rx.usedIndex());
        rx.add(0, AT + 0x1000, 1000, AT + 0x2000, 1000);
        rx.add(0, AT + 0x3000, 2000);
        rx.kick();
        assertTrue(network.readies > 1, "the network is told that there is room");
        assertTrue(network.station.receive(f));
        assertEquals(3, rx.usedIndex());
        assertArrayEquals(new long[] {0, 2000}, rx.take());
        assertArrayEquals(new long[] {1, 2000}, rx.take());
        assertArrayEquals(new long[] {3, 1012}, rx.take());
        assertArrayEquals(header(VirtioNet.HDR_F_NEEDS_CSUM, VirtioNet.HDR_GSO_TCPV4, 54, 0, 0xb4, 5, 34, 0, 16, 0, 3), bench.bytes(AT, 12));
        assertArrayEquals(Arrays.copyOf(data, 1988), bench.bytes(AT + 12, 1988));
        assertArrayEquals(Arrays.copyOfRange(data, 1988, 2988), bench.bytes(AT + 0x1000, 1000));
        assertArrayEquals(Arrays.copyOfRange(data, 2988, 3988), bench.bytes(AT + 0x2000, 1000));
        assertArrayEquals(Arrays.copyOfRange(data, 3988, 5000), bench.bytes(AT + 0x3000, 1012));
        assertEquals(1, counter("queue0.interrupts"));
    }

    @Test
    void withoutMergingEachFrameHasABufferOfItsOwn() {
        VirtioBench.Ring rx = bench.start(0, 16).get(VirtioNet.RECEIVE);
        rx.add(0, AT, 1526);
        rx.add(0, AT + 0x1000, 1526);
        assertTrue(network.station.receive(frame(random(1514))));
        assertArrayEquals(new long[] {0, 1526}, rx.take());
        assertArrayEquals(header(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), bench.bytes(AT, 12));
        assertTrue(network.station.receive(frame(random(3000))), "too long for any buffer: lost, not kept forever");
        assertNull(rx.take());
        assertEquals(1, counter("receive.bufferTooSmall"));
        assertTrue(network.station.receive(frame(random(60))), "the buffer is there for the next");
        assertArrayEquals(new long[] {1, 72}, rx.take());
    }

    @Test
    void aFrameThatFillsMoreThanTheWholeRingIsLost() {
        VirtioBench.Ring rx = bench.start(ALL, 2).get(VirtioNet.RECEIVE);
        rx.add(0, AT, 2000);
        assertFalse(network.station.receive(frame(random(5000))), "one more buffer may come");
        rx.add(0, AT + 0x1000, 2000);
        assertTrue(network.station.receive(frame(random(5000))));
        assertEquals(1, counter("receive.bufferTooSmall"));
        assertTrue(network.station.receive(frame(random(3000))), "shorter ones arrive");
        assertEquals(2, rx.usedIndex());
    }

    @Test
    void aBufferThatCannotBeWrittenStopsTheDevice() {
        VirtioBench.Ring rx = bench.start(ALL, 16).get(VirtioNet.RECEIVE);
        rx.add(1, AT, 2000);
        assertFalse(network.station.receive(frame(random(60))));
        assertEquals(0x40, bench.status() & 0x40);
        assertFalse(network.station.ready());
    }

    @Test
    void afterAResetOldBuffersAreForgotten() {
        VirtioBench.Ring rx = bench.start(ALL, 16).get(VirtioNet.RECEIVE);
        rx.add(0, AT, 2000);
        assertTrue(network.station.ready());
        bench.status(0);
        assertFalse(network.station.ready());
        bench.write(rx.available + 2, 0, 16);
        bench.start(ALL, 16);
        assertFalse(network.station.receive(frame(random(60))));
    }

    @Test
    void aSnapshotKeepsBuffersAndForgetsConnections() {
        VirtioBench.Ring rx = bench.start(ALL, 16).get(VirtioNet.RECEIVE);
        rx.add(0, AT, 2000);
        assertTrue(network.station.ready());
        bench.restore(bench.save());
        assertEquals(1, network.resets);
        assertTrue(network.station.receive(frame(random(60))));
        assertArrayEquals(new long[] {0, 72}, rx.take());
    }
}
