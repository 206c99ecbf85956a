package org.gearshift.vmm.boot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import org.gearshift.paging.GuestRam;
import org.junit.jupiter.api.Test;

/** Multiboot 2 images: the header of section 3.1, the state of 3.5 and the information structure of 3.6 of the specification. */
class Multiboot2Test {
    private static final int HEADER = Images.MULTIBOOT2_HEADER;

    /** Offset in RAM of each tag of the information structure, by type. */
    private static Map<Integer, Long> tags(Boot b) {
        Map<Integer, Long> found = new HashMap<>();
        long info = b.state.ebx();
        assertEquals(0, info & 7);
        long at = info + 8;
        while (b.ram.get32(at) != 0) {
            assertNull(found.put(b.ram.get32(at), at), "one tag of each type");
            at += b.ram.get32(at + 4) + 7 & ~7;
        }
        assertEquals(8, b.ram.get32(at + 4), "end tag");
        assertEquals(at + 8 - info, b.ram.get32(info), "total size");
        assertEquals(0, b.ram.get32(info + 4));
        return found;
    }

    @Test
    void elfImagesOfBothClassesStartAtTheir32BitEntry() throws BootException {
        for (byte[] elf : new byte[][] {Images.plainElf(), Images.plainElf64()}) {
            Boot b = new Boot(16).load(Images.multiboot2In(elf));
            assertEquals("multiboot 2", b.state.protocol());
            assertEquals(0x100004, b.state.eip());
            assertEquals(0x36d76289, b.state.eax());
            assertEquals(0, b.state.pageTables());
            assertArrayEquals(Images.CODE, b.bytes(0x100000, Images.CODE.length));
            assertTrue(b.zero(0x100000 + Images.CODE.length, 0x1000));
            b.assertFlatSegments();
        }
        assertTrue(Images.image(Images.multiboot2In(Images.plainElf64())).is64Bit());
        assertEquals(0x100040, new Boot(16).load(Images.multiboot2(Images.tag(3, false, 0x100040))).state.eip(), "the entry tag goes first");
    }

    @Test
    void flatImagesAreLoadedByTheirAddressTag() throws BootException {
        byte[] image = new byte[0x400];
        image[0x3ff] = 77;
        for (int loadAddress : new int[] {0x200000, -1}) {
            byte[] k = Images.multiboot2In(image.clone(), Images.tag(2, false, 0x200000 + HEADER, loadAddress, 0, 0x200800), Images.tag(3, false, 0x200010));
            Boot b = new Boot(16);
            b.ram.fill(0x200000, 0x2000, 0xee);
            b.load(k);
            assertEquals(0x200010, b.state.eip());
            assertArrayEquals(k, b.bytes(0x200000, k.length));
            assertTrue(b.zero(0x200400, 0x400));
            assertEquals(0xee, b.ram.get8(0x200800));
        }
    }

    @Test
    void theInformationStructureHasEverythingThereIs() throws BootException {
        byte[] module = Boot.disk(5000);
        Boot b = new Boot(16);
        b.ram.fill(Boot.RSDP, 36, 0x5a);
        b.load(Images.multiboot2(Images.tag(1, false, 1, 3, 4, 6, 15), Images.tag(10, false, 0, 0x1000000, 0x1000, 0)), module, "debug");
        Map<Integer, Long> tags = tags(b);
        assertEquals(java.util.Set.of(1, 2, 3, 4, 6, 14, 15, 21), tags.keySet());
        assertEquals("debug", b.text(tags.get(1) + 8));
        assertEquals(8 + 6, b.ram.get32(tags.get(1) + 4), "padding does not count");
        assertEquals("Gearshift", b.text(tags.get(2) + 8));
        long start = b.ram.get32(tags.get(3) + 8);
        assertEquals(0, start & 0xfff);
        assertTrue(start >= 0x100000 + Images.CODE.length + 0x1000, "behind the kernel's memory");
        assertEquals(start + module.length, b.ram.get32(tags.get(3) + 12));
        assertEquals("disk", b.text(tags.get(3) + 16));
        assertArrayEquals(module, b.bytes(start, module.length));
        assertEquals(639, b.ram.get32(tags.get(4) + 8));
        assertEquals(15 * 1024, b.ram.get32(tags.get(4) + 12));
        assertEquals(28, b.ram.get32(tags.get(14) + 4));
        assertEquals(44, b.ram.get32(tags.get(15) + 4));
        assertEquals(0x5a5a5a5a, b.ram.get32(tags.get(15) + 8 + 32));
        assertEquals(0x100000, b.ram.get32(tags.get(21) + 8));
        assertFalse(tags(new Boot(16).load(Images.multiboot2())).containsKey(3), "no module");
    }

    @Test
    void theMemoryMapIsTheMachines() throws BootException {
        Boot b = new Boot(16).load(Images.multiboot2());
        long map = tags(b).get(6);
        var expected = new MemoryMap(16 << 20).ranges();
        assertEquals(16 + 24 * expected.size(), b.ram.get32(map + 4));
        assertEquals(24, b.ram.get32(map + 8));
        assertEquals(0, b.ram.get32(map + 12));
        for (int i = 0; i < expected.size(); i++) {
            long at = map + 16 + 24 * i;
            assertEquals(expected.get(i), new MemoryMap.Range(b.ram.get64(at), b.ram.get64(at + 8), b.ram.get32(at + 16)));
        }
        assertEquals(16 << 20, GuestRam.span(16 << 20));
    }

    @Test
    void theHeaderIsFoundInTheFirst32KiBOnlyAndByItsChecksum() throws BootException {
        byte[] far = Images.join(new byte[32768 - HEADER], Images.multiboot2In(new byte[0x400], Images.tag(3, false, 0)));
        Boot.refused("not a kernel image", far);
        Boot.refused("not a kernel image", Images.with(Images.multiboot2In(new byte[0x400]), HEADER + 12, 4, 0));
        assertEquals(KernelImage.Kind.MULTIBOOT, Images.image(Images.multiboot2In(Images.multibootFlat())).kind(), "with both headers, as ever");
    }

    @Test
    void whatTheImageAsksForInVainIsRefusedByName() throws BootException {
        Boot.refused("\"EFI boot services\"", Images.multiboot2(Images.tag(7, false)));
        Boot.refused("\"EFI amd64 entry address\"", Images.multiboot2(Images.tag(9, false, 0x100000)));
        Boot.refused("\"EFI i386 entry address\"", Images.multiboot2(Images.tag(8, false, 0x100000)));
        Boot.refused("no display and no EFI", Images.multiboot2(Images.tag(5, false, 1024, 768, 32)));
        Boot.refused("\"console flags\"", Images.multiboot2(Images.tag(4, false, 3)));
        Boot.refused("number 77", Images.multiboot2(Images.tag(77, false)));
        Boot.refused("information of type 8", Images.multiboot2(Images.tag(1, false, 1, 8)));
        Boot.refused("information of type 12", Images.multiboot2(Images.tag(1, false, 12)));
        new Boot(16).load(Images.multiboot2(Images.tag(7, true), Images.tag(9, true, 0x100000), Images.tag(5, true, 1024, 768, 32), Images.tag(4, false, 2), Images.tag(6, false),
                Images.tag(77, true), Images.tag(1, true, 8, 12)));
        Boot.refused("no room for a module", Images.multiboot2(), Boot.disk(16 << 20), "", 16);
        Boot.refused("at most 8191", Images.multiboot2(), new byte[0], "x".repeat(8192), 16);
    }

    @Test
    void damagedHeadersAreRefused() {
        byte[] k = Images.multiboot2(Images.tag(1, false, 1));
        int end = HEADER + 16 + 16;
        Boot.refused("a tag of 0 bytes", Images.with(k, HEADER + 20, 4, 0));
        Boot.refused("a tag of 7 bytes", Images.with(k, HEADER + 20, 4, 7));
        Boot.refused("a tag of 4294967295 bytes", Images.with(k, HEADER + 20, 4, 0xffffffffL));
        Boot.refused("no end tag", Images.with(k, end, 2, 6));
        Boot.refused("too short", Images.multiboot2(Images.tag(2, false, 1, 2)));
        Boot.refused("too short", Images.multiboot2(Images.tag(3, false)));
        Boot.refused("without an entry address tag", Images.multiboot2In(new byte[0x400], Images.tag(2, false, HEADER + 0x200000, 0x200000, 0, 0)));
        Boot.refused("not an ELF file", Images.multiboot2In(new byte[0x400]));
        byte[] mips = Images.with(Images.with(k, HEADER + 4, 4, 4), HEADER + 12, 4, -(0xe85250d6L + 4 + 40));
        Boot.refused("for architecture 4", mips);
        byte[] endless = Images.with(Images.with(k, HEADER + 8, 4, 0x7fffff00), HEADER + 12, 4, -(0xe85250d6L + 0x7fffff00));
        Boot.refused("truncated", endless);
        Boot.refused("where memory is not free", Images.multiboot2In(new byte[0x400], Images.tag(2, false, 0x9000 + HEADER, 0x9000, 0, 0), Images.tag(3, false, 0x9000)));
        Boot.refused("truncated", Images.multiboot2In(new byte[0x400], Images.tag(2, false, 0x100, 0x200000, 0, 0), Images.tag(3, false, 0x200000)));
    }
}
