package org.gearshift.vmm.boot;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.gearshift.paging.GuestRam;
import org.junit.jupiter.api.Test;

/**
 * Damaged images either load or are refused with a {@link BootException}; nothing else is thrown, whatever the damage.
 * {@code -Dfuzz.cases=1000000} tries more, {@code -Dfuzz.seed} others.
 */
class LoaderFuzzTest {
    private static final int CASES = Integer.getInteger("fuzz.cases", 20_000);
    private static final long SEED = Long.getLong("fuzz.seed", 1);
    private static final int[] TELLING = {0, 1, -1, 0x7fffffff, 0x80000000, 0xfffff000, 0x1000, 0x9f000, 0x100000, 0xa0000, 32, 0x4000000};

    private final GuestRam ram = new GuestRam(32 << 20);
    private final List<byte[]> initrds = List.of(new byte[0], new byte[5000], new byte[10 << 20], new byte[40 << 20]);
    private int loaded;
    private int refused;

    @Test
    void damagedImagesNeverThrowAnythingElse() {
        List<byte[]> images = List.of(Images.bzImage(), Images.bzImage(Images.gzip(Images.vmlinux())), Images.plainElf(), Images.pvh(),
                Images.vmlinux(), Images.multibootElf(), Images.multibootFlat(), Images.gzip(Images.multibootElf()), Images.plainElf64(),
                Images.pvh64(), Images.vmlinux64(), Images.multiboot2(Images.tag(1, false, 1, 6), Images.tag(10, true, 0x100000, 0x400000, 0x1000, 0)),
                Images.multiboot2In(new byte[0x2000], Images.tag(2, false, 0x200200, 0x200000, 0, 0x204000), Images.tag(3, false, 0x200000)));
        Random r = new Random(SEED);
        for (int i = 0; i < CASES; i++) {
            byte[] original = images.get(r.nextInt(images.size()));
            byte[] damaged = damage(original, r);
            try {
                tryAll(damaged, r);
            } catch (RuntimeException | Error e) {
                fail("case " + i + " of seed " + SEED, e);
            }
        }
        assertTrue(loaded > CASES / 20 && refused > CASES / 20, () -> loaded + " loaded, " + refused + " refused: the damage is one-sided");
    }

    private void tryAll(byte[] image, Random r) {
        byte[] initrd = initrds.get(r.nextInt(r.nextInt(8) == 0 ? 4 : 2));
        try {
            KernelLoader.load(new KernelImage("damaged", image), initrd, "disk", "x".repeat(r.nextInt(3000)), ram, 0);
            loaded++;
        } catch (BootException e) {
            refused++;
        }
        try {
            KernelCode.of(new KernelImage("damaged", image)).segments().stream().limit(3).forEach(KernelCode.Segment::bytes);
        } catch (BootException e) {
            refused++;
        }
    }

    /** Cuts the image, or changes bytes or fields, mostly in the headers. */
    private static byte[] damage(byte[] original, Random r) {
        byte[] b = original.clone();
        int headers = Math.min(b.length, 0x300);
        for (int n = r.nextInt(4); n >= 0; n--) {
            int at = r.nextInt(r.nextInt(4) == 0 ? b.length : headers);
            switch (r.nextInt(6)) {
                case 0 -> b[at] = (byte) r.nextInt();
                case 1 -> b[at] ^= 1 << r.nextInt(8);
                case 2, 3 -> put(b, at & ~3, TELLING[r.nextInt(TELLING.length)]);
                case 4 -> put(b, at & ~3, r.nextInt() >> r.nextInt(32));
                default -> Arrays.fill(b, at, Math.min(b.length, at + r.nextInt(16)), (byte) r.nextInt());
            }
        }
        return r.nextInt(4) == 0 ? Arrays.copyOf(b, r.nextInt(b.length + 1)) : b;
    }

    private static void put(byte[] b, int at, int value) {
        for (int i = 0; i < 4 && at + i < b.length; i++) {
            b[at + i] = (byte) (value >> 8 * i);
        }
    }
}
