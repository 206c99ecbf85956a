package org.gearshift.paging;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** RAM, windows, ROM and holes as devices and slow paths see them. */
class PhysicalMemoryTest {
    private final GuestRam ram = new GuestRam(1 << 20);
    private final PhysicalMemory memory = new PhysicalMemory(ram);

    /** A device of one register that keeps what was written last. */
    private static final class Latch implements MmioHandler {
        long value;
        long at;

        @Override
        public long read(long physical, int bits) {
            at = physical;
            return value;
        }

        @Override
        public void write(long physical, long v, int bits) {
            at = physical;
            value = v;
        }
    }

    @Test
    void ramIsLittleEndianAndBounded() {
        memory.write(0x100, 0x1122334455667788L, 64);
        assertEquals(0x88, ram.get8(0x100));
        assertEquals(0x7788, ram.get16(0x100));
        assertEquals(0x55667788, ram.get32(0x100));
        assertEquals(0xfffffff0L, memory.read(0x1000, 32) | 0xfffffff0L);
        assertThrows(IndexOutOfBoundsException.class, () -> ram.get32((1 << 20) - 3));
        assertThrows(IndexOutOfBoundsException.class, () -> ram.put8(-1, 0));
        assertThrows(IllegalArgumentException.class, () -> new GuestRam(4097));
    }

    @Test
    void readsAreZeroExtended() {
        memory.write(0x200, -1, 64);
        assertEquals(0xff, memory.read(0x200, 8));
        assertEquals(0xffff, memory.read(0x200, 16));
        assertEquals(0xffffffffL, memory.read(0x200, 32));
    }

    @Test
    void holesReadAllOnesAndSwallowWrites() {
        memory.write(1L << 32, 5, 32);
        assertEquals(0xffffffffL, memory.read(1L << 32, 32));
        assertEquals(0xff, memory.read(-1, 8));
        assertEquals(0xffff00L, memory.read((1 << 20) - 1, 32) & 0xffff00L, "half out of RAM");
        assertFalse(memory.isRam(1 << 20));
    }

    @Test
    void windowsHideRamExactlyWhereTheyAre() {
        Latch latch = new Latch();
        memory.mapMmio(0xa0010, 16, latch);
        memory.write(0xa0010, 0x1ffL, 8);
        assertEquals(0xff, latch.value);
        assertEquals(0xa0010, latch.at);
        memory.write(0xa0020, 7, 8);
        assertEquals(7, ram.get8(0xa0020));
        assertTrue(memory.isRam(0xa000f));
        assertFalse(memory.isRam(0xa001f));
        assertSame(latch, memory.mmioAt(0xa001f));
        memory.unmapMmio(latch);
        assertTrue(memory.isRam(0xa0010));
        assertEquals(0, memory.read(0xa0010, 8));
    }

    @Test
    void romTakesNoWriteUntilUnlocked() {
        ram.put8(0xf0000, 0x55);
        memory.mapReadOnly(0xf0000, 0x10000);
        memory.write(0xf0000, 1, 8);
        memory.copyIn(0xf0000, new byte[] {1}, 0, 1);
        assertEquals(0x55, memory.read(0xf0000, 8));
        memory.mapReadWrite(0xf0000, 0x10000);
        memory.write(0xf0000, 1, 8);
        assertEquals(1, memory.read(0xf0000, 8));
    }

    @Test
    void dmaCrossesFramesAndSkipsHoles() {
        byte[] sector = new byte[8192];
        java.util.Arrays.fill(sector, (byte) 3);
        memory.copyIn((1 << 20) - 4096, sector, 0, 8192);
        byte[] back = new byte[8192];
        memory.copyOut((1 << 20) - 4096, back, 0, 8192);
        java.util.Arrays.fill(sector, 4096, 8192, (byte) 0xff);
        assertArrayEquals(sector, back);
        assertThrows(IndexOutOfBoundsException.class, () -> memory.copyIn(0, sector, 1, 8192));
    }
}
