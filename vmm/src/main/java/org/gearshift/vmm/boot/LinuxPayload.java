package org.gearshift.vmm.boot;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.GZIPInputStream;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import org.tukaani.xz.SingleXZInputStream;

/**
 * The kernel proper inside a bzImage: an ELF file, compressed, at {@code payload_offset} behind the setup sectors (Documentation/arch/x86/boot.rst
 * in the kernel source). A guest unpacks it itself when it boots; this is for looking at a kernel without running it.
 */
final class LinuxPayload {
    private static final int PAYLOAD_OFFSET = 0x248;
    private static final int PAYLOAD_LENGTH = 0x24c;
    private static final int FIRST_VERSION = 0x0208;

    /** Most a payload may unpack to: several times what kernels for 32-bit processors do. */
    static final int MAX_UNPACKED = 256 << 20;
    private static final int XZ_MEMORY_KIB = 256 << 10;

    private static final int LZ4_LEGACY = 0x184c2102;
    /** Uncompressed size of every LZ4 legacy block but the last. */
    private static final int LZ4_BLOCK = 8 << 20;

    /** Compressions by the bytes they begin with, as scripts/Makefile.lib of the kernel source makes them. */
    private enum Format {
        GZIP("gzip", 0x1f, 0x8b),
        XZ("XZ", 0xfd, '7', 'z', 'X', 'Z', 0),
        LZ4("LZ4", 0x02, 0x21, 0x4c, 0x18),
        ZSTD("Zstandard", 0x28, 0xb5, 0x2f, 0xfd),
        LZMA("LZMA", 0x5d, 0, 0),
        BZIP2("bzip2", 'B', 'Z', 'h'),
        LZO("LZO", 0x89, 'L', 'Z', 'O'),
        NONE("no compression", 0x7f, 'E', 'L', 'F');

        final String text;
        final int[] magic;

        Format(String text, int... magic) {
            this.text = text;
            this.magic = magic;
        }
    }

    private LinuxPayload() {
    }

    /**
     * Unpacks a bzImage's payload.
     *
     * @throws BootException if there is none, it is damaged, or it is compressed in a way that is not supported
     */
    static KernelImage unpack(KernelImage k) throws BootException {
        if (k.u16(ZeroPage.VERSION) < FIRST_VERSION) {
            throw new BootException(k.name() + ": boot protocol older than 2.08: the header does not say where the compressed kernel is");
        }
        long at = LinuxBzImage.setupBytes(k) + k.unsigned32(PAYLOAD_OFFSET);
        long length = k.unsigned32(PAYLOAD_LENGTH);
        if (length == 0) {
            throw new BootException(k.name() + ": the setup header names no compressed kernel");
        }
        k.check(at, length);
        String name = k.name() + " (unpacked)";
        Format f = format(k, (int) at, (int) length);
        try {
            return new KernelImage(name, unpack(k, f, (int) at, (int) length));
        } catch (IOException | LZ4Exception e) {
            throw new BootException(k.name() + ": damaged " + f.text + " payload (" + e.getMessage() + ")");
        }
    }

    private static Format format(KernelImage k, int at, int length) throws BootException {
        for (Format f : Format.values()) {
            boolean same = f.magic.length <= length;
            for (int i = 0; same && i < f.magic.length; i++) {
                same = k.u8(at + i) == f.magic[i];
            }
            if (same) {
                return f;
            }
        }
        throw new BootException(k.name() + ": the compressed kernel is in no known format");
    }

    private static byte[] unpack(KernelImage k, Format f, int at, int length) throws IOException, BootException {
        ByteArrayInputStream packed = new ByteArrayInputStream(k.array(), at, length);
        return switch (f) {
            case GZIP -> read(k, new GZIPInputStream(packed));
            case XZ -> sized(k, at + length, read(k, new SingleXZInputStream(packed, XZ_MEMORY_KIB)));
            case LZ4 -> sized(k, at + length, lz4(k, at, length));
            case NONE -> packed.readAllBytes();
            default -> throw new BootException(k.name() + ": the kernel is compressed with " + f.text
                    + ", which is not supported here; unpack it (scripts/extract-vmlinux of the kernel source) and give the vmlinux");
        };
    }

    /** Checks the size that the kernel's build appends in four bytes to compressed data which do not tell it themselves. */
    private static byte[] sized(KernelImage k, int end, byte[] data) throws IOException, BootException {
        if (data.length != k.u32(end - 4)) {
            throw new IOException(data.length + " bytes instead of " + k.unsigned32(end - 4));
        }
        return data;
    }

    private static byte[] read(KernelImage k, InputStream in) throws IOException, BootException {
        try (in) {
            byte[] out = in.readNBytes(MAX_UNPACKED);
            if (in.read() >= 0) {
                throw tooLarge(k);
            }
            return out;
        }
    }

    private static BootException tooLarge(KernelImage k) {
        return new BootException(k.name() + ": the kernel unpacks to more than " + ZeroPage.mib(MAX_UNPACKED) + " MiB");
    }

    /** LZ4 legacy frames (lz4_Frame_format.md, "Legacy frame"): a magic number, then blocks, each behind its compressed size; here also behind each other. */
    private static byte[] lz4(KernelImage k, int from, int length) throws IOException, BootException {
        ByteBuffer in = ByteBuffer.wrap(k.array(), from, length).order(ByteOrder.LITTLE_ENDIAN);
        LZ4SafeDecompressor d = LZ4Factory.safeInstance().safeDecompressor();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] block = new byte[LZ4_BLOCK];
        // The last four bytes are the uncompressed size.
        while (in.remaining() > 4) {
            int size = in.getInt();
            if (size == LZ4_LEGACY) {
                continue;
            }
            if (size <= 0 || size > in.remaining()) {
                throw new IOException("a block of " + Integer.toUnsignedString(size) + " bytes where " + in.remaining() + " are left");
            }
            int n = d.decompress(in.array(), in.position(), size, block, 0, LZ4_BLOCK);
            in.position(in.position() + size);
            if (out.size() + n > MAX_UNPACKED) {
                throw tooLarge(k);
            }
            out.write(block, 0, n);
        }
        return out.toByteArray();
    }
}
