package org.gearshift.vmm.virtio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.gearshift.vmm.device.PciFunction;
import org.junit.jupiter.api.Test;

class VirtioFunctionTest {
    private final Probe probe = new Probe();
    private final VirtioBench bench = new VirtioBench(probe);

    private void unmask(int vector, int data) {
        bench.write(VirtioBench.BAR_MSIX + 16L * vector, 0xfee01000L, 32);
        bench.write(VirtioBench.BAR_MSIX + 16L * vector + 4, 0, 32);
        bench.write(VirtioBench.BAR_MSIX + 16L * vector + 8, data, 32);
        bench.write(VirtioBench.BAR_MSIX + 16L * vector + 12, 0, 32);
    }

    private void one(VirtioBench.Ring ring) {
        ring.add(0, VirtioBench.BUFFERS, 4);
        ring.kick();
    }

    @Test
    void aTransitionalDeviceIsFoundByItsIds() {
        assertEquals(0x10051af4, bench.config(0, 32));
        assertEquals(0x00041af4, bench.config(0x2c, 32), "subsystem: the virtio type");
        assertEquals(0, bench.config(8, 8), "revision");
        assertEquals(VirtioBench.BAR_MODERN, bench.common);
        assertTrue(bench.isr > bench.common && bench.device > bench.isr && bench.notify > bench.device);
        assertTrue(bench.configurationAccess() > 0);
    }

    @Test
    void featuresAreNegotiated() {
        assertEquals(Feature.VERSION_1 | Feature.RING_EVENT_IDX | Feature.RING_INDIRECT_DESC | Probe.FEATURE, bench.offered());
        bench.status(3);
        bench.accept(Feature.VERSION_1 | 1L << 7);
        bench.status(0xb);
        assertEquals(3, bench.status(), "a feature that was not offered");
        bench.accept(Probe.FEATURE);
        bench.status(0xb);
        assertEquals(3, bench.status(), "a modern driver without VERSION_1");
        bench.accept(Feature.VERSION_1 | Probe.FEATURE);
        bench.status(0xb);
        assertEquals(0xb, bench.status());
        bench.accept(0);
        bench.status(0xf);
        assertEquals(Feature.VERSION_1 | Probe.FEATURE, probe.transport.features(), "no change after FEATURES_OK");
        assertEquals(1, probe.starts);
        bench.status(0);
        assertEquals(0, probe.transport.features());
        assertEquals(0, bench.status());
    }

    @Test
    void featureWordsBeyondTheSecondAreEmptyAndStayOut() {
        bench.write(bench.common, 2, 32);
        assertEquals(0, bench.read(bench.common + 4, 32));
        bench.status(3);
        bench.write(bench.common + 8, 3, 32);
        bench.write(bench.common + 0xc, -1, 32);
        assertEquals(0, bench.read(bench.common + 0xc, 32));
    }

    @Test
    void queuesHaveRegistersOfTheirOwn() {
        assertEquals(2, bench.read(bench.common + 0x12, 16));
        bench.select(1);
        assertEquals(8, bench.read(bench.common + 0x18, 16));
        bench.write(bench.common + 0x18, 6, 16);
        assertEquals(8, bench.read(bench.common + 0x18, 16), "not a power of two");
        bench.write(bench.common + 0x18, 16, 16);
        assertEquals(8, bench.read(bench.common + 0x18, 16), "more than the device has");
        bench.write(bench.common + 0x18, 4, 16);
        assertEquals(4, bench.read(bench.common + 0x18, 16));
        assertEquals(1, bench.read(bench.common + 0x1e, 16), "doorbell number");
        bench.select(2);
        assertEquals(0, bench.read(bench.common + 0x18, 16), "no such queue");
        bench.write(bench.common + 0x1c, 1, 16);
        assertEquals(0, bench.read(bench.common + 0x1c, 16));
    }

    @Test
    void requestsAreAnsweredThroughInta() {
        VirtioBench.Ring ring = bench.start(0, 16).get(0);
        ring.add(1, VirtioBench.BUFFERS, 8, VirtioBench.BUFFERS + 0x100, 4);
        ring.kick();
        assertTrue(bench.intx);
        assertEquals(1, bench.read(bench.isr, 8));
        assertFalse(bench.intx, "reading the ISR status acknowledges");
        assertEquals(0, bench.read(bench.isr, 8));
        assertArrayEquals(new long[] {0, 1}, ring.take());
        assertEquals(0x5a, bench.read(VirtioBench.BUFFERS + 0x100, 8));
        assertEquals(8, probe.requests.get(0).readable());
        assertEquals(4, probe.requests.get(0).writable());
    }

    @Test
    void aDriverThatWantsNoInterruptGetsNone() {
        VirtioBench.Ring ring = bench.start(0, 16).get(0);
        ring.noInterrupts(true);
        one(ring);
        assertFalse(bench.intx);
        ring.noInterrupts(false);
        one(ring);
        assertTrue(bench.intx);
    }

    @Test
    void intxCanBeDisabled() {
        VirtioBench.Ring ring = bench.start(0, 16).get(0);
        bench.config(PciFunction.COMMAND, 0x406, 16);
        one(ring);
        assertFalse(bench.intx);
        bench.config(PciFunction.COMMAND, 6, 16);
        assertTrue(bench.intx, "it was pending");
    }

    @Test
    void messagesGoWhereTheTableSays() {
        VirtioBench.Ring ring = bench.start(0, 16).get(0);
        assertEquals(2, bench.config(0x42, 16), "three vectors");
        bench.config(0x42, 0x8000, 16);
        unmask(2, 0x41);
        bench.select(0);
        bench.write(bench.common + 0x1a, 2, 16);
        assertEquals(2, bench.read(bench.common + 0x1a, 16));
        one(ring);
        assertEquals(List.of("fee01000=41"), bench.messages);
        assertFalse(bench.intx);
        assertEquals(0, bench.read(bench.isr, 8));
        bench.write(bench.common + 0x1a, 3, 16);
        assertEquals(0xffff, bench.read(bench.common + 0x1a, 16), "there is no fourth vector");
        one(ring);
        assertEquals(1, bench.messages.size());
    }

    @Test
    void maskedMessagesWait() {
        VirtioBench.Ring ring = bench.start(0, 16).get(0);
        bench.config(0x42, 0xc000, 16);
        unmask(0, 0x30);
        bench.write(VirtioBench.BAR_MSIX + 12, 1, 32);
        bench.select(0);
        bench.write(bench.common + 0x1a, 0, 16);
        one(ring);
        one(ring);
        assertEquals(List.of(), bench.messages);
        assertEquals(1, bench.read(VirtioBench.BAR_MSIX + 0x800, 64), "pending");
        bench.config(0x42, 0x8000, 16);
        assertEquals(List.of(), bench.messages, "the vector itself is still masked");
        bench.write(VirtioBench.BAR_MSIX + 12, 0, 32);
        assertEquals(List.of("fee01000=30"), bench.messages, "once, however often it was raised");
        assertEquals(0, bench.read(VirtioBench.BAR_MSIX + 0x800, 32));
    }

    @Test
    void aDeviceThatMayNotMasterTheBusDoesNothing() {
        VirtioBench.Ring ring = bench.start(0, 16).get(0);
        bench.config(PciFunction.COMMAND, 2, 16);
        one(ring);
        assertEquals(0, probe.notifications);
        bench.config(PciFunction.COMMAND, 6, 16);
        ring.kick();
        assertEquals(1, probe.requests.size());
    }

    @Test
    void nothingIsTakenBeforeDriverOkNorAfterReset() {
        VirtioBench.Ring ring = bench.negotiate(0, 16).get(0);
        one(ring);
        assertEquals(0, probe.notifications);
        bench.status(0xf);
        ring.kick();
        assertEquals(1, probe.requests.size());
        bench.status(0);
        ring.kick();
        assertEquals(1, probe.notifications);
    }

    @Test
    void completingAfterAResetHasNoEffect() {
        probe.completes = false;
        VirtioBench.Ring ring = bench.start(0, 16).get(0);
        one(ring);
        DescriptorChain late = probe.requests.get(0);
        ring = bench.start(0, 16).get(0);
        probe.transport.queue(0).complete(late, 1);
        probe.transport.queue(0).interruptDriver();
        assertEquals(0, ring.usedIndex());
        assertFalse(bench.intx);
    }

    @Test
    void theConfigurationIsReadableAtAnyWidth() {
        assertEquals('c' | 'o' << 8 | 'n' << 16 | 'f' << 24, bench.read(bench.device, 32));
        assertEquals(1, bench.read(bench.device + 7, 8));
        assertEquals(0x0302, bench.read(bench.device + 8, 32), "nothing beyond its end");
        bench.write(bench.device + 9, 0x1122, 16);
        assertEquals(0x22, probe.configuration[9]);
        assertEquals(0, bench.read(bench.device + 0xffc, 32));
        long before = bench.read(bench.common + 0x15, 8);
        bench.start(0, 16);
        probe.transport.configurationChanged();
        assertEquals(before + 1, bench.read(bench.common + 0x15, 8));
        assertEquals(2, bench.read(bench.isr, 8));
    }

    @Test
    void registersAreReachedThroughConfigurationSpace() {
        int cap = bench.configurationAccess();
        bench.config(cap + 4, 4, 8);
        bench.config(cap + 8, 0x14, 32);
        bench.config(cap + 12, 1, 32);
        bench.config(cap + 16, 3, 32);
        assertEquals(3, bench.status());
        assertEquals(3, bench.config(cap + 16, 32) & 0xff);
        bench.config(cap + 8, 0x7fffffff, 32);
        assertEquals(-1, bench.config(cap + 16, 32), "an offset outside is not followed");
        bench.config(cap + 8, -4, 32);
        bench.config(cap + 12, 4, 32);
        bench.config(cap + 16, 0, 32);
        assertEquals(3, bench.status());
    }

    @Test
    void aLegacyDriverUsesPorts() {
        int base = VirtioBench.BAR_PORTS;
        assertEquals((int) (Feature.LEGACY | Probe.FEATURE), bench.ports.read(base, 32));
        bench.ports.write(base + 0x12, 3, 8);
        bench.ports.write(base + 4, (int) Probe.FEATURE, 32);
        bench.ports.write(base + 0xe, 1, 16);
        assertEquals(8, bench.ports.read(base + 0xc, 16));
        bench.ports.write(base + 8, 0x200, 32);
        assertEquals(0x200, bench.ports.read(base + 8, 32));
        bench.ports.write(base + 0x12, 7, 8);
        assertEquals(Probe.FEATURE, probe.transport.features());
        bench.write(0x200000, VirtioBench.BUFFERS, 64);
        bench.write(0x200008, 4, 32);
        bench.write(0x20000c, 2, 16);
        bench.write(0x200080 + 2, 1, 16);
        bench.ports.write(base + 0x10, 1, 16);
        assertEquals(1, bench.read(0x201002, 16), "the used ring is in the next page");
        assertTrue(bench.intx);
        assertEquals(1, bench.ports.read(base + 0x13, 8));
        assertFalse(bench.intx);
        assertEquals('c', bench.ports.read(base + 0x14, 8));
        bench.config(0x42, 0x8000, 16);
        assertEquals('c', bench.ports.read(base + 0x18, 8), "two more registers with MSI-X");
        assertEquals(0xffff, bench.ports.read(base + 0x14, 16));
    }

    @Test
    void portsWhereOthersAreDoNotAnswer() {
        bench.config(PciFunction.BAR0, 0xce1, 32);
        bench.config(PciFunction.BAR0, 0xcf0, 32);
        assertEquals(0x80000010, bench.ports.read(0xcf8, 32), "the PCI host keeps its ports");
        bench.config(PciFunction.BAR0, 0xd000, 32);
        assertEquals((int) (Feature.LEGACY | Probe.FEATURE), bench.ports.read(0xd000, 32));
    }

    @Test
    void aRestoredDeviceGoesOn() {
        VirtioBench.Ring ring = bench.start(Feature.RING_EVENT_IDX, 16).get(0);
        one(ring);
        byte[] state = bench.save();
        byte[] ram = bench.bytes(0, VirtioBench.RAM);
        VirtioBench other = new VirtioBench(new Probe());
        other.memory.copyIn(0, ram, 0, ram.length);
        other.restore(state);
        assertTrue(other.intx);
        assertEquals(0xf, other.status());
        other.write(ring.available + 4 + 2, 0, 16);
        other.write(ring.available + 2, 2, 16);
        other.write(other.notify, 0, 16);
        assertEquals(2, other.read(ring.used + 2, 16));
        assertEquals(state.length, other.save().length);
    }
}
