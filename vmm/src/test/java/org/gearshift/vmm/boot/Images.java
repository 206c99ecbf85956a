package org.gearshift.vmm.boot;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;

/** Small valid kernel images, built in memory; tests damage them at the offsets named here. */
final class Images {
    /** Every image's code: bytes no loader would make up. */
    static final byte[] CODE = "the code of the kernel itself.  ".repeat(128).getBytes(StandardCharsets.US_ASCII);

    static final int MULTIBOOT_MAGIC = 0x1badb002;
    static final int PT_LOAD = 1;
    static final int PT_NOTE = 4;

    private Images() {
    }

    static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    static KernelImage image(byte[] bytes) throws BootException {
        return new KernelImage("kernel", bytes);
    }

    /** A bzImage of protocol 2.15 with 4 setup sectors whose payload, 64 bytes into the protected-mode part, is given; it is linked for 16 MiB. */
    static byte[] bzImage(byte[] payload) {
        int system = 64 + payload.length + 15 & ~15;
        ByteBuffer b = buffer(5 * 512 + system);
        b.put(0x1f1, (byte) 4).putInt(0x1f4, system / 16).putShort(0x1fe, (short) 0xaa55);
        b.put(0x200, (byte) 0xeb).put(0x201, (byte) 0x6a).putInt(0x202, 0x53726448).putShort(0x206, (short) 0x20f);
        b.put(0x211, (byte) 1).putInt(0x214, 0x100000).putInt(0x22c, 0x7fffffff).putInt(0x230, 0x1000000).put(0x234, (byte) 1);
        b.putInt(0x238, 2047).putInt(0x248, 64).putInt(0x24c, payload.length).putLong(0x258, 0x1000000).putInt(0x260, 0x200000);
        b.put(5 * 512 + 64, payload);
        return b.array();
    }

    static byte[] bzImage() {
        return bzImage(CODE);
    }

    /** An i386 ELF program: {@link #CODE} at physical {@code at}, virtual {@code at + 0xc0000000}, 4 KiB of memory behind it, and notes. */
    static byte[] elf(int at, byte[] notes) {
        ByteBuffer b = buffer(0x1000 + CODE.length + notes.length);
        b.putInt(0, 0x464c457f).put(4, (byte) 1).put(5, (byte) 1).put(6, (byte) 1).putShort(16, (short) 2).putShort(18, (short) 3).putInt(20, 1);
        b.putInt(24, at + 4).putInt(28, 52).putShort(40, (short) 52).putShort(42, (short) 32).putShort(44, (short) 2);
        segment(b, 52, PT_LOAD, 0x1000, at, CODE.length, CODE.length + 0x1000);
        segment(b, 84, PT_NOTE, 0x1000 + CODE.length, 0, notes.length, notes.length);
        b.put(0x1000, CODE).put(0x1000 + CODE.length, notes);
        return b.array();
    }

    private static void segment(ByteBuffer b, int h, int type, int offset, int physical, int inFile, int inMemory) {
        b.putInt(h, type).putInt(h + 4, offset).putInt(h + 8, physical + 0xc0000000).putInt(h + 12, physical);
        b.putInt(h + 16, inFile).putInt(h + 20, inMemory);
    }

    /** The same as {@link #elf(int, byte[])} for x86-64, virtual {@code at + 0xffffffff80000000}. */
    static byte[] elf64(int at, byte[] notes) {
        ByteBuffer b = buffer(0x1000 + CODE.length + notes.length);
        b.putInt(0, 0x464c457f).put(4, (byte) 2).put(5, (byte) 1).put(6, (byte) 1).putShort(16, (short) 2).putShort(18, (short) 62).putInt(20, 1);
        b.putLong(24, at + 4).putLong(32, 64).putShort(52, (short) 64).putShort(54, (short) 56).putShort(56, (short) 2);
        segment64(b, 64, PT_LOAD, 0x1000, at, CODE.length, CODE.length + 0x1000);
        segment64(b, 120, PT_NOTE, 0x1000 + CODE.length, 0, notes.length, notes.length);
        b.put(0x1000, CODE).put(0x1000 + CODE.length, notes);
        return b.array();
    }

    private static void segment64(ByteBuffer b, int h, int type, int offset, int physical, int inFile, int inMemory) {
        b.putInt(h, type).putLong(h + 8, offset).putLong(h + 16, physical + 0xffffffff80000000L).putLong(h + 24, physical);
        b.putLong(h + 32, inFile).putLong(h + 40, inMemory);
    }

    static byte[] note(String owner, int type, int value) {
        int name = owner.length() + 1;
        int padded = name + 3 & ~3;
        ByteBuffer b = buffer(12 + padded + 4);
        b.putInt(name).putInt(4).putInt(type).put(owner.getBytes(StandardCharsets.US_ASCII));
        return b.putInt(12 + padded, value).array();
    }

    /** A plain ELF program. */
    static byte[] plainElf() {
        return elf(0x100000, new byte[0]);
    }

    static byte[] pvh() {
        return elf(0x100000, join(note("GNU", 3, 7), note("Xen", 18, 0x100010)));
    }

    static byte[] vmlinux() {
        return elf(0x1000000, join(note("GNU", 3, 7), note("Linux", 0x101, 0)));
    }

    static byte[] plainElf64() {
        return elf64(0x100000, new byte[0]);
    }

    static byte[] pvh64() {
        return elf64(0x100000, join(note("GNU", 3, 7), note("Xen", 18, 0x100010)));
    }

    static byte[] vmlinux64() {
        return elf64(0x1000000, join(note("GNU", 3, 7), note("Linux", 0x101, 0)));
    }

    /** A multiboot header behind the ELF header. */
    static byte[] multibootElf() {
        byte[] elf = plainElf();
        return multibootHeader(elf, 0x80 * 4, 3);
    }

    /** A flat multiboot image that says itself where it goes: 2 MiB, with 4 KiB of zeroed memory behind. */
    static byte[] multibootFlat() {
        byte[] image = new byte[64 + CODE.length];
        System.arraycopy(CODE, 0, image, 64, CODE.length);
        multibootHeader(image, 16, 1 << 16 | 3);
        ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).putInt(16 + 12, 0x200010).putInt(16 + 16, 0x200000).putInt(16 + 20, 0)
                .putInt(16 + 24, 0x200000 + image.length + 0x1000).putInt(16 + 28, 0x200040);
        return image;
    }

    static final int MULTIBOOT2_HEADER = 0x200;

    /** An i386 ELF program with a multiboot 2 header at {@link #MULTIBOOT2_HEADER} that has these tags, each padded to 8 bytes, and the end tag. */
    static byte[] multiboot2(byte[]... tags) {
        return multiboot2In(plainElf(), tags);
    }

    /** The same in another image. */
    static byte[] multiboot2In(byte[] image, byte[]... tags) {
        int length = 16 + 8;
        for (byte[] t : tags) {
            length += t.length + 7 & ~7;
        }
        ByteBuffer b = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).position(MULTIBOOT2_HEADER);
        b.putInt(0xe85250d6).putInt(0).putInt(length).putInt(-(0xe85250d6 + length));
        for (byte[] t : tags) {
            b.put(t).position(b.position() + 7 & ~7);
        }
        b.putInt(0).putInt(8);
        return image;
    }

    /** A tag with 32-bit fields. */
    static byte[] tag(int type, boolean optional, int... fields) {
        ByteBuffer b = buffer(8 + 4 * fields.length).putShort((short) type).putShort((short) (optional ? 1 : 0)).putInt(8 + 4 * fields.length);
        for (int f : fields) {
            b.putInt(f);
        }
        return b.array();
    }

    private static byte[] multibootHeader(byte[] image, int at, int flags) {
        ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).putInt(at, MULTIBOOT_MAGIC).putInt(at + 4, flags)
                .putInt(at + 8, -(MULTIBOOT_MAGIC + flags));
        return image;
    }

    static byte[] join(byte[] a, byte[] b) {
        return buffer(a.length + b.length).put(a).put(b).array();
    }

    static byte[] gzip(byte[] data) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream z = new GZIPOutputStream(out)) {
            z.write(data);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    /** The image with one field changed. @param bytes its width */
    static byte[] with(byte[] image, int at, int bytes, long value) {
        byte[] copy = image.clone();
        for (int i = 0; i < bytes; i++) {
            copy[at + i] = (byte) (value >> 8 * i);
        }
        return copy;
    }
}
