package org.gearshift.paging;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** RAM beyond an array, on both sides of the PCI hole. */
class LargeRamTest {
    private static final long SIZE = 5L << 30;
    private static final long HOLE = GuestRam.HOLE_START;
    private static final long HIGH = GuestRam.HIGH_START;
    private static final long END = 6L << 30;

    private final GuestRam ram = new GuestRam(SIZE, SparseMemory.of(GuestRam.span(SIZE)));
    private final PhysicalMemory memory = new PhysicalMemory(ram);

    LargeRamTest() throws IOException {
    }

    @Test
    void theHoleTakesNothingFromTheSize() throws IOException {
        assertEquals(SIZE, ram.size());
        assertEquals(END, ram.end());
        assertEquals(HOLE, ram.lowEnd());
        GuestRam below = new GuestRam(GuestRam.MAX_BELOW_4G, SparseMemory.of(GuestRam.MAX_BELOW_4G));
        assertEquals(GuestRam.MAX_BELOW_4G, below.end());
        assertEquals(GuestRam.MAX_BELOW_4G, below.lowEnd());
        assertFalse(below.inHole(HOLE >>> 12));
        assertThrows(IllegalArgumentException.class, () -> new GuestRam(GuestRam.MAX_SIZE + 4096, null));
        assertThrows(IllegalStateException.class, ram::bytes);
    }

    @ParameterizedTest
    @ValueSource(longs = {0x1000, (1L << 30) - 5, (1L << 31) - 8, HOLE - 8, HIGH, HIGH + (1L << 30) - 3, END - 8})
    void everySizeIsLittleEndianEverywhere(long at) {
        ram.put64(at, 0x8877665544332211L);
        for (int i = 0; i < 8; i++) {
            assertEquals(0x11 * (i + 1), ram.get8(at + i));
        }
        assertEquals(0x8877665544332211L, ram.get64(at));
        assertEquals(0x44332211, ram.get32(at));
        assertEquals(0x8877, ram.get16(at + 6));
        ram.put16(at, 0xabcd);
        ram.put8(at + 2, 0xef);
        ram.put32(at + 3, 0x01020304);
        assertEquals(0x8801020304efabcdL, ram.get64(at));
        byte[] out = new byte[8];
        ram.copyOut(at, out, 0, 8);
        assertArrayEquals(new byte[] {(byte) 0xcd, (byte) 0xab, (byte) 0xef, 4, 3, 2, 1, (byte) 0x88}, out);
        ram.fill(at, 8, 0);
        assertEquals(0, ram.get64(at));
        ram.copyIn(at, out, 1, 7);
        assertEquals(0x8801020304efabL, ram.get64(at));
    }

    @Test
    void nothingIsInTheHoleOrBehindTheEnd() {
        for (long at : new long[] {HOLE, HOLE + (1 << 20), HIGH - 1, END, -1}) {
            assertThrows(IndexOutOfBoundsException.class, () -> ram.get8(at));
            assertThrows(IndexOutOfBoundsException.class, () -> ram.put64(at, 1));
            assertFalse(memory.isRam(at));
        }
        assertThrows(IndexOutOfBoundsException.class, () -> ram.copyIn(HOLE - 8, new byte[16], 0, 16));
        memory.write(HOLE, 0x1234, 32);
        assertEquals(0xffff_ffffL, memory.read(HOLE, 32));
        assertEquals(0xffff_0000_0000_0000L, memory.read(HOLE - 6, 64));
        byte[] dma = new byte[16];
        memory.copyOut(HOLE - 8, dma, 0, 16);
        assertArrayEquals(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1}, dma);
        memory.copyIn(HIGH - 8, new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, 0, 16);
        assertEquals(0x100f0e0d0c0b0a09L, memory.read(HIGH, 64));
    }

    @Test
    void devicesInTheHoleComeAndGo() {
        MmioHandler device = new MmioHandler() {
            @Override
            public long read(long physical, int bits) {
                return physical & 0xff;
            }

            @Override
            public void write(long physical, long value, int bits) {
                ram.put64(END - 8, value);
            }
        };
        memory.mapMmio(0xfee0_0000L, 4096, device);
        assertEquals(0x20, memory.read(0xfee0_0020L, 32));
        memory.write(0xfee0_0020L, 77, 32);
        assertEquals(77, ram.get64(END - 8));
        memory.unmapMmio(device);
        assertEquals(0xffff_ffffL, memory.read(0xfee0_0020L, 32));
        assertFalse(memory.isRam(0xfee0_0000L));
        assertTrue(memory.isWritableRam(HIGH));
    }

    @Test
    void translationsToTheHoleAreNeverInline() {
        ShadowMmu mmu = new ShadowMmu(memory, new CodePages(memory));
        // Page directories of 2 MiB pages for the lowest 6 GiB.
        ram.put64(0x1000, 0x2003);
        for (int i = 0; i < 6; i++) {
            ram.put64(0x2000 + 8 * i, 0x3003 + 0x1000 * i);
        }
        for (int i = 0; i < 6 * 512; i++) {
            ram.put64(0x3000 + 8 * i, (long) i << 21 | 0x83);
        }
        mmu.setControl(0x80010001L, 0x1000, 0x20, 0xd00);
        for (long at : new long[] {HOLE - 4096, HIGH, END - 4096}) {
            assertEquals(at + 5, mmu.translate(at + 5, ShadowMmu.WRITE, false));
            assertEquals(at >>> 12, mmu.mappedFrame(at, true, false));
            long[] map = mmu.wideWriteMap(false);
            int page = (int) (at >>> 12);
            int shift = mmu.wideShift();
            assertEquals(at >>> 12, map[(page ^ page >>> shift - 12) & map.length - 1] ^ at, "frame numbers, in tables of moderate size");
            assertEquals(at >>> 12, mmu.execFrame(at, false));
        }
        assertEquals(HOLE + 5, mmu.translate(HOLE + 5, ShadowMmu.WRITE, false));
        assertEquals(-1, mmu.mappedFrame(HOLE, true, false));
        assertEquals(ShadowMmu.NOT_RAM, mmu.execFrame(HOLE, false));
        assertEquals(END + 5, mmu.translate(END + 5, ShadowMmu.READ, false) == -1 ? END + 5 : -1, "not mapped");
    }

    @Test
    void tablesMayLieAboveTheHole() {
        ShadowMmu mmu = new ShadowMmu(memory, new CodePages(memory));
        ram.put64(HIGH, HIGH + 0x1003);
        ram.put64(HIGH + 0x1000, HIGH + 0x2003);
        ram.put64(HIGH + 0x2000, END - 4096 + 3);
        ram.put64(END - 4096, HIGH + 0x5003);
        mmu.setControl(0x80010001L, HIGH, 0x20, 0xd00);
        assertEquals(HIGH + 0x5042, mmu.translate(0x42, ShadowMmu.WRITE, false));
        assertEquals(0x63, ram.get8(END - 4096));
        memory.write(END - 4096, HIGH + 0x6003, 64);
        assertEquals(HIGH + 0x6042, mmu.translate(0x42, ShadowMmu.READ, false), "traced");
    }
}
