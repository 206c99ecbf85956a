package org.gearshift.vmm.boot;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPInputStream;

/** A kernel file's bytes with checked little-endian access, and what kind of image it is. */
public final class KernelImage {
    /** Image kinds in the order they are recognized. */
    public enum Kind { LINUX, MULTIBOOT, MULTIBOOT2, ELF }

    private static final int ELF_MAGIC = 0x464c457f;
    private static final int MAX_UNPACKED = 1 << 30;

    private final String name;
    private final ByteBuffer data;

    /**
     * @param name what to call the file in messages
     * @param bytes its contents; a gzipped image is unpacked
     */
    public KernelImage(String name, byte[] bytes) throws BootException {
        this.name = name;
        this.data = ByteBuffer.wrap(isGzip(bytes) ? gunzip(name, bytes) : bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static boolean isGzip(byte[] b) {
        return b.length > 18 && (b[0] & 0xff) == 0x1f && (b[1] & 0xff) == 0x8b && b[2] == 8;
    }

    private static byte[] gunzip(String name, byte[] bytes) throws BootException {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
            byte[] out = in.readNBytes(MAX_UNPACKED);
            if (in.read() >= 0) {
                throw new BootException(name + ": unpacks to more than 1 GiB");
            }
            return out;
        } catch (IOException e) {
            throw new BootException(name + ": damaged gzip data (" + e.getMessage() + ")");
        }
    }

    public String name() {
        return name;
    }

    public int length() {
        return data.capacity();
    }

    public byte[] array() {
        return data.array();
    }

    /** Recognizes the image, or explains why it is none of those that can be started. */
    public Kind kind() throws BootException {
        if (length() >= 0x206 && u32(0x202) == 0x53726448) {
            return Kind.LINUX;
        }
        if (Multiboot.findHeader(this) >= 0) {
            return Kind.MULTIBOOT;
        }
        if (Multiboot2.findHeader(this) >= 0) {
            return Kind.MULTIBOOT2;
        }
        if (length() >= 4 && u32(0) == ELF_MAGIC) {
            return Kind.ELF;
        }
        throw new BootException(name + ": not a kernel image: neither a Linux bzImage nor multiboot nor ELF");
    }

    /** Whether the image is for processors with IA-32e mode: a Linux image says so in its header, an ELF file by its class. */
    public boolean is64Bit() throws BootException {
        if (kind() == Kind.LINUX) {
            return LinuxBzImage.is64Bit(this);
        }
        return length() > 4 && u32(0) == ELF_MAGIC && u8(4) == 2;
    }

    public int u8(int at) throws BootException {
        check(at, 1);
        return data.get(at) & 0xff;
    }

    public int u16(int at) throws BootException {
        check(at, 2);
        return data.getShort(at) & 0xffff;
    }

    /** 32 bits, as a non-negative long would lose the sign; callers that need addresses mask. */
    public int u32(int at) throws BootException {
        check(at, 4);
        return data.getInt(at);
    }

    public long unsigned32(int at) throws BootException {
        return u32(at) & 0xffffffffL;
    }

    /** NUL-terminated text of at most {@code max} bytes. */
    public String text(int at, int max) throws BootException {
        check(at, 0);
        int limit = Math.min(max, length() - at);
        int end = at;
        while (end - at < limit && data.get(end) != 0) {
            end++;
        }
        return new String(data.array(), at, end - at, StandardCharsets.US_ASCII);
    }

    /** Fails unless {@code count} bytes at {@code at} lie inside the file. */
    public void check(long at, long count) throws BootException {
        if (at < 0 || count < 0 || at > length() || count > length() - at) {
            throw new BootException(name + ": truncated: " + count + " bytes at offset " + at + " wanted, the file has " + length());
        }
    }
}
