package org.gearshift.vmm.virtio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class VirtioConsoleTest {
    private static final long TEXT = VirtioBench.BUFFERS;

    private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
    private final VirtioConsole console = new VirtioConsole(shown::write, 80, 25);
    private final VirtioBench bench = new VirtioBench(console);

    private void type(String text) {
        for (byte b : text.getBytes(StandardCharsets.US_ASCII)) {
            console.receive(b);
        }
        bench.hostWork.run();
    }

    @Test
    void textGoesOut() {
        VirtioBench.Ring transmit = bench.start(0, 16).get(1);
        bench.memory.copyIn(TEXT, "hello, ".getBytes(StandardCharsets.US_ASCII), 0, 7);
        bench.memory.copyIn(TEXT + 0x2000, "world".getBytes(StandardCharsets.US_ASCII), 0, 5);
        transmit.add(2, TEXT, 7, TEXT + 0x2000, 5);
        transmit.kick();
        assertEquals("hello, world", shown.toString(StandardCharsets.US_ASCII));
        assertArrayEquals(new long[] {0, 0}, transmit.take());
    }

    @Test
    void inputFillsTheBuffersThatAreThere() {
        VirtioBench.Ring receive = bench.start(0, 16).get(0);
        receive.add(0, TEXT, 4);
        receive.kick();
        assertNull(receive.take());
        type("a");
        assertArrayEquals(new long[] {0, 1}, receive.take());
        assertTrue(bench.intx);
        type("bcdefg");
        assertNull(receive.take(), "no buffer left: it waits");
        receive.add(0, TEXT, 4);
        receive.add(0, TEXT + 0x100, 4);
        receive.kick();
        assertEquals("bcde", new String(bench.bytes(TEXT, 4)));
        assertArrayEquals(new long[] {1, 4}, receive.take());
        assertArrayEquals(new long[] {2, 2}, receive.take());
    }

    @Test
    void inputBeforeTheDriverIsKept() {
        type("early");
        VirtioBench.Ring receive = bench.start(0, 16).get(0);
        receive.add(0, TEXT, 64);
        receive.kick();
        assertArrayEquals(new long[] {0, 5}, receive.take());
    }

    @Test
    void whatNobodyReadsIsLostAtSomePoint() {
        type("x".repeat(70_000));
        VirtioBench.Ring receive = bench.start(0, 16).get(0);
        receive.add(0, TEXT, 1 << 20);
        receive.kick();
        assertArrayEquals(new long[] {0, 65536}, receive.take());
    }

    @Test
    void theSizeIsTold() {
        bench.start(VirtioConsole.F_SIZE, 16);
        assertEquals(80 | 25 << 16, bench.read(bench.device, 32));
        console.resize(132, 50);
        bench.hostWork.run();
        assertEquals(132 | 50 << 16, bench.read(bench.device, 32));
        assertEquals(2, bench.read(bench.isr, 8));
    }

    @Test
    void emergencyWritesNeedNoQueue() {
        bench.write(bench.device + 8, '!', 32);
        assertEquals("!", shown.toString(StandardCharsets.US_ASCII));
    }

    @Test
    void endlessTextBreaksTheDevice() {
        List<VirtioBench.Ring> rings = bench.start(0, 16);
        rings.get(1).add(1, TEXT, (1 << 20) + 1);
        rings.get(1).kick();
        assertEquals(64, bench.status() & 64);
        assertEquals(0, shown.size());
    }

    @Test
    void inputSurvivesASnapshot() {
        type("saved");
        byte[] state = bench.save();
        VirtioBench other = new VirtioBench(new VirtioConsole(shown::write, 0, 0));
        other.restore(state);
        VirtioBench.Ring receive = other.start(0, 16).get(0);
        receive.add(0, TEXT, 64);
        receive.kick();
        assertEquals("saved", new String(other.bytes(TEXT, 5)));
    }
}
