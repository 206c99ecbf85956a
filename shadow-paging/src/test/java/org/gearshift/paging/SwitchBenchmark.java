package org.gearshift.paging;

import java.util.Arrays;

/**
 * What address-space switches and misses cost: the numbers behind the restore limit and the decision to keep shadows across CR3 loads.
 * Run its main; prints nanoseconds, best of 7 rounds.
 */
final class SwitchBenchmark {
    private static final int KERNEL_PAGES = 500;
    private static final long KERNEL = 0xc0000000L;
    private static final long USER = 0x08048000L;

    private final Guest guest;
    private final long[] roots = new long[4];
    private final long[] touched;
    private long sink;

    private SwitchBenchmark(boolean pae, int pages) {
        guest = new Guest(32768, pae, 16384);
        touched = new long[pages];
        for (int i = 0; i < pages; i++) {
            // Runs of 8 pages scattered over 64 MiB, as text, heap and libraries are.
            touched[i] = USER + ((long) (i / 8) * 37 % 512 << 17) + ((i & 7) << 12);
        }
        for (int r = 0; r < roots.length; r++) {
            roots[r] = guest.newRoot();
            for (int i = 0; i < pages; i++) {
                guest.map(roots[r], touched[i], 1024 + r * 3000 + i, Guest.USER | Guest.WRITABLE);
            }
        }
        for (int i = 0; i < KERNEL_PAGES; i++) {
            long va = KERNEL + i * 4096L;
            guest.leafEntry(roots[0], va);
            for (int r = 1; r < roots.length; r++) {
                guest.put(guest.directoryEntry(roots[r], va), guest.get(guest.directoryEntry(roots[0], va)));
            }
            guest.map(roots[0], va, 14000 + i, Guest.WRITABLE | Guest.GLOBAL);
        }
    }

    private void touch(int access) {
        for (long va : touched) {
            sink += guest.mmu.translate(va, access, true);
        }
    }

    private double best(int count, Runnable work) {
        long best = Long.MAX_VALUE;
        for (int round = 0; round < 7; round++) {
            long start = System.nanoTime();
            for (int i = 0; i < count; i++) {
                work.run();
            }
            best = Math.min(best, System.nanoTime() - start);
        }
        return (double) best / count;
    }

    private void run() {
        ShadowMmu mmu = guest.mmu;
        for (long root : roots) {
            guest.load(root);
            touch(ShadowMmu.WRITE);
            for (int i = 0; i < KERNEL_PAGES; i++) {
                mmu.translate(KERNEL + i * 4096L, ShadowMmu.WRITE, false);
            }
        }
        int[] next = {0};
        double switching = best(20_000, () -> guest.load(roots[next[0]++ & 3]));
        double reload = best(200_000, () -> guest.load(guest.cr3));
        double hit = best(5_000, () -> touch(ShadowMmu.READ)) / touched.length;
        double shadow = best(5_000, () -> {
            for (long va : touched) {
                mmu.invlpg(va);
            }
            touch(ShadowMmu.WRITE);
        }) / touched.length;
        double invlpg = best(5_000, () -> {
            for (long va : touched) {
                mmu.invlpg(va);
            }
        }) / touched.length;
        double walking = best(2_000, () -> {
            mmu.flushAll();
            touch(ShadowMmu.WRITE);
        }) / touched.length;
        guest.load(roots[0]);
        touch(ShadowMmu.WRITE);
        long[] entries = Arrays.stream(touched).map(va -> guest.leafEntry(roots[0], va)).toArray();
        double traced = best(2_000, () -> {
            for (int i = 0; i < entries.length; i++) {
                guest.put(entries[i], guest.get(entries[i]) ^ 0x200);
                sink += mmu.translate(touched[i], ShadowMmu.WRITE, true);
            }
        }) / touched.length;
        System.out.printf("%s, %4d pages: switch+restore %7.0f  reload %4.0f  hit %4.1f  invlpg+shadow fill %5.1f (invlpg %4.1f)"
                + "  flush+walk %6.1f  traced PTE store+refill %6.1f%n", guest.pae ? "PAE" : "2-level", touched.length, switching, reload, hit,
                shadow, invlpg, walking, traced);
    }

    public static void main(String[] args) {
        for (int repeat = 0; repeat < 2; repeat++) {
            for (int pages : new int[] {50, 500, 2000}) {
                new SwitchBenchmark(false, pages).run();
                new SwitchBenchmark(true, pages).run();
            }
        }
    }
}
