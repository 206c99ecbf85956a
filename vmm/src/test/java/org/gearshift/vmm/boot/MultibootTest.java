package org.gearshift.vmm.boot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Multiboot images: the state of section 3.2 and the information structure of section 3.3 of the specification. */
class MultibootTest {
    private static final int HEADER = 16;

    @Test
    void elfImageIsLoadedBySegments() throws BootException {
        Boot b = new Boot(16).load(Images.multibootElf());
        assertEquals("multiboot 1", b.state.protocol());
        assertEquals(0x100004, b.state.eip());
        assertArrayEquals(Images.CODE, b.bytes(0x100000, Images.CODE.length));
        assertTrue(b.zero(0x100000 + Images.CODE.length, 0x1000));
    }

    @Test
    void flatImageIsLoadedByItsHeader() throws BootException {
        byte[] k = Images.multibootFlat();
        Boot b = new Boot(16);
        b.ram.fill(0x200000, 0x4000, 0xee);
        b.load(k);
        assertEquals(0x200040, b.state.eip());
        assertArrayEquals(k, b.bytes(0x200000, k.length), "load_end_addr 0: the whole file");
        assertTrue(b.zero(0x200000 + k.length, 0x1000), "up to bss_end_addr");
        assertEquals(0xee, b.ram.get8(0x200000 + k.length + 0x1000));
    }

    @Test
    void loadEndCutsTheFile() throws BootException {
        Boot b = new Boot(16);
        b.ram.fill(0x200000, 0x4000, 0xee);
        b.load(Images.with(Images.with(Images.multibootFlat(), HEADER + 20, 4, 0x200100), HEADER + 24, 4, 0));
        assertEquals(Images.CODE[0x100 - 64 - 1], b.ram.get8(0x2000ff));
        assertEquals(0xee, b.ram.get8(0x200100));
    }

    @Test
    void entryStateIsThatOfTheSpecification() throws BootException {
        Boot b = new Boot(16).load(Images.multibootElf());
        assertEquals(0x2badb002, b.state.eax());
        b.assertFlatSegments();
    }

    @Test
    void informationStructure() throws BootException {
        byte[] module = Boot.disk(5000);
        Boot b = new Boot(16).load(Images.multibootElf(), module, "debug");
        int info = b.state.ebx();
        assertEquals(0x1 | 0x4 | 0x8 | 0x40 | 0x200, b.ram.get32(info), "flags: memory, command line, modules, memory map, loader name");
        assertEquals(639, b.ram.get32(info + 4), "KiB from 0, up to the extended BIOS data area");
        assertEquals(15 * 1024, b.ram.get32(info + 8), "KiB from 1 MiB");
        assertEquals("debug", b.text(b.ram.get32(info + 16)));
        assertEquals("Gearshift", b.text(b.ram.get32(info + 64)));
        assertEquals(1, b.ram.get32(info + 20));
        int mod = b.ram.get32(info + 24);
        int start = b.ram.get32(mod);
        assertEquals(0, start & 0xfff);
        assertTrue(start >= 0x100000 + Images.CODE.length + 0x1000, "behind the kernel's memory");
        assertEquals(start + module.length, b.ram.get32(mod + 4));
        assertEquals("disk", b.text(b.ram.get32(mod + 8)));
        assertArrayEquals(module, b.bytes(start, module.length));
    }

    @Test
    void memoryMapEntriesSayTheirSize() throws BootException {
        Boot b = new Boot(16).load(Images.multibootElf());
        int info = b.state.ebx();
        var expected = new MemoryMap(16 << 20).ranges();
        assertEquals(24 * expected.size(), b.ram.get32(info + 44));
        long at = b.ram.get32(info + 48);
        for (MemoryMap.Range r : expected) {
            assertEquals(r, new MemoryMap.Range(b.ram.get64(at + 4), b.ram.get64(at + 12), b.ram.get32(at + 20)));
            at += 4 + b.ram.get32(at);
        }
    }

    @Test
    void headerIsFoundInTheFirst8KiBOnlyAndByItsChecksum() throws BootException {
        assertEquals(KernelImage.Kind.MULTIBOOT, Images.image(Images.multibootFlat()).kind());
        byte[] far = Images.join(new byte[8192], Images.multibootFlat());
        Boot.refused("not a kernel image", far);
        Boot.refused("not a kernel image", Images.with(Images.multibootFlat(), HEADER + 8, 4, 0));
    }

    @Test
    void whatTheImageAsksForInVainIsRefused() {
        int flags = 0x10003 | 1 << 5;
        byte[] k = Images.with(Images.with(Images.multibootFlat(), HEADER + 4, 4, flags), HEADER + 8, 4, -(Images.MULTIBOOT_MAGIC + flags));
        Boot.refused("requires unknown features 0x20", k);
        Boot.refused("no room for a module", Images.multibootElf(), Boot.disk(16 << 20), "", 16);
        Boot.refused("at most 8191", Images.multibootElf(), new byte[0], "x".repeat(8192), 16);
    }

    @Test
    void aVideoModeIsNotProvidedButNoReasonToFail() throws BootException {
        int flags = 0x10007;
        byte[] k = Images.with(Images.with(Images.multibootFlat(), HEADER + 4, 4, flags), HEADER + 8, 4, -(Images.MULTIBOOT_MAGIC + flags));
        assertEquals(0, new Boot(16).load(k).ram.get32(0x9000) & 0x1800, "no VBE, no framebuffer");
    }

    @Test
    void absurdAddressesAreRefused() {
        byte[] k = Images.multibootFlat();
        Boot.refused("truncated", Images.with(k, HEADER + 12, 4, 0x100000));
        Boot.refused("truncated", Images.with(k, HEADER + 12, 4, 0x300000));
        Boot.refused("truncated", Images.with(k, HEADER + 20, 4, 0x100000));
        Boot.refused("truncated", Images.with(k, HEADER + 20, 4, 0xffffffffL));
        Boot.refused("MiB of memory", Images.with(k, HEADER + 24, 4, 0xffffffffL));
        byte[] low = Images.with(Images.with(Images.with(k, HEADER + 12, 4, 0x9010), HEADER + 16, 4, 0x9000), HEADER + 24, 4, 0);
        Boot.refused("where memory is not free", low);
    }
}
