package org.gearshift.vmm.boot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** ELF images: plain programs, kernels with a PVH entry, and Linux's own vmlinux. */
class ElfKernelsTest {
    private static final int START_INFO = 0x9000;

    @Test
    void segmentsGoToTheirPhysicalAddresses() throws BootException {
        Boot b = new Boot(16);
        b.ram.fill(0x100000, 0x4000, 0xee);
        b.load(Images.plainElf());
        assertArrayEquals(Images.CODE, b.bytes(0x100000, Images.CODE.length));
        assertTrue(b.zero(0x100000 + Images.CODE.length, 0x1000), "memory the file has no bytes for");
        assertEquals(0xee, b.ram.get8(0x100000 + Images.CODE.length + 0x1000), "memory behind");
        assertEquals(0x100004, b.state.eip());
        assertEquals("ELF", b.state.protocol());
        b.assertFlatSegments();
    }

    @Test
    void virtualEntryPointIsEnteredWhereItIsLoaded() throws BootException {
        assertEquals(0x100020, new Boot(16).load(Images.with(Images.plainElf(), 24, 4, 0xc0100020L)).state.eip());
        assertEquals(0x100020, new Boot(16).load(Images.with(Images.multibootElf(), 24, 4, 0xc0100020L)).state.eip());
    }

    @Test
    void segmentsAreFoundByVirtualAddress() throws BootException {
        KernelCode code = KernelCode.of(Images.image(Images.plainElf()));
        KernelCode.Segment s = code.at(0xc0100010L);
        assertEquals(0xc0100000L, s.address());
        assertArrayEquals(Images.CODE, s.bytes());
        assertNull(code.at(0x100010));
        assertNull(code.at(0xc0100000L + Images.CODE.length));
        assertEquals(1, code.segments().size());
    }

    @Test
    void filesThatAreNoUsableProgramAreRefused() {
        byte[] k = Images.plainElf();
        Boot.refused("not for the i386", Images.with(k, 4, 1, 2));
        Boot.refused("not for the i386", Images.with(k, 4, 1, 3));
        Boot.refused("not for the i386", Images.with(k, 18, 2, 40));
        Boot.refused("not for the i386", Images.with(k, 5, 1, 2));
        Boot.refused("without program headers", Images.with(k, 44, 2, 0));
        Boot.refused("without program headers", Images.with(k, 42, 2, 16));
        Boot.refused("no loadable segment", Images.with(k, 52, 4, 6));
        Boot.refused("truncated", Images.with(k, 28, 4, 0x7fffffff));
        Boot.refused("truncated", Images.with(k, 28, 4, 0xffffffffL));
        Boot.refused("truncated", Images.with(k, 44, 2, 0xffff));
        Boot.refused("truncated", Images.with(k, 56, 4, 0xfffff000L));
        Boot.refused("truncated", Arrays.copyOf(k, 0x1800));
        Boot.refused("larger in the file than in memory", Images.with(k, 72, 4, 8));
        Boot.refused("takes no RAM disk", k, Boot.disk(100), "", 16);
    }

    @Test
    void segmentsOutsideFreeMemoryAreRefused() throws BootException {
        byte[] k = Images.plainElf();
        Boot.refused("MiB of memory, the machine has 64 MiB", Images.with(k, 64, 4, 0x7ffff000));
        Boot.refused("needs 4096 MiB", Images.with(k, 64, 4, 0xffffe000L));
        Boot.refused("where memory is not free", Images.with(k, 64, 4, 0));
        Boot.refused("where memory is not free", Images.with(k, 64, 4, 0x9e000));
        Boot.refused("where memory is not free", Images.with(k, 64, 4, 0xb8000));
        new Boot(16).load(Images.with(k, 64, 4, 0x1000));
        Boot.refused("where memory is not free", Images.with(Images.pvh(), 64, 4, 0x8000));
        Boot.refused("where memory is not free", Images.with(Images.vmlinux(), 64, 4, 0x10000));
    }

    @Test
    void pvhKernelGetsStartInfo() throws BootException {
        byte[] disk = Boot.disk(5000);
        Boot b = new Boot(64).load(Images.pvh(), disk, "console=hvc0");
        assertEquals("PVH", b.state.protocol());
        assertEquals(0x100010, b.state.eip(), "the note's entry, not the file header's");
        assertEquals(START_INFO, b.state.ebx());
        b.assertFlatSegments();
        assertEquals(0x336ec578, b.ram.get32(START_INFO), "magic");
        assertEquals(1, b.ram.get32(START_INFO + 4), "version");
        assertEquals(0, b.ram.get32(START_INFO + 8), "flags");
        assertEquals("console=hvc0", b.text(b.ram.get64(START_INFO + 24)));
        assertEquals(Boot.RSDP, b.ram.get64(START_INFO + 32));
        assertEquals(1, b.ram.get32(START_INFO + 12), "modules");
        long module = b.ram.get64(START_INFO + 16);
        long at = b.ram.get64(module);
        assertEquals((64 << 20) - 0x2000, at);
        assertEquals(disk.length, b.ram.get64(module + 8));
        assertArrayEquals(disk, b.bytes(at, disk.length));
        var expected = new MemoryMap(64 << 20).ranges();
        long map = b.ram.get64(START_INFO + 40);
        assertEquals(expected.size(), b.ram.get32(START_INFO + 48));
        for (int i = 0; i < expected.size(); i++) {
            assertEquals(expected.get(i),
                    new MemoryMap.Range(b.ram.get64(map + 24 * i), b.ram.get64(map + 24 * i + 8), b.ram.get32(map + 24 * i + 16)));
        }
    }

    @Test
    void pvhKernelWithoutRamDiskGetsNoModules() throws BootException {
        Boot b = new Boot(64).load(Images.pvh());
        assertEquals(0, b.ram.get32(START_INFO + 12));
        assertEquals(0, b.ram.get64(START_INFO + 16));
        Boot.refused("no room for a RAM disk", Images.pvh(), Boot.disk(64 << 20), "", 64);
        Boot.refused("command line of 16384 bytes", Images.pvh(), new byte[0], "x".repeat(16384), 64);
    }

    @Test
    void vmlinuxGetsAZeroPage() throws BootException {
        byte[] disk = Boot.disk(5000);
        Boot b = new Boot(64).load(Images.vmlinux(), disk, "console=ttyS0");
        int page = b.state.esi();
        assertEquals("Linux vmlinux", b.state.protocol());
        assertEquals(0x1000004, b.state.eip());
        assertArrayEquals(Images.CODE, b.bytes(0x1000000, Images.CODE.length));
        assertEquals(0x53726448, b.ram.get32(page + 0x202));
        assertEquals(0x20f, b.ram.get16(page + 0x206));
        assertEquals(0xff, b.ram.get8(page + 0x210));
        assertEquals("console=ttyS0", b.text(b.ram.get32(page + 0x228)));
        assertArrayEquals(disk, b.bytes(b.ram.get32(page + 0x218), b.ram.get32(page + 0x21c)));
        assertEquals(6, b.ram.get8(page + 0x1e8));
        assertFalse(b.zero(page + 0x2d0, 6 * 20));
        b.assertFlatSegments();
        Boot.refused("takes at most 2047", Images.vmlinux(), new byte[0], "x".repeat(2048), 64);
        Boot.refused("no room for a RAM disk", Images.vmlinux(), Boot.disk(60 << 20), "", 64);
    }

    @Test
    void programsFor64BitsStartIn64BitModeWithMemoryMappedToItself() throws BootException {
        Boot b = new Boot(16);
        b.ram.fill(0x100000, 0x4000, 0xee);
        b.load(Images.plainElf64());
        assertArrayEquals(Images.CODE, b.bytes(0x100000, Images.CODE.length));
        assertTrue(b.zero(0x100000 + Images.CODE.length, 0x1000), "memory the file has no bytes for");
        assertEquals(0xee, b.ram.get8(0x100000 + Images.CODE.length + 0x1000), "memory behind");
        assertEquals(0x100004, b.state.eip());
        assertEquals("ELF64", b.state.protocol());
        b.assertStartsIn64BitMode();
        assertEquals(0x100020, new Boot(16).load(Images.with(Images.plainElf64(), 24, 8, 0xffffffff80100020L)).state.eip(), "a virtual entry point");
    }

    @Test
    void filesThatAreNoUsable64BitProgramAreRefused() throws BootException {
        byte[] k = Images.plainElf64();
        Boot.refused("not for the i386 or x86-64", Images.with(k, 4, 1, 1));
        Boot.refused("not for the i386 or x86-64", Images.with(k, 18, 2, 183));
        Boot.refused("without program headers", Images.with(k, 56, 2, 0));
        Boot.refused("without program headers", Images.with(k, 54, 2, 32));
        Boot.refused("truncated", Images.with(k, 32, 8, Long.MAX_VALUE));
        Boot.refused("truncated", Images.with(k, 32, 8, -1));
        Boot.refused("truncated", Images.with(k, 64 + 32, 8, Long.MIN_VALUE));
        Boot.refused("truncated", Images.with(k, 64 + 8, 8, 1L << 32));
        Boot.refused("larger in the file than in memory", Images.with(k, 64 + 40, 8, 8));
        Boot.refused("takes no RAM disk", k, Boot.disk(100), "", 16);
        Boot.refused("MiB of memory, the machine has 64 MiB", Images.with(k, 64 + 24, 8, 1L << 40));
        Boot.refused("where no memory can be", Images.with(k, 64 + 24, 8, -4096));
        Boot.refused("where no memory can be", Images.with(k, 64 + 40, 8, Long.MAX_VALUE));
        Boot.refused("where memory is not free", Images.with(k, 64 + 24, 8, IdentityMap.END - 0x1000));
        Boot.refused("entry point 0x123456789a", Images.with(k, 24, 8, 0x123456789aL));
    }

    @Test
    void a64BitKernelWithAPvhEntryStartsIn32BitMode() throws BootException {
        Boot b = new Boot(64).load(Images.pvh64(), new byte[0], "console=ttyS0");
        assertEquals("PVH", b.state.protocol());
        assertEquals(0x100010, b.state.eip());
        assertEquals(START_INFO, b.state.ebx());
        assertEquals(0, b.state.pageTables());
        b.assertFlatSegments();
        assertEquals("console=ttyS0", b.text(b.ram.get64(START_INFO + 24)));
    }

    @Test
    void a64BitVmlinuxGetsAZeroPageAndStartsIn64BitMode() throws BootException {
        byte[] disk = Boot.disk(5000);
        Boot b = new Boot(64).load(Images.vmlinux64(), disk, "console=ttyS0");
        int page = b.state.esi();
        assertEquals("Linux vmlinux, 64-bit", b.state.protocol());
        assertEquals(0x1000004, b.state.eip());
        b.assertStartsIn64BitMode();
        assertEquals("console=ttyS0", b.text(b.ram.get32(page + 0x228)));
        assertArrayEquals(disk, b.bytes(b.ram.get32(page + 0x218), b.ram.get32(page + 0x21c)));
    }

    @Test
    void damagedNotesAreRefused() {
        int notes = 0x1000 + Images.CODE.length;
        Boot.refused("damaged ELF note", Images.with(Images.pvh(), notes, 4, 0xffffffffL));
        Boot.refused("damaged ELF note", Images.with(Images.pvh(), notes + 4, 4, 0x7fffffff));
        Boot.refused("truncated", Images.with(Images.pvh(), 84 + 16, 4, 0x7fffffff));
    }
}
