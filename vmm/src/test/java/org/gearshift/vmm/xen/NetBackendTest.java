package org.gearshift.vmm.xen;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.XenVm;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.cpu.NamedCpu;
import org.gearshift.vmm.device.Device.CounterSink;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.net.EthernetNetwork;
import org.gearshift.vmm.net.EthernetStation;
import org.gearshift.vmm.net.Frame;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A paravirtual network interface, driven as a front end drives it: through store, grants and rings; the network behind it notes what comes. */
class NetBackendTest {
    private static final String FRONT = "/local/domain/1/device/vif/0/";
    private static final String BACK = "/local/domain/0/backend/vif/1/0/";
    private static final int TX_GRANT = 8;
    private static final int RX_GRANT = 9;
    private static final int DATA_GRANT = 10;
    private static final int DATA_PAGES = 5;
    private static final long TX = MiniKernel.DATA + 0x1000;
    private static final long RX = MiniKernel.DATA + 0x2000;
    private static final long DATA = MiniKernel.DATA + 0x3000;
    private static final int CSUM_BLANK = 1;
    private static final int MORE_DATA = 4;
    private static final int EXTRA_INFO = 8;
    private static final int ERROR = -1;

    /** A network that keeps what it gets. */
    private static final class Recorder implements EthernetNetwork {
        final List<Frame> frames = new ArrayList<>();
        EthernetStation station;
        int readyCalls;

        @Override
        public void connect(EthernetStation to) {
            station = to;
        }

        @Override
        public void send(Frame frame) {
            Frame copy = new Frame();
            copy.copyFrom(frame);
            frames.add(copy);
        }

        @Override
        public void flush() { }

        @Override
        public void stationReady() {
            readyCalls++;
        }

        @Override
        public void poll() { }

        @Override
        public void reset() { }

        @Override
        public boolean waitsForOutside() {
            return false;
        }

        @Override
        public void counters(CounterSink sink) { }

        @Override
        public void close() { }
    }

    private final Recorder network = new Recorder();
    private XenVm vm;
    private Domain domain;
    private int port;
    private int sent;
    private int posted;

    @BeforeEach
    void connect() throws Exception {
        // The kernel goes round in a circle: time passes, and what is gathered happens.
        vm = new XenVm(new VmConfig(16 << 20, VmConfig.Clock.VIRTUAL, EngineOptions.of(EngineOptions.Backend.INTERPRETER)), NamedCpu.X86_64.model(), b -> { });
        vm.domain().attach(network, 0x0200_0000_0001L);
        vm.load(new KernelImage("mini", MiniKernel.elf(new byte[] {(byte) 0xeb, (byte) 0xfe})), new byte[0], "");
        domain = vm.domain();
        domain.guest.write16(MiniKernel.DATA, 0x7ff0);
        domain.guest.write32(MiniKernel.DATA + 4, 1);
        domain.guest.write64(MiniKernel.DATA + 16, MiniKernel.DATA + 64);
        assertEquals(0, domain.grants.operation(new long[] {2, MiniKernel.DATA, 1}));
        grant(TX_GRANT, 1, frameOf(TX));
        grant(RX_GRANT, 1, frameOf(RX));
        for (int i = 0; i < DATA_PAGES; i++) {
            grant(DATA_GRANT + i, 1, frameOf(DATA + i * 0x1000L));
        }
        domain.guest.write16(MiniKernel.DATA, 0x7ff0);
        domain.guest.write16(MiniKernel.DATA + 2, 0);
        assertEquals(0, domain.events.operation(new long[] {6, MiniKernel.DATA, 0, 0, 0, 0}));
        port = (int) domain.guest.read32(MiniKernel.DATA + 4);
        for (String[] node : new String[][] {{"tx-ring-ref", "8"}, {"rx-ring-ref", "9"}, {"event-channel", Integer.toString(port)}, {"request-rx-copy", "1"},
            {"feature-sg", "1"}, {"feature-gso-tcpv4", "1"}, {"state", "4"}}) {
            write(node[0], node[1]);
        }
        domain.poll();
    }

    private void write(String name, String value) throws Exception {
        domain.storeTree.live().write(1, FRONT + name, value.getBytes(StandardCharsets.US_ASCII));
    }

    private int frameOf(long va) {
        return (int) domain.tables.mappedFrame(domain.tables.leafEntry(domain.vcpu.kernelBase(), va));
    }

    private void grant(int reference, int flags, int frame) {
        long at = ((long) domain.space.firstDomainFrame() << 12) + reference * 8L;
        domain.memory.write(at + 4, frame, 32);
        domain.memory.write(at, flags, 32);
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void put(int reference, int offset, int flags, int id, int size) {
        ByteBuffer b = little(12).putInt(reference).putShort((short) offset).putShort((short) flags).putShort((short) id).putShort((short) size);
        domain.guest.write(TX + 64 + (sent & 255) * 12L, b.array());
        domain.guest.write32(TX, ++sent);
    }

    private void putSegmentSize(int size) {
        ByteBuffer b = little(12).put((byte) 1).put((byte) 0).putShort((short) size).put((byte) 1);
        domain.guest.write(TX + 64 + (sent & 255) * 12L, b.array());
        domain.guest.write32(TX, ++sent);
    }

    /** Sends the event and lets the domain run until what was gathered is taken. */
    private void send() {
        domain.guest.write32(MiniKernel.DATA, port);
        assertEquals(0, domain.events.operation(new long[] {4, MiniKernel.DATA, 0, 0, 0, 0}));
        vm.run(vm.engine().retired() + 2_000_000);
    }

    private int status(int response) {
        return (short) domain.guest.read16(TX + 64 + response * 12L + 2);
    }

    private long answers() {
        return domain.guest.read32(TX + 8);
    }

    private void post(int reference) {
        ByteBuffer b = little(8).putShort((short) (100 + posted)).putShort((short) 0).putInt(reference);
        domain.guest.write(RX + 64 + (posted & 255) * 8L, b.array());
        domain.guest.write32(RX, ++posted);
    }

    private static byte[] packet(int length, int protocol) {
        byte[] p = new byte[length];
        new SplittableRandom(length).nextBytes(p);
        p[12] = 8;
        p[13] = 0;
        p[14] = 0x45;
        p[23] = (byte) protocol;
        return p;
    }

    private static byte[] contents(Frame f) {
        return Arrays.copyOf(f.bytes(), f.length());
    }

    @Test
    void theHalvesMeetAndSayWhatTheyCan() {
        assertEquals("4", domain.storeTree.get(BACK + "state"));
        assertEquals("1", domain.storeTree.get(BACK + "feature-rx-copy"));
        assertEquals("0", domain.storeTree.get(BACK + "feature-rx-flip"));
        assertEquals("", domain.storeTree.get(BACK + "multi-queue-max-queues"));
        assertEquals("connected", domain.storeTree.get(BACK + "hotplug-status"));
        assertEquals("02:00:00:00:00:01", domain.storeTree.get(FRONT + "mac"));
        assertTrue(network.station.takesPartialChecksums());
        assertTrue(network.station.takesLargeTcp());
    }

    @Test
    void aFrameInPiecesArrivesWhole() {
        byte[] p = packet(3000, 17);
        domain.guest.write(DATA + 100, Arrays.copyOfRange(p, 0, 1000));
        domain.guest.write(DATA + 0x1000, Arrays.copyOfRange(p, 1000, 3000));
        put(DATA_GRANT, 100, MORE_DATA, 7, 3000);
        put(DATA_GRANT + 1, 0, 0, 8, 2000);
        send();
        assertEquals(1, network.frames.size());
        assertArrayEquals(p, contents(network.frames.get(0)));
        assertFalse(network.frames.get(0).checksumPartial());
        assertEquals(2, answers());
        assertEquals(7, domain.guest.read16(TX + 64));
        assertEquals(0, status(0));
        assertEquals(8, domain.guest.read16(TX + 64 + 12));
    }

    @Test
    void checksumsAndSegmentsThatTheDomainLeavesAreKnown() {
        byte[] p = packet(4000, 6);
        domain.guest.write(DATA, p);
        put(DATA_GRANT, 0, CSUM_BLANK | EXTRA_INFO, 7, 4000);
        putSegmentSize(1448);
        send();
        Frame f = network.frames.get(0);
        assertEquals(1448, f.segmentSize());
        assertTrue(f.checksumPartial());
        assertEquals(34, f.checksumStart());
        assertEquals(16, f.checksumOffset());
        assertEquals(0, status(0));
        assertEquals(1, status(1), "extra information has a null answer");
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        domain.guest.write(DATA, packet(100, 6));
        put(DATA_GRANT, 4000, 0, 1, 100);
        put(200, 0, 0, 2, 100);
        put(DATA_GRANT, 0, 0, 3, 13);
        put(DATA_GRANT, 0, EXTRA_INFO, 4, 100);
        putSegmentSize(1448);
        put(DATA_GRANT, 0, MORE_DATA, 5, 100);
        put(DATA_GRANT, 0, 0, 6, 100);
        domain.guest.write(DATA + 0x1000, packet(100, 1));
        put(DATA_GRANT + 1, 0, CSUM_BLANK, 7, 100);
        send();
        assertEquals(0, network.frames.size());
        assertEquals(sent, answers());
        for (int i : new int[] {0, 1, 2, 3, 5, 6, 7}) {
            assertEquals(ERROR, status(i), "answer " + i);
        }
        assertEquals("4", domain.storeTree.get(BACK + "state"));
    }

    @Test
    void aFrameThatNeverEndsEndsTheConnection() {
        for (int i = 0; i < 30; i++) {
            put(DATA_GRANT, 0, MORE_DATA, i, 1000);
        }
        send();
        assertEquals("5", domain.storeTree.get(BACK + "state"));
        assertEquals(0, grantFlags(TX_GRANT) & (8 | 16), "the rings are the domain's again");
        assertEquals(0, grantFlags(RX_GRANT) & (8 | 16));
    }

    @Test
    void aRingThatCannotBeEndsTheConnection() {
        domain.guest.write32(TX, 1000);
        send();
        assertEquals("5", domain.storeTree.get(BACK + "state"));
    }

    private long grantFlags(int reference) {
        return domain.memory.read(((long) domain.space.firstDomainFrame() << 12) + reference * 8L, 16);
    }

    @Test
    void framesAreReceivedIntoGrantedPages() {
        Frame f = new Frame();
        byte[] p = packet(6000, 6);
        f.begin(p.length);
        System.arraycopy(p, 0, f.bytes(), 0, p.length);
        f.partialChecksum(34, 16);
        f.segmentSize(1448);
        assertFalse(network.station.receive(f), "there is no room");
        for (int i = 0; i < 3; i++) {
            post(DATA_GRANT + i);
        }
        int before = network.readyCalls;
        send();
        assertTrue(network.readyCalls > before, "the network hears of new buffers");
        assertTrue(network.station.ready());
        assertTrue(network.station.receive(f));
        assertEquals(3, domain.guest.read32(RX + 8));
        assertEquals(100, domain.guest.read16(RX + 64));
        assertEquals(2 | 1 | MORE_DATA | EXTRA_INFO, domain.guest.read16(RX + 64 + 4));
        assertEquals(4096, domain.guest.read16(RX + 64 + 6));
        assertEquals(1, domain.guest.read8(RX + 64 + 8));
        assertEquals(1448, domain.guest.read16(RX + 64 + 8 + 2));
        assertEquals(102, domain.guest.read16(RX + 64 + 16));
        assertEquals(6000 - 4096, domain.guest.read16(RX + 64 + 16 + 6));
        byte[] first = new byte[4096];
        domain.guest.read(DATA, first);
        assertArrayEquals(Arrays.copyOf(p, 4096), first);
        byte[] rest = new byte[6000 - 4096];
        domain.guest.read(DATA + 0x2000, rest);
        assertArrayEquals(Arrays.copyOfRange(p, 4096, 6000), rest);
        assertFalse(network.station.ready());
    }

    @Test
    void aPageThatIsNotGrantedGetsAnErrorAndStaysAsItWas() {
        grant(DATA_GRANT, 1 | 4, frameOf(DATA));
        grant(DATA_GRANT + 1, 1, domain.vcpu.kernelBase());
        long table = domain.memory.ram().get64((long) domain.vcpu.kernelBase() << 12);
        Frame f = new Frame();
        f.begin(100);
        post(DATA_GRANT);
        post(DATA_GRANT + 1);
        assertTrue(network.station.receive(f));
        assertTrue(network.station.receive(f));
        assertEquals(ERROR, (short) domain.guest.read16(RX + 64 + 6));
        assertEquals(ERROR, (short) domain.guest.read16(RX + 64 + 8 + 6));
        assertEquals(table, domain.memory.ram().get64((long) domain.vcpu.kernelBase() << 12));
    }

    @Test
    void closingEndsTheGrantsUseAndMeetingAgainWorks() throws Exception {
        write("state", "6");
        domain.poll();
        assertEquals("6", domain.storeTree.get(BACK + "state"));
        assertEquals(0, grantFlags(TX_GRANT) & (8 | 16));
        write("state", "1");
        domain.poll();
        assertEquals("2", domain.storeTree.get(BACK + "state"));
        assertFalse(network.station.ready());
    }
}
