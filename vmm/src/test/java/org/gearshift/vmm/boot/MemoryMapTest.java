package org.gearshift.vmm.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.gearshift.paging.GuestRam;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The memory map firmware reports. */
class MemoryMapTest {
    @ParameterizedTest
    @ValueSource(longs = {8L << 20, 64L << 20, 2047L << 20, 3584L << 20, 3585L << 20, 8L << 30, 63L << 30})
    void rangesAreSortedDisjointAndCoverAllRamButTheVideoHole(long ram) {
        List<MemoryMap.Range> r = new MemoryMap(ram).ranges();
        long usable = 0;
        for (int i = 0; i < r.size(); i++) {
            assertTrue(r.get(i).length() > 0);
            assertTrue(i == 0 || r.get(i - 1).start() + r.get(i - 1).length() <= r.get(i).start());
            usable += r.get(i).type() == MemoryMap.USABLE ? r.get(i).length() : 0;
        }
        assertEquals(ram - (MemoryMap.HIGH_START - MemoryMap.LOW_END), usable);
        assertTrue(r.stream().filter(x -> x.type() == MemoryMap.USABLE).allMatch(x -> x.start() + x.length() <= GuestRam.span(ram)));
    }

    @Test
    void whatDoesNotFitBelowThePciHoleFollowsAt4GiB() {
        List<MemoryMap.Range> r = new MemoryMap(8L << 30).ranges();
        assertTrue(r.contains(new MemoryMap.Range(1 << 20, (3L << 30) - (1 << 20), MemoryMap.USABLE)));
        assertTrue(r.contains(new MemoryMap.Range(4L << 30, 5L << 30, MemoryMap.USABLE)));
        assertTrue(new MemoryMap(3584L << 20).ranges().contains(new MemoryMap.Range(1 << 20, (3583L << 20), MemoryMap.USABLE)));
    }

    @Test
    void interruptControllersAndFirmwareAreReserved() {
        List<MemoryMap.Range> r = new MemoryMap(64 << 20).ranges();
        for (long address : new long[] {0xfec00000L, 0xfee00000L, 0x9fc00, 0xe0000, 0xf0000}) {
            assertTrue(r.stream().anyMatch(x -> x.type() == MemoryMap.RESERVED && address >= x.start() && address < x.start() + x.length()));
        }
    }
}
