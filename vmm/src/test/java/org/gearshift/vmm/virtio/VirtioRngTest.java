package org.gearshift.vmm.virtio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class VirtioRngTest {
    private static byte[] filled(EntropySource source) {
        VirtioBench bench = new VirtioBench(new VirtioRng(source));
        VirtioBench.Ring ring = bench.start(0, 8).get(0);
        ring.add(0, VirtioBench.BUFFERS, 5, VirtioBench.BUFFERS + 5, 59);
        ring.kick();
        assertArrayEquals(new long[] {0, 64}, ring.take());
        assertTrue(bench.intx);
        assertEquals(0, bench.read(VirtioBench.BUFFERS + 64, 64), "nothing beyond the buffers");
        return bench.bytes(VirtioBench.BUFFERS, 64);
    }

    @Test
    void buffersAreFilled() {
        byte[] bytes = filled(EntropySource.secure());
        assertTrue(Arrays.stream(new int[] {0, 16, 32, 48}).allMatch(i -> !Arrays.equals(Arrays.copyOfRange(bytes, i, i + 16), new byte[16])));
        assertTrue(!Arrays.equals(bytes, filled(EntropySource.secure())));
    }

    @Test
    void aSeedRepeats() {
        assertArrayEquals(filled(EntropySource.seeded(7)), filled(EntropySource.seeded(7)));
        assertTrue(!Arrays.equals(filled(EntropySource.seeded(7)), filled(EntropySource.seeded(8))));
    }

    @Test
    void hugeBuffersGetWhatIsReasonable() {
        VirtioBench bench = new VirtioBench(new VirtioRng(EntropySource.seeded(1)));
        VirtioBench.Ring ring = bench.start(0, 8).get(0);
        ring.add(0, VirtioBench.BUFFERS, 4 << 20);
        ring.kick();
        assertArrayEquals(new long[] {0, 65536}, ring.take());
    }
}
