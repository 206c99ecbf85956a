package org.gearshift.paging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Random guests against {@link NaiveMmu}: whatever a guest does to its tables and control registers, every translation, error code,
 * accessed and dirty bit is the oracle's, nothing in a map allows what the oracle would not, and code fetched under one epoch stays valid.
 *
 * <p>The guest keeps one rule of real kernels: global pages lie in a part of the address space that all roots share, and its directory
 * entries change in all roots at once, followed by a global flush.
 */
class ShadowMmuModelTest {
    enum Format { TWO_LEVEL, PAE, FOUR_LEVEL }

    private static final int FRAMES = 512;
    private static final int ROOTS = 3;
    private static final int FIRST_USER_TABLE = 16;
    private static final int FIRST_KERNEL_TABLE = 28;
    private static final int FIRST_DATA = 36;
    private static final int MMIO_FRAME = 100;
    private static final int ROM_FRAME = 101;
    private static final long KERNEL = 0xc0000000L;
    private static final long WIDE_KERNEL = 0xffff_8880_4000_0000L;
    private static final long WIDE_ALIAS = 0x7fff_c000_0000L;
    /** In the upper half, where roots have the same tables at times. */
    private static final long WIDE_UPPER = 0xffff_c87f_c000_0000L;
    private static final int UPPER_ENTRY = 400;
    /** Entries of leaf tables in use; 0x100.. are where two-level roots have their user part, seen when a root maps itself. */
    private static final int[] OFFSETS = {0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0x100, 0x101, 0x102, 0x103};

    private GuestRam ram;
    private PhysicalMemory memory;
    private CodePages code;
    private ShadowMmu mmu;
    private final NaiveMmu naive = new NaiveMmu(FRAMES * 4096);
    private final Map<Long, Integer> fetched = new HashMap<>();
    /** The same of global pages, since their own epoch changed. */
    private final Map<Long, Integer> fetchedGlobal = new HashMap<>();
    private int globalEpoch;
    private int survivals;
    private Random random;
    private boolean pae;
    /** IA-32e mode: root r is frame r, its page-directory-pointer table 3 + r, its page directory 6 + r; those of the kernel are frames 9 and 10. */
    private boolean wide;
    private long cr0 = 0x80010001L;
    private long cr3;
    private long cr4;
    private long efer;
    private int epoch;
    private int step;
    /** Entries seen in the tables for 64-bit addresses: read and written by supervisor and user. */
    private final int[] wideEntries = new int[4];

    @ParameterizedTest
    @CsvSource({"1,TWO_LEVEL,60000", "2,TWO_LEVEL,60000", "3,PAE,60000", "4,PAE,60000", "5,TWO_LEVEL,60000", "6,PAE,60000",
        "7,FOUR_LEVEL,60000", "8,FOUR_LEVEL,60000", "9,FOUR_LEVEL,60000"})
    void everyTranslationIsTheOracles(long seed, Format format, int steps) {
        compare(seed, format, steps, new GuestRam(FRAMES * 4096L));
    }

    @ParameterizedTest
    @CsvSource({"10,PAE,20000", "11,FOUR_LEVEL,60000"})
    void soItIsWithRamThatIsNoArray(long seed, Format format, int steps) throws IOException {
        compare(seed, format, steps, new GuestRam(FRAMES * 4096L, SparseMemory.of(FRAMES * 4096L)));
    }

    private void compare(long seed, Format format, int steps, GuestRam guestRam) {
        ram = guestRam;
        memory = new PhysicalMemory(ram);
        code = new CodePages(memory);
        mmu = new ShadowMmu(memory, code);
        random = new Random(seed);
        pae = format != Format.TWO_LEVEL;
        wide = format == Format.FOUR_LEVEL;
        memory.mapMmio(MMIO_FRAME * 4096L, 4096, new Absent());
        memory.mapReadOnly(ROM_FRAME * 4096L, 4096);
        buildTables();
        cr4 = 0x80 | (pae ? 0x20 : 0x10);
        efer = wide ? 0xd00 : pae ? 0x800 : 0;
        naive.lma = wide;
        loadRoot(0);
        long[] candidates = pagesInUse();
        for (step = 0; step < steps; step++) {
            act();
            checkEpoch();
            if (step % 64 == 0) {
                byte[] now = new byte[FRAMES * 4096];
                ram.copyOut(0, now, 0, now.length);
                assertEquals(-1, Arrays.mismatch(naive.ram, now), () -> "RAM at step " + step);
            }
            if (step % 8 == 0) {
                checkMaps(candidates);
            }
            if (step % 2000 == 0) {
                checkWideMaps();
            }
        }
        checkMaps(LongStream.range(0, 1 << 20).toArray());
        checkWideMaps();
        assertTrue(!wide || Arrays.stream(wideEntries).allMatch(n -> n > 0), () -> Arrays.toString(wideEntries));
        assertTrue(mmu.counters().traceHits > 0 && mmu.counters().shadowFills > 0 && mmu.counters().untraced > 0, mmu.counters()::toString);
        assertTrue(survivals > 0, "code on global pages must have been found to outlive other code");
    }

    private void act() {
        int what = random.nextInt(1000);
        if (what < 600) {
            access(anyAddress());
        } else if (what < 850) {
            int table = FIRST_USER_TABLE + random.nextInt(FIRST_DATA - FIRST_USER_TABLE);
            storeEntry(table, random.nextInt(12));
        } else if (what < 870) {
            storeUserDirectory();
        } else if (what < 930) {
            loadRoot(random.nextInt(ROOTS));
        } else if (what < 950) {
            mmu.invlpg(anyAddress());
        } else if (what < 960) {
            code.addCode((FIRST_DATA + random.nextInt(20)) * 4096L + random.nextInt(4096 - 80), 1 + random.nextInt(80));
        } else if (what < 970) {
            code.removeFrame(FIRST_DATA + random.nextInt(20));
        } else if (what < 990) {
            toggle(random.nextInt(6));
        } else if (what < 993) {
            storeKernelDirectory();
        } else if (what < 996) {
            storm();
        } else if (what < 998 && wide && random.nextBoolean()) {
            leaveAndEnterLongMode();
        } else if (what < 998) {
            naive.a20 = !naive.a20;
            memory.setA20(naive.a20);
        } else if (!wide && random.nextInt(10) == 0) {
            cr0 ^= 0x80000000L;
            control();
        }
    }

    /** By way of paging off, or of PAE paging with the same CR3. */
    private void leaveAndEnterLongMode() {
        cr0 ^= 0x80000000L;
        efer &= ~0x400L;
        naive.lma = false;
        control();
        assertEquals(naive.gate(0x5123), mmu.translate(0x5123, ShadowMmu.READ, false));
        cr0 ^= 0x80000000L;
        efer |= 0x400;
        naive.lma = true;
        control();
    }

    /** A guest that rewrites a whole table, as fork and munmap do. */
    private void storm() {
        int table = FIRST_USER_TABLE + random.nextInt(FIRST_DATA - FIRST_USER_TABLE);
        int root = random.nextInt(ROOTS);
        int first = random.nextInt(10);
        boolean directory = random.nextInt(3) == 0;
        for (int i = 0; i < 100; i++) {
            if (directory) {
                store(userDirectory(root, first & 3), directoryEntry(false), pae ? 64 : 32);
            } else {
                storeEntry(table, first + i % 2);
            }
        }
    }

    private void toggle(int which) {
        switch (which) {
            case 0 -> cr0 ^= 0x10000;
            case 1 -> cr4 ^= 0x80;
            case 2 -> cr4 ^= 1 << 20;
            case 3 -> cr4 ^= 1 << 21;
            case 4 -> {
                naive.ac = !naive.ac;
                mmu.setSmapOverride(naive.ac);
                return;
            }
            default -> {
                if (random.nextInt(8) == 0) {
                    if (pae) {
                        efer ^= 0x800;
                    } else {
                        cr4 ^= 0x10;
                    }
                }
            }
        }
        control();
    }

    private void control() {
        mmu.setControl(cr0, cr3, cr4, efer);
        naive.pg = cr0 >>> 31 != 0;
        naive.wp = (cr0 & 0x10000) != 0;
        naive.pse = (cr4 & 0x10) != 0;
        naive.pae = (cr4 & 0x20) != 0;
        naive.smep = naive.pg && (cr4 & 1 << 20) != 0;
        naive.smap = naive.pg && (cr4 & 1 << 21) != 0;
        naive.nxe = (efer & 0x800) != 0;
        naive.cr3 = cr3;
        naive.loadPdptes();
    }

    private void loadRoot(int root) {
        cr3 = wide ? root * 4096L : pae ? 15 * 4096L + root * 32L : root * 4096L;
        control();
    }

    private long anyAddress() {
        long region = random.nextInt(4);
        long base = random.nextInt(3) == 0 ? wide ? WIDE_KERNEL : KERNEL : 0x40000000L;
        long offset = OFFSETS[random.nextInt(OFFSETS.length)];
        if (wide && base > 0 && random.nextInt(3) == 0) {
            // The same page directory at another place, and a page of 1 GiB.
            base = random.nextBoolean() ? WIDE_UPPER : random.nextBoolean() ? WIDE_ALIAS : 0x80000000L;
        }
        return base + (region << (pae ? 21 : 22)) + (offset << 12) + (random.nextInt(4096) & ~3);
    }

    /** Every page {@link #anyAddress} may choose. */
    private long[] pagesInUse() {
        LongStream bases = wide ? LongStream.of(0x40000, 0x80000, WIDE_ALIAS >>> 12, WIDE_UPPER >>> 12, WIDE_KERNEL >>> 12) : LongStream.of(0x40000, KERNEL >>> 12);
        return bases.flatMap(base -> LongStream.range(0, 4).map(region -> base + (region << (pae ? 9 : 10))))
                .flatMap(first -> IntStream.of(OFFSETS).mapToLong(offset -> first + offset)).toArray();
    }

    private void access(long va) {
        int kind = random.nextInt(3);
        boolean user = random.nextBoolean();
        long expected = naive.translate(va, kind, user, false);
        int error = naive.error;
        assertEquals(expected, mmu.probe(va, kind, user), () -> "probe " + describe(va, kind, user));
        if (expected >= 0) {
            naive.translate(va, kind, user, true);
        }
        if (kind == ShadowMmu.EXECUTE && random.nextBoolean()) {
            int frame = mmu.execFrame(va, user);
            boolean plain = expected >= 0 && expected < ram.size() && expected >>> 12 != MMIO_FRAME;
            assertEquals(expected < 0 ? ShadowMmu.FAULT : plain ? (int) (expected >>> 12) : ShadowMmu.NOT_RAM, frame,
                    () -> "execFrame " + describe(va, kind, user));
            if (frame >= 0) {
                checkEpoch();
                fetched.put(va >>> 12 << 1 | (user ? 1 : 0), frame);
                if (mmu.isGlobal(va)) {
                    fetchedGlobal.put(va >>> 12 << 1 | (user ? 1 : 0), frame);
                }
            }
        } else {
            assertEquals(expected, mmu.translate(va, kind, user), () -> "translate " + describe(va, kind, user));
        }
        if (expected < 0) {
            assertEquals(error, mmu.faultErrorCode(), () -> "error code " + describe(va, kind, user));
        } else if (kind == ShadowMmu.WRITE && memory.isWritableRam(expected)) {
            int frame = (int) (expected >>> 12);
            if (frame >= FIRST_USER_TABLE && frame != 0) {
                long value = entry(frame);
                memory.write(expected, value, 32);
                naive.store(expected, value, 4);
            }
        }
    }

    private String describe(long va, int kind, boolean user) {
        return "step " + step + " va " + Long.toHexString(va) + " kind " + kind + " user " + user + " cr0 " + Long.toHexString(cr0)
                + " cr3 " + Long.toHexString(cr3) + " cr4 " + Long.toHexString(cr4);
    }

    private void buildTables() {
        for (int table = FIRST_USER_TABLE; table < FIRST_DATA; table++) {
            for (int i = 0; i < 12; i++) {
                storeEntry(table, i);
            }
        }
        for (int root = 0; root < ROOTS; root++) {
            if (wide) {
                store(root * 4096L, (3 + root) * 4096L | 0x67, 64);
                store(root * 4096L + 255 * 8, (3 + root) * 4096L | 7, 64);
                store(root * 4096L + 273 * 8, 9 * 4096L | 0x63, 64);
                store(root * 4096L + UPPER_ENTRY * 8, 3 * 4096L | 7, 64);
                store((3 + root) * 4096L + 8, (6 + root) * 4096L | 7, 64);
                store((3 + root) * 4096L + 511 * 8, (6 + root) * 4096L | 0x27, 64);
                store((3 + root) * 4096L + 16, 0x87, 64);
                store(9 * 4096L + 8, 10 * 4096L | 0x63, 64);
            } else if (pae) {
                for (int i = 0; i < 4; i++) {
                    int directory = i == 3 ? 12 : root * 4 + i;
                    store(15 * 4096L + root * 32L + i * 8L, directory * 4096L | 1, 64);
                }
            }
            for (int i = 0; i < 4; i++) {
                store(userDirectory(root, i), directoryEntry(false), pae ? 64 : 32);
            }
        }
        for (int i = 0; i < 4; i++) {
            setKernelDirectory(i);
        }
    }

    private long userDirectory(int root, int i) {
        return wide ? (6 + root) * 4096L + i * 8L : pae ? (root * 4 + 1) * 4096L + i * 8L : root * 4096L + (0x100 + i) * 4L;
    }

    private void storeUserDirectory() {
        if (wide && random.nextInt(3) == 0) {
            storeUpperEntry();
            return;
        }
        store(userDirectory(random.nextInt(ROOTS), random.nextInt(4)), directoryEntry(false), pae ? 64 : 32);
    }

    /** An entry of one of the two uppermost levels, user half; or the page of 1 GiB. */
    private void storeUpperEntry() {
        int root = random.nextInt(ROOTS);
        long bits = random.nextInt(64) | (random.nextInt(8) == 0 ? 0 : 7) | (random.nextInt(10) == 0 ? 1L << 63 : 0);
        switch (random.nextInt(5)) {
            case 4 -> store(root * 4096L + UPPER_ENTRY * 8, (3 + random.nextInt(2)) * 4096L | bits | 0x20, 64);
            case 0 -> store(root * 4096L + (random.nextBoolean() ? 0 : 255 * 8), (3 + random.nextInt(ROOTS)) * 4096L | bits, 64);
            case 1 -> store((3 + root) * 4096L + (random.nextBoolean() ? 8 : 511 * 8), (6 + random.nextInt(ROOTS)) * 4096L | bits, 64);
            case 2 -> store((3 + root) * 4096L + 16, bits | 0x80 | (random.nextInt(6) == 0 ? 1L << 13 + random.nextInt(17) : 0), 64);
            default -> store(root * 4096L, (3 + root) * 4096L | bits | (random.nextInt(6) == 0 ? 0x80 : 0), 64);
        }
    }

    private void storeKernelDirectory() {
        setKernelDirectory(random.nextInt(4));
        if ((cr4 & 0x80) != 0) {
            cr4 ^= 0x80;
            control();
            cr4 ^= 0x80;
        } else if (random.nextBoolean()) {
            loadRoot(random.nextInt(ROOTS));
        }
        control();
    }

    private void setKernelDirectory(int i) {
        // Accessed and dirty in advance: a global translation may go on being used where another root has not seen them set.
        long entry = directoryEntry(true) | 0x60;
        if (pae) {
            store((wide ? 10 : 12) * 4096L + i * 8L, entry, 64);
        } else {
            for (int root = 0; root < ROOTS; root++) {
                store(root * 4096L + (0x300 + i) * 4L, entry, 32);
            }
        }
    }

    private long directoryEntry(boolean kernel) {
        long bits = random.nextInt(64) & ~1 | (random.nextInt(10) == 0 ? 0 : 1);
        if (random.nextInt(4) == 0) {
            long large = bits | 0x80 | random.nextInt(2) << 6 | (random.nextInt(8) == 0 ? 1L << 13 + random.nextInt(9) : 0) | (kernel ? 0x100 : 0);
            if (!pae && (large & 0x3e000) != 0) {
                // Not PSE-36 address bits, and not what is a kernel table once CR4.PSE is off.
                large = large & ~0x3fe000L | 1L << 21;
            }
            return large | high();
        }
        if (!kernel && random.nextInt(12) == 0) {
            return userDirectory(random.nextInt(ROOTS), 0) & ~0xfffL | bits;
        }
        int table = kernel ? FIRST_KERNEL_TABLE + random.nextInt(FIRST_DATA - FIRST_KERNEL_TABLE)
                : FIRST_USER_TABLE + random.nextInt(FIRST_KERNEL_TABLE - FIRST_USER_TABLE);
        return table * 4096L | bits | high();
    }

    private long high() {
        if (!pae) {
            return 0;
        }
        return (random.nextInt(10) == 0 ? 1L << 63 : 0) | (random.nextInt(40) == 0 ? 1L << 36 + random.nextInt(27) : 0);
    }

    /** Random leaf entry fit for {@code table}: global only in kernel tables. */
    private long entry(int table) {
        int frame = random.nextInt(8) == 0 ? random.nextInt(FRAMES + 8) : FIRST_DATA + random.nextInt(70);
        long bits = random.nextInt(128) & ~1 | (random.nextInt(8) == 0 ? 0 : 1);
        boolean kernel = table >= FIRST_KERNEL_TABLE && table < FIRST_DATA;
        return frame * 4096L | bits | (kernel && random.nextBoolean() ? 0x100 : 0);
    }

    private void storeEntry(int table, int index) {
        if (!pae) {
            store(table * 4096L + index * 4L, entry(table), 32);
        } else if (random.nextBoolean()) {
            store(table * 4096L + index * 8L, entry(table) | high(), 64);
        } else {
            store(table * 4096L + index * 8L + 4, high() >>> 32, 32);
            store(table * 4096L + index * 8L, entry(table), 32);
        }
    }

    private void store(long physical, long value, int bits) {
        long gated = naive.gate(physical);
        if (bits == 64 && random.nextBoolean()) {
            memory.writeEntry(gated, value);
        } else {
            memory.write(gated, value, bits);
        }
        naive.store(gated, value, bits / 8);
    }

    private void checkEpoch() {
        if (globalEpoch != mmu.globalEpoch()) {
            globalEpoch = mmu.globalEpoch();
            fetchedGlobal.clear();
        }
        if (epoch != mmu.mappingEpoch()) {
            epoch = mmu.mappingEpoch();
            fetched.clear();
            survivals += fetchedGlobal.size();
        }
        if (step % 16 == 0) {
            checkFetched(fetched);
            checkFetched(fetchedGlobal);
        }
    }

    private void checkFetched(Map<Long, Integer> pages) {
        pages.forEach((key, frame) -> {
            long physical = naive.translate((key >>> 1) << 12, ShadowMmu.EXECUTE, (key & 1) != 0, false);
            assertEquals((long) frame, physical >> 12, () -> "stale fetch of page " + Long.toHexString(key >>> 1) + " at step " + step);
        });
    }

    /** No map entry grants more than the oracle, and no store goes past it to code, traced tables, ROM, MMIO or clean pages. */
    private void checkMaps(long[] pages) {
        for (int user = 0; user < 2; user++) {
            int[] read = mmu.readMap(user == 1);
            int[] write = mmu.writeMap(user == 1);
            for (long page : pages) {
                if (page < 1 << 20) {
                    check(page, FlatMapRule.frame(read, page, ram.isCompact()), ShadowMmu.READ, user == 1);
                    check(page, FlatMapRule.frame(write, page, ram.isCompact()), ShadowMmu.WRITE, user == 1);
                }
                check(page, mmu.mappedFrame(page << 12, false, user == 1), ShadowMmu.READ, user == 1);
                check(page, mmu.mappedFrame(page << 12, true, user == 1), ShadowMmu.WRITE, user == 1);
            }
        }
    }

    /** The same for everything in the tables for 64-bit addresses, read by the rule that {@link WideMaps} gives. */
    private void checkWideMaps() {
        for (int kind = 0; wide && kind < 4; kind++) {
            boolean user = (kind & 1) != 0;
            boolean write = (kind & 2) != 0;
            long[] map = write ? mmu.wideWriteMap(user) : mmu.wideReadMap(user);
            int present = 0;
            int shift = mmu.wideShift();
            int mask = map.length - 1;
            for (int slot = 0; slot < map.length; slot++) {
                // The one address that has this entry's upper bits and this place: bits 43:shift are folded into it.
                long upper = map[slot] & -1L << shift;
                int page = slot ^ (int) (upper >>> 12) >>> shift - 12;
                long va = upper | (page & mask >>> 1) * 4096L;
                if ((page >>> shift - 12 & 1) == (int) (upper >>> shift & 1)) {
                    present++;
                    check(va >>> 12, (int) ((map[slot] ^ va) >>> (ram.isCompact() ? 12 : 0)), write ? ShadowMmu.WRITE : ShadowMmu.READ, user);
                }
            }
            assertTrue(present < 500, "only pages in use can be present");
            wideEntries[kind] += present;
        }
    }

    private void check(long page, int frame, int kind, boolean user) {
        if (frame < 0) {
            return;
        }
        long va = page << 12;
        assertEquals((long) frame << 12, naive.translate(va, kind, user, false), () -> "map entry, " + describe(va, kind, user));
        assertTrue(naive.accessed && (kind == ShadowMmu.READ || naive.dirty), () -> "A/D of map entry, " + describe(va, kind, user));
        assertTrue(frame != MMIO_FRAME, "MMIO in a map");
        if (kind == ShadowMmu.WRITE) {
            assertEquals(0, memory.attributes[frame], () -> "protected frame writable at step " + step);
        }
    }

    private static final class Absent implements MmioHandler {
        @Override
        public long read(long physical, int bits) {
            return 0;
        }

        @Override
        public void write(long physical, long value, int bits) {
        }
    }
}
