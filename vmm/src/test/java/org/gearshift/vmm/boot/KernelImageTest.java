package org.gearshift.vmm.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What kind a file is, gzipped files, and reads beyond the end. */
class KernelImageTest {
    private static void refused(String expected, Executable e) {
        String said = assertThrows(BootException.class, e).getMessage();
        assertTrue(said.startsWith("kernel: ") && said.contains(expected), said);
    }

    @Test
    void kinds() throws BootException {
        assertEquals(KernelImage.Kind.LINUX, Images.image(Images.bzImage()).kind());
        assertEquals(KernelImage.Kind.MULTIBOOT, Images.image(Images.multibootElf()).kind());
        assertEquals(KernelImage.Kind.MULTIBOOT2, Images.image(Images.multiboot2()).kind());
        assertEquals(KernelImage.Kind.ELF, Images.image(Images.pvh()).kind());
        refused("not a kernel image", () -> Images.image(new byte[0]).kind());
        refused("not a kernel image", () -> Images.image(new byte[4096]).kind());
    }

    @Test
    void imagesSayWhatProcessorTheyWant() throws BootException {
        assertTrue(Images.image(Images.plainElf64()).is64Bit());
        assertTrue(Images.image(Images.gzip(Images.vmlinux64())).is64Bit());
        assertTrue(Images.image(Images.with(Images.bzImage(), 0x236, 2, 1)).is64Bit(), "XLF_KERNEL_64");
        for (byte[] k : List.of(Images.bzImage(), Images.plainElf(), Images.pvh(), Images.multibootElf(), Images.multibootFlat(),
                Images.with(Images.bzImage(), 0x236, 2, 2), Images.with(Images.with(Images.bzImage(), 0x236, 2, 1), 0x206, 2, 0x20b))) {
            assertFalse(Images.image(k).is64Bit());
        }
    }

    @Test
    void gzippedImagesAreUnpacked() throws BootException {
        byte[] k = Images.multibootElf();
        KernelImage i = Images.image(Images.gzip(k));
        assertEquals(k.length, i.length());
        assertEquals(KernelImage.Kind.MULTIBOOT, i.kind());
        byte[] z = Images.gzip(k);
        refused("damaged gzip data", () -> Images.image(Arrays.copyOf(z, z.length - 20)));
        refused("damaged gzip data", () -> Images.image(Images.with(z, z.length - 8, 4, 0)));
    }

    @Test
    void readsAreLittleEndianAndChecked() throws BootException {
        KernelImage i = Images.image(new byte[] {1, 2, 3, (byte) 0xff, 'a', 'b', 0, 'c'});
        assertEquals(0xff, i.u8(3));
        assertEquals(0x0201, i.u16(0));
        assertEquals(0xff030201, i.u32(0));
        assertEquals(0xff030201L, i.unsigned32(0));
        assertEquals("ab", i.text(4, 10));
        assertEquals("a", i.text(4, 1));
        assertEquals("c", i.text(7, 10));
        refused("truncated", () -> i.u8(8));
        refused("truncated", () -> i.u8(-1));
        refused("truncated", () -> i.u16(7));
        refused("truncated", () -> i.u32(Integer.MAX_VALUE));
        refused("truncated", () -> i.text(-1, 4));
        refused("truncated", () -> i.text(9, 4));
        refused("truncated", () -> i.check(4, -1));
        refused("truncated", () -> i.check(4, 0xffffffffL));
    }
}
