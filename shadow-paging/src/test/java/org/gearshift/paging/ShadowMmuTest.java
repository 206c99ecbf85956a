package org.gearshift.paging;

import static org.gearshift.paging.Guest.ACCESSED;
import static org.gearshift.paging.Guest.DIRTY;
import static org.gearshift.paging.Guest.GLOBAL;
import static org.gearshift.paging.Guest.LARGE;
import static org.gearshift.paging.Guest.PRESENT;
import static org.gearshift.paging.Guest.USER;
import static org.gearshift.paging.Guest.WRITABLE;
import static org.gearshift.paging.ShadowMmu.EXECUTE;
import static org.gearshift.paging.ShadowMmu.READ;
import static org.gearshift.paging.ShadowMmu.WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What shadows, traces and global pages promise, one promise a test. */
class ShadowMmuTest {
    private static final long VA = 0x08048000L;
    private static final long KERNEL = 0xc0000000L;

    private static Guest guest(boolean pae) {
        return new Guest(4096, pae, 256);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void switchingBackNeedsNoWalk(boolean pae) {
        Guest g = guest(pae);
        long a = g.newRoot();
        long b = g.newRoot();
        g.map(a, VA, 10, USER | WRITABLE);
        g.map(b, VA, 11, USER | WRITABLE);
        g.load(a);
        assertEquals(10 << 12 | 4, g.mmu.translate(VA + 4, WRITE, true));
        g.load(b);
        assertEquals(-1, FlatMapRule.frame(g.mmu.writeMap(true), VA >> 12), "the other space's page is gone");
        assertEquals(11 << 12, g.mmu.translate(VA, WRITE, true));
        long walks = g.mmu.counters().walks;
        g.load(a);
        assertEquals(10, FlatMapRule.frame(g.mmu.writeMap(true), VA >> 12));
        g.load(b);
        assertEquals(11, FlatMapRule.frame(g.mmu.readMap(false), VA >> 12));
        assertEquals(walks, g.mmu.counters().walks);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStoreToATableOfASleepingSpaceIsSeenWhenItWakes(boolean pae) {
        Guest g = guest(pae);
        long a = g.newRoot();
        long b = g.newRoot();
        g.map(a, VA, 10, USER);
        g.load(a);
        g.mmu.translate(VA, READ, true);
        g.load(b);
        g.map(a, VA, 12, USER);
        g.load(a);
        assertEquals(12 << 12, g.mmu.translate(VA, READ, true));
    }

    @Test
    void anEntryThatAMonitorChangesNeedsNoWalk() {
        Guest g = guest(true);
        long a = g.newRoot();
        g.map(a, VA, 10, USER | WRITABLE);
        g.load(a);
        g.mmu.translate(VA, WRITE, true);
        long walks = g.mmu.counters().walks;
        g.memory.writeEntry(g.leafEntry(a, VA), 11 * 4096L | PRESENT | USER | ACCESSED);
        assertEquals(11 << 12, g.mmu.translate(VA, READ, true));
        g.memory.writeEntry(g.leafEntry(a, VA + 4096), 12 * 4096L | PRESENT | USER | WRITABLE | ACCESSED | DIRTY);
        assertEquals(12 << 12, g.mmu.translate(VA + 4096, WRITE, true), "nor does one that has not been used before");
        assertEquals(walks, g.mmu.counters().walks);
        assertEquals(-1, g.mmu.translate(VA, WRITE, true), "the right to write is gone");
    }

    @Test
    void anEntryThatIsNotAccessedIsWalkedSoThatItBecomesSo() {
        Guest g = guest(true);
        long a = g.newRoot();
        g.map(a, VA, 10, USER | WRITABLE);
        g.load(a);
        g.mmu.translate(VA, WRITE, true);
        g.memory.writeEntry(g.leafEntry(a, VA), 11 * 4096L | PRESENT | USER | WRITABLE);
        assertEquals(11 << 12, g.mmu.translate(VA, READ, true));
        assertEquals(ACCESSED, g.get(g.leafEntry(a, VA)) & (ACCESSED | DIRTY));
        g.mmu.translate(VA, WRITE, true);
        assertEquals(ACCESSED | DIRTY, g.get(g.leafEntry(a, VA)) & (ACCESSED | DIRTY));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void globalPagesStayOverACr3Load(boolean pae) {
        Guest g = guest(pae);
        long a = g.newRoot();
        long b = g.newRoot();
        g.map(a, KERNEL, 10, GLOBAL);
        g.map(a, KERNEL + 4096, 11, 0);
        g.load(a);
        g.mmu.translate(KERNEL, READ, false);
        g.mmu.translate(KERNEL + 4096, READ, false);
        g.load(b);
        assertEquals(10, FlatMapRule.frame(g.mmu.readMap(false), KERNEL >> 12));
        assertEquals(-1, FlatMapRule.frame(g.mmu.readMap(false), (KERNEL >> 12) + 1));
        assertEquals(-1, FlatMapRule.frame(g.mmu.readMap(true), KERNEL >> 12), "global does not mean user");
        g.cr4 &= ~0x80;
        g.control();
        g.load(a);
        g.load(b);
        assertEquals(-1, FlatMapRule.frame(g.mmu.readMap(false), KERNEL >> 12), "without CR4.PGE a CR3 load takes them too");
    }

    /**
     * Leaves in the active maps a global large page that came through root a, while b, which is current, maps the address elsewhere by now.
     *
     * @param evict whether a has been forgotten meanwhile
     */
    private static Guest withForeignGlobal(boolean pae, boolean evict) {
        Guest g = guest(pae);
        long a = g.newRoot();
        long b = g.newRoot();
        g.put(g.directoryEntry(a, KERNEL), 0x400000L | LARGE | GLOBAL | PRESENT);
        g.put(g.directoryEntry(b, KERNEL), 0x800000L | LARGE | GLOBAL | PRESENT);
        g.load(a);
        assertEquals(0x405000, g.mmu.translate(KERNEL + 0x5000, READ, false));
        for (int i = 0; evict && i < 70; i++) {
            long root = g.newRoot();
            g.load(root);
            g.mmu.translate(VA, READ, true);
        }
        assertEquals(evict, g.mmu.counters().evictions > 0);
        g.load(b);
        assertEquals(0x405, FlatMapRule.frame(g.mmu.readMap(false), (KERNEL >> 12) + 5));
        return g;
    }

    @ParameterizedTest
    @CsvSource({"false,false", "false,true", "true,false", "true,true"})
    void invlpgAnywhereInALargePageDropsAllOfIt(boolean pae, boolean evict) {
        Guest g = withForeignGlobal(pae, evict);
        g.mmu.invlpg(KERNEL + 0x10000);
        assertEquals(0x805000, g.mmu.translate(KERNEL + 0x5000, READ, false));
    }

    @ParameterizedTest
    @CsvSource({"false,false", "false,true", "true,false", "true,true"})
    void togglingPgeDropsAllGlobals(boolean pae, boolean evict) {
        Guest g = withForeignGlobal(pae, evict);
        g.flushGlobals();
        assertEquals(0x805000, g.mmu.translate(KERNEL + 0x5000, READ, false));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFrameThatStopsBeingATableMayBeStoredToInlineAgain(boolean pae) {
        Guest g = guest(pae);
        long a = g.newRoot();
        g.map(a, VA, 10, USER | WRITABLE);
        int table = (int) (g.leafEntry(a, VA) >>> 12);
        g.map(a, KERNEL, table, WRITABLE | DIRTY);
        g.load(a);
        g.mmu.translate(VA, READ, true);
        int page = (int) (KERNEL >> 12);
        assertEquals((long) table << 12, g.mmu.translate(KERNEL, WRITE, false));
        assertEquals(-1, FlatMapRule.frame(g.mmu.writeMap(false), page), "traced while it is a table");
        for (int i = 0; i < 100; i++) {
            g.memory.write(table * 4096L + 0x800 + i * 4, 0x12345678, 32);
        }
        g.mmu.translate(KERNEL, WRITE, false);
        assertEquals(table, FlatMapRule.frame(g.mmu.writeMap(false), page), "a hundred stores and no walk: not a table any more");
        assertEquals(10 << 12, g.mmu.translate(VA, READ, true), "but if it still is one it works as one");
        assertEquals(-1, FlatMapRule.frame(g.mmu.writeMap(false), page), "and is traced again");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void clearingTheDirectoryEntryUntracesTheTable(boolean pae) {
        Guest g = guest(pae);
        long a = g.newRoot();
        g.map(a, VA, 10, USER | WRITABLE);
        int table = (int) (g.leafEntry(a, VA) >>> 12);
        g.load(a);
        g.mmu.translate(VA, READ, true);
        assertTrue(g.mmu.traces(table));
        g.put(g.directoryEntry(a, VA), 0);
        assertFalse(g.mmu.traces(table));
        assertEquals(0, g.memory.attributes[table]);
        assertEquals(-1, g.mmu.translate(VA, READ, true));
        assertEquals(4, g.mmu.faultErrorCode());
    }

    @Test
    void twoVcpusTraceTheSameTable() {
        Guest g = guest(false);
        ShadowMmu second = new ShadowMmu(g.memory, g.code);
        long a = g.newRoot();
        g.map(a, VA, 10, USER | WRITABLE);
        int table = (int) (g.leafEntry(a, VA) >>> 12);
        g.load(a);
        second.setControl(g.cr0, a, g.cr4, 0);
        g.mmu.translate(VA, READ, true);
        second.translate(VA, READ, true);
        g.mmu.flushAll();
        assertEquals(PhysicalMemory.TRACED, g.memory.attributes[table], "the second vCPU still needs the trace");
        g.map(a, VA, 11, USER);
        assertEquals(11 << 12, second.translate(VA, READ, true));
    }

    @Test
    void pdptesAreReadAtCr3LoadsOnly() {
        Guest g = guest(true);
        long a = g.newRoot();
        long b = g.newRoot();
        g.map(a, VA, 10, USER);
        g.map(b, VA, 11, USER);
        g.load(a);
        assertEquals(10 << 12, g.mmu.translate(VA, READ, true));
        g.put(a, g.get(b));
        assertEquals(10 << 12, g.mmu.translate(VA, READ, true));
        g.cr0 ^= 8;
        g.control();
        assertEquals(10 << 12, g.mmu.translate(VA, READ, true), "CR0.TS does not reload them");
        ShadowMmu restored = new ShadowMmu(g.memory, g.code);
        restored.setControl(g.cr0, g.cr3, g.cr4, 0x800);
        assertEquals(11 << 12, restored.translate(VA, READ, true));
        restored.restorePdptes(g.mmu.pdptes());
        assertEquals(10 << 12, restored.translate(VA, READ, true), "a restored vCPU has the registers, not the memory");
        g.control();
        assertEquals(11 << 12, g.mmu.translate(VA, READ, true), "CR3 written with the value it had does");
    }

    @Test
    void reservedBitsOfPresentPdptesAreRefused() {
        Guest g = guest(true);
        long a = g.newRoot();
        assertTrue(g.mmu.pdptesValid(a));
        for (long bad : new long[] {2, 4, 0x20, 0x100, 1L << 36, 1L << 63}) {
            g.put(a + 16, 0x5001 | bad);
            assertFalse(g.mmu.pdptesValid(a), Long.toHexString(bad));
        }
        g.put(a + 16, 0x1e6);
        assertTrue(g.mmu.pdptesValid(a), "not present: nothing is reserved");
    }

    @Test
    void pse36ReachesAbove4GiB() {
        Guest g = guest(false);
        long a = g.newRoot();
        g.put(g.directoryEntry(a, VA), 0xf0000000L | 0xe << 13 | LARGE | USER | PRESENT);
        g.load(a);
        assertEquals(0xef0048000L, g.mmu.translate(VA, READ, true));
        assertEquals(ShadowMmu.NOT_RAM, g.mmu.execFrame(VA, true));
        g.mmu.setAddressWidth(32, false);
        assertEquals(-1, g.mmu.translate(VA, READ, true));
        assertEquals(0xd, g.mmu.faultErrorCode(), "without PSE-36 the bits are reserved");
    }

    @Test
    void storesBesideCodeProceedAndStoresToCodeAreReported() {
        Guest g = guest(false);
        long a = g.newRoot();
        g.map(a, VA, 10, USER | WRITABLE);
        g.load(a);
        int page = (int) (VA >> 12);
        g.mmu.translate(VA, WRITE, true);
        assertEquals(10, FlatMapRule.frame(g.mmu.writeMap(true), page));
        int[] reported = {0};
        g.code.setListener((physical, bytes) -> reported[0]++);
        g.code.addCode(10 * 4096 + 100, 20);
        assertEquals(-1, FlatMapRule.frame(g.mmu.writeMap(true), page));
        assertEquals(-1, FlatMapRule.frame(g.mmu.writeMap(false), page));
        long physical = g.mmu.translate(VA + 0x200, WRITE, true);
        assertFalse(g.code.overlapsCode(physical, 4));
        g.memory.write(physical, 1, 32);
        assertEquals(0, reported[0]);
        assertTrue(g.code.overlapsCode(10 * 4096 + 62, 4));
        g.memory.copyIn(10 * 4096, new byte[4096], 0, 4096);
        assertEquals(1, reported[0], "DMA over code");
        g.code.removeFrame(10);
        g.mmu.translate(VA, WRITE, true);
        assertEquals(10, FlatMapRule.frame(g.mmu.writeMap(true), page));
    }

    @Test
    void theEpochMovesWhenFetchedCodeMovesAndNotWhenDataDoes() {
        Guest g = guest(false);
        long a = g.newRoot();
        g.map(a, VA, 10, USER | WRITABLE);
        g.map(a, VA + 4096, 11, USER | WRITABLE);
        g.load(a);
        assertEquals(10, g.mmu.execFrame(VA, true));
        int epoch = g.mmu.mappingEpoch();
        g.mmu.translate(VA + 4096, READ, true);
        g.mmu.translate(VA + 4096, WRITE, true);
        g.mmu.translate(VA, WRITE, true);
        g.map(a, VA + 4096, 12, USER | WRITABLE);
        assertEquals(epoch, g.mmu.mappingEpoch());
        g.map(a, VA, 13, USER | WRITABLE);
        assertNotEquals(epoch, g.mmu.mappingEpoch());
        assertEquals(13, g.mmu.execFrame(VA, true));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void codeOnGlobalPagesStaysOverACr3LoadAndOtherCodeDoesNot(boolean pae) {
        Guest g = guest(pae);
        long a = g.newRoot();
        long b = g.newRoot();
        g.map(a, VA, 10, USER | WRITABLE);
        for (long root : new long[] {a, b}) {
            g.map(root, KERNEL, 20, WRITABLE | GLOBAL);
        }
        g.load(a);
        assertEquals(20, g.mmu.execFrame(KERNEL, false));
        assertEquals(10, g.mmu.execFrame(VA, true));
        assertTrue(g.mmu.isGlobal(KERNEL));
        assertFalse(g.mmu.isGlobal(VA));
        int all = g.mmu.mappingEpoch();
        int global = g.mmu.globalEpoch();
        g.load(b);
        assertFalse(g.mmu.isCurrent(all), "what was not global is gone");
        assertTrue(g.mmu.isCurrent(global), "what was has stayed");
        g.flushGlobals();
        assertFalse(g.mmu.isCurrent(global), "until global pages are flushed");
    }

    @Test
    void executeDisableFaultsWithTheFetchBit() {
        Guest g = guest(true);
        long a = g.newRoot();
        g.put(g.leafEntry(a, VA), 10L << 12 | PRESENT | USER | 1L << 63);
        g.load(a);
        assertEquals(10 << 12, g.mmu.translate(VA, READ, true));
        assertEquals(ShadowMmu.FAULT, g.mmu.execFrame(VA, true));
        assertEquals(0x15, g.mmu.faultErrorCode());
        assertEquals(-1, g.mmu.translate(VA, EXECUTE, true));
    }

    @Test
    void withoutPagingAddressesArePhysicalAndA20Folds() {
        Guest g = guest(false);
        assertEquals(0x123456, g.mmu.translate(0x123456, WRITE, false));
        assertEquals(0x123, FlatMapRule.frame(g.mmu.writeMap(false), 0x123));
        g.memory.setA20(false);
        assertEquals(0x023456, g.mmu.translate(0x123456, WRITE, false));
        assertEquals(0x23, FlatMapRule.frame(g.mmu.writeMap(false), 0x123));
        assertEquals(0xffe12345L, g.mmu.translate(0xfff12345L & ~0x100000L, READ, false));
    }

    @Test
    void shadowsStayWithinTheirMemory() {
        Guest g = new Guest(32768, true, 4096);
        for (int process = 0; process < 60; process++) {
            long root = g.newRoot();
            g.load(root);
            for (int i = 0; i < 400; i++) {
                long va = (long) i << 21;
                g.map(root, va, 10 + i, USER);
                assertEquals((10L + i) << 12, g.mmu.translate(va, READ, true));
            }
        }
        assertTrue(g.mmu.counters().evictions > 0);
        assertEquals(10 << 12, g.mmu.translate(0, READ, true));
    }

    /** Two roots of four levels: the same table in the upper half, tables of their own in the lower. */
    private static PhysicalMemory twoSpaces() {
        PhysicalMemory memory = new PhysicalMemory(new GuestRam(256 * 4096L));
        long kernel = 5 * 4096L;
        for (int root = 1; root <= 2; root++) {
            memory.write(root * 4096L + 273 * 8, kernel | 0x67, 64);
            memory.write(root * 4096L, (10 * root) * 4096L | 0x67, 64);
            for (int level = 0; level < 3; level++) {
                long next = level == 2 ? 100 + root : 10 * root + level + 1;
                memory.write((10 * root + level) * 4096L, next * 4096L | 0x67, 64);
            }
        }
        for (int level = 0; level < 3; level++) {
            memory.write(kernel + level * 4096L, (level == 2 ? 200 : 6 + level) * 4096L | 0x67, 64);
        }
        return memory;
    }

    @Test
    void whatSpacesHaveInCommonStaysOverASwitch() {
        PhysicalMemory memory = twoSpaces();
        ShadowMmu mmu = new ShadowMmu(memory, new CodePages(memory));
        long kernel = 0xffff_8880_0000_0000L;
        mmu.setControl(0x80010001L, 0x1000, 0x20, 0xd00);
        assertEquals(200, mmu.execFrame(kernel, true));
        int epoch = mmu.mappingEpoch();
        long walks = mmu.counters().walks;
        mmu.setControl(0x80010001L, 0x2000, 0x20, 0xd00);
        assertEquals(200, mmu.execFrame(kernel, true), "code may be fetched as before");
        assertEquals(200, mmu.mappedFrame(kernel, false, true));
        assertEquals(epoch, mmu.mappingEpoch(), "what was derived from the mapping holds");
        assertEquals(walks, mmu.counters().walks);
        memory.write(5 * 4096L, 0, 64);
        assertEquals(ShadowMmu.FAULT, mmu.execFrame(kernel, true), "the tables in common are the current space's too");
        assertNotEquals(epoch, mmu.mappingEpoch());
    }

    @Test
    void whatTheyDoNotHaveInCommonLeaves() {
        PhysicalMemory memory = twoSpaces();
        ShadowMmu mmu = new ShadowMmu(memory, new CodePages(memory));
        mmu.setControl(0x80010001L, 0x1000, 0x20, 0xd00);
        assertEquals(101, mmu.execFrame(0x10, true));
        int epoch = mmu.mappingEpoch();
        mmu.setControl(0x80010001L, 0x2000, 0x20, 0xd00);
        assertNotEquals(epoch, mmu.mappingEpoch());
        assertEquals(-1, mmu.mappedFrame(0x10, false, true));
        assertEquals(102, mmu.execFrame(0x10, true));
        mmu.setControl(0x80010001L, 0x1000, 0x20, 0xd00);
        assertEquals(101, mmu.mappedFrame(0x10, false, true), "and comes back with its space");
    }

    /** What code is bound to when the processor has gone on in another mode meanwhile. */
    @Test
    void mapsOfEachSetCanBeHadWhicheverIsSelected() {
        ShadowMmu mmu = guest(true).mmu;
        mmu.select(true);
        int[] secondRead = mmu.readMap(true);
        int[] secondWrite = mmu.writeMap(false);
        mmu.select(false);
        int[] firstRead = mmu.readMap(true);
        for (boolean other : new boolean[] {false, true}) {
            mmu.select(other);
            assertSame(firstRead, mmu.arrays(false, true).read());
            assertSame(secondRead, mmu.arrays(true, true).read());
            assertSame(secondWrite, mmu.arrays(true, false).write());
        }
        assertNotSame(firstRead, secondRead);
        assertNotSame(secondRead, mmu.arrays(true, false).read(), "of the kernel's pages");
    }

    @Test
    void whatOneOfTwoSetsLosesIsNothingToTheOther() {
        PhysicalMemory memory = twoSpaces();
        ShadowMmu mmu = new ShadowMmu(memory, new CodePages(memory));
        long kernel = 0xffff_8880_0000_0000L;
        mmu.setControl(0x80010001L, 0x1000, 0x20, 0xd00);
        assertEquals(200, mmu.execFrame(kernel, true));
        int first = mmu.mappingEpoch();
        mmu.select(true);
        mmu.setControl(0x80010001L, 0x1000, 0x20, 0xd00);
        assertEquals(101, mmu.execFrame(0x10, true));
        int second = mmu.mappingEpoch();
        assertTrue(mmu.isCurrent(second));
        assertFalse(mmu.isCurrent(first), "that says nothing of these maps");
        mmu.setControl(0x80010001L, 0x2000, 0x20, 0xd00);
        assertFalse(mmu.isCurrent(second), "the program's space has changed");
        mmu.select(false);
        assertTrue(mmu.isCurrent(first), "the kernel's has not");
        assertFalse(mmu.isCurrent(second));
        memory.write(5 * 4096L, 0, 64);
        assertFalse(mmu.isCurrent(first), "until a table of its own does");
    }
}
