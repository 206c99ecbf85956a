package org.gearshift.vmm.boot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** A bzImage is started as boot.rst of the kernel source says for the 32-bit entry point. */
class LinuxBzImageTest {
    private static final int ZERO_PAGE = ZeroPage.ADDRESS;

    @Test
    void protectedModePartGoesWhereTheKernelPrefers() throws BootException {
        byte[] k = Images.bzImage();
        Boot b = new Boot(64).load(k);
        assertArrayEquals(Arrays.copyOfRange(k, 5 * 512, k.length), b.bytes(0x1000000, k.length - 5 * 512));
        assertEquals(0x1000000, b.state.eip());
        assertEquals("Linux boot protocol 2.15", b.state.protocol());
    }

    @Test
    void kernelsThatCannotMoveGoToTheirEntryPoint() throws BootException {
        Boot b = new Boot(64).load(Images.with(Images.bzImage(), 0x234, 1, 0));
        assertEquals(0x100000, b.state.eip());
        assertArrayEquals(Images.CODE, b.bytes(0x100000 + 64, Images.CODE.length));
        Boot old = new Boot(64).load(Images.with(Images.bzImage(), 0x206, 2, 0x202));
        assertEquals(0x100000, old.state.eip());
    }

    @Test
    void entryStateIsThatOfTheProtocol() throws BootException {
        Boot b = new Boot(64).load(Images.bzImage());
        assertEquals(ZERO_PAGE, b.state.esi());
        assertEquals(0, b.state.ebx());
        assertEquals(0x10, b.state.code());
        assertEquals(0x18, b.state.data());
        b.assertFlatSegments();
    }

    @Test
    void zeroPageHoldsTheSetupHeaderAndZeros() throws BootException {
        byte[] k = Images.bzImage();
        Boot b = new Boot(64).load(k);
        assertEquals(0xaa55, b.ram.get16(ZERO_PAGE + 0x1fe));
        assertEquals(0x53726448, b.ram.get32(ZERO_PAGE + 0x202));
        assertEquals(0x20f, b.ram.get16(ZERO_PAGE + 0x206));
        assertEquals(0xff, b.ram.get8(ZERO_PAGE + 0x210), "an unnamed loader");
        assertEquals(0xffff, b.ram.get16(ZERO_PAGE + 0x1fa), "normal video mode");
        assertEquals(0x1000000, b.ram.get32(ZERO_PAGE + 0x214), "code32_start");
        assertEquals(0x200000, b.ram.get32(ZERO_PAGE + 0x260), "init_size, the header's last field");
        assertEquals(Boot.RSDP, b.ram.get64(ZERO_PAGE + 0x70));
        assertTrue(b.zero(ZERO_PAGE, 0x70), "screen_info: no display");
        assertTrue(b.zero(ZERO_PAGE + 0x26c, 0x2d0 - 0x26c), "behind the header");
    }

    @Test
    void headerLengthIsTheJumpsAndNeverReachesTheMemoryMap() throws BootException {
        Boot shorter = new Boot(64).load(Images.with(Images.bzImage(), 0x201, 1, 0x40));
        assertEquals(0, shorter.ram.get32(ZERO_PAGE + 0x260), "behind the end of the shorter header");
        byte[] k = Images.with(Images.bzImage(), 0x201, 1, 0xff);
        Arrays.fill(k, 0x26c, 0x400, (byte) 0x77);
        Boot longer = new Boot(64).load(k);
        assertTrue(longer.zero(ZERO_PAGE + 0x290, 0x2d0 - 0x290));
    }

    @Test
    void memoryMapIsFirmwares() throws BootException {
        Boot b = new Boot(64).load(Images.bzImage());
        int n = b.ram.get8(ZERO_PAGE + 0x1e8);
        var expected = new MemoryMap(64 << 20).ranges();
        assertEquals(expected.size(), n);
        for (int i = 0; i < n; i++) {
            int at = ZERO_PAGE + 0x2d0 + 20 * i;
            assertEquals(expected.get(i), new MemoryMap.Range(b.ram.get64(at), b.ram.get64(at + 8), b.ram.get32(at + 16)));
        }
    }

    @Test
    void commandLineIsAText() throws BootException {
        Boot b = new Boot(64).load(Images.bzImage(), new byte[0], "console=ttyS0 ro");
        assertEquals("console=ttyS0 ro", b.text(b.ram.get32(ZERO_PAGE + 0x228)));
        assertEquals("", new Boot(64).load(Images.bzImage()).text(b.ram.get32(ZERO_PAGE + 0x228)));
        String longest = "x".repeat(2047);
        assertEquals(longest, new Boot(64).load(Images.bzImage(), new byte[0], longest).text(b.ram.get32(ZERO_PAGE + 0x228)));
        Boot.refused("takes at most 2047", Images.bzImage(), new byte[0], "x".repeat(2048), 64);
        Boot.refused("takes at most 255", Images.with(Images.bzImage(), 0x206, 2, 0x205), new byte[0], "x".repeat(256), 64);
        Boot.refused("takes at most 65536", Images.with(Images.bzImage(), 0x238, 4, 0xffffffffL), new byte[0], "x".repeat(700_000), 64);
    }

    @Test
    void ramDiskLiesPageAlignedAsHighAsItMay() throws BootException {
        byte[] disk = Boot.disk(10_001);
        Boot b = new Boot(64).load(Images.bzImage(), disk, "");
        long at = b.ram.get32(ZERO_PAGE + 0x218);
        assertEquals((64 << 20) - 0x3000, at);
        assertEquals(disk.length, b.ram.get32(ZERO_PAGE + 0x21c));
        assertArrayEquals(disk, b.bytes(at, disk.length));
        Boot limited = new Boot(64).load(Images.with(Images.bzImage(), 0x22c, 4, 0x2ffffff), disk, "");
        assertEquals(0x3000000 - 0x3000, limited.ram.get32(ZERO_PAGE + 0x218));
        assertEquals(0, new Boot(64).load(Images.bzImage()).ram.get32(ZERO_PAGE + 0x218), "none");
    }

    @Test
    void whatDoesNotFitIsRefused() {
        Boot.refused("no room for a RAM disk of 50 MiB", Images.bzImage(), Boot.disk(50 << 20), "", 64);
        Boot.refused("no room for a RAM disk", Images.bzImage(), Boot.disk(70 << 20), "", 64);
        Boot.refused("needs 18 MiB of memory", Images.bzImage(), new byte[0], "", 16);
        Boot.refused("give more with -m", Images.with(Images.bzImage(), 0x260, 4, 0xffffffffL));
    }

    @Test
    void unsuitableKernelsAreRefused() {
        Boot.refused("boot protocol 2.01 is too old", Images.with(Images.bzImage(), 0x206, 2, 0x201));
        Boot.refused("is too old", Images.with(Images.bzImage(), 0x211, 1, 0));
        Boot.refused("truncated bzImage", Arrays.copyOf(Images.bzImage(), 3000));
        Boot.refused("truncated", Arrays.copyOf(Images.bzImage(), 0x206));
        Boot.refused("not between 1 MiB", Images.with(Images.bzImage(), 0x258, 8, 0x8000));
        Boot.refused("not between 1 MiB and 4 GiB", Images.with(Images.bzImage(), 0x258, 8, 0x1_0100_0000L));
    }

    @Test
    void aFileThatEndsInsideItsLastParagraphIsWhole() throws BootException {
        byte[] k = Images.with(Images.bzImage(), 0x1f4, 4, 1);
        Boot b = new Boot(64).load(Arrays.copyOf(k, 5 * 512 + 3));
        assertArrayEquals(Arrays.copyOfRange(k, 5 * 512, 5 * 512 + 3), b.bytes(0x1000000, 3));
        new Boot(64).load(Arrays.copyOf(Images.with(k, 0x1f4, 4, 0), 5 * 512 - 3));
    }
}
