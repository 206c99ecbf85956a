package org.gearshift.vmm.boot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import net.jpountz.lz4.LZ4Factory;
import org.junit.jupiter.api.Test;
import org.tukaani.xz.FilterOptions;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.X86Options;
import org.tukaani.xz.XZOutputStream;

/** The kernel proper is found inside a bzImage, in every compression that is supported. */
class LinuxPayloadTest {
    /** The kernel's build appends the uncompressed size. */
    private static byte[] sized(byte[] packed, int size) {
        return Images.join(packed, Images.buffer(4).putInt(size).array());
    }

    private static byte[] xz(byte[] data, FilterOptions... filters) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream z = new XZOutputStream(out, filters)) {
            z.write(data);
        }
        return sized(out.toByteArray(), data.length);
    }

    /** Legacy frames as lz4 -l writes them: blocks of 8 MiB of data. */
    private static byte[] lz4(byte[] data) {
        int block = 8 << 20;
        ByteBuffer out = Images.buffer(data.length + (1 << 20));
        out.putInt(0x184c2102);
        for (int at = 0; at < data.length; at += block) {
            byte[] packed = LZ4Factory.safeInstance().highCompressor().compress(data, at, Math.min(block, data.length - at));
            out.putInt(packed.length).put(packed);
        }
        return sized(Arrays.copyOf(out.array(), out.position()), data.length);
    }

    private static void assertUnpacks(byte[] expected, byte[] payload) throws BootException {
        assertArrayEquals(expected, LinuxPayload.unpack(Images.image(Images.bzImage(payload))).array());
    }

    private static void refused(String expected, byte[] bzImage) {
        BootException e = assertThrows(BootException.class, () -> LinuxPayload.unpack(Images.image(bzImage)), expected);
        assertTrue(e.getMessage().contains(expected), () -> "said: " + e.getMessage());
    }

    @Test
    void gzipXzLz4AndUncompressed() throws Exception {
        byte[] k = Images.vmlinux();
        assertUnpacks(k, Images.gzip(k));
        assertUnpacks(k, xz(k, new LZMA2Options()));
        assertUnpacks(k, lz4(k));
        assertUnpacks(k, k);
    }

    @Test
    void xzWithTheX86FilterTurnsCallTargetsBack() throws Exception {
        byte[] k = new byte[100_000];
        Random r = new Random(1);
        for (int i = 0; i + 8 < k.length; i += 8) {
            k[i] = (byte) 0xe8;
            k[i + 1] = (byte) r.nextInt();
        }
        assertUnpacks(k, xz(k, new X86Options(), new LZMA2Options()));
    }

    @Test
    void lz4OfSeveralBlocks() throws Exception {
        byte[] k = new byte[(8 << 20) + 12345];
        new Random(2).nextBytes(k);
        System.arraycopy(k, 0, k, 1 << 20, 7 << 20);
        assertUnpacks(k, lz4(k));
    }

    @Test
    void codeOfABzImageIsFoundByVirtualAddress() throws Exception {
        KernelCode.Segment s = KernelCode.of(Images.image(Images.bzImage(Images.gzip(Images.vmlinux())))).at(0xc1000000L);
        assertArrayEquals(Images.CODE, s.bytes());
    }

    @Test
    void otherCompressionsAreNamed() {
        refused("compressed with Zstandard, which is not supported", Images.bzImage(new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 1, 2, 3}));
        refused("compressed with bzip2", Images.bzImage("BZh91AY".getBytes()));
        refused("compressed with LZMA", Images.bzImage(new byte[] {0x5d, 0, 0, 0, 1}));
        refused("compressed with LZO", Images.bzImage(new byte[] {(byte) 0x89, 'L', 'Z', 'O', 0}));
        refused("in no known format", Images.bzImage("what is this".getBytes()));
        refused("in no known format", Images.bzImage(new byte[] {0x1f}));
    }

    @Test
    void damagedPayloadsAreRefused() throws Exception {
        byte[] k = Images.vmlinux();
        byte[] xz = xz(k, new LZMA2Options());
        refused("damaged XZ payload", Images.bzImage(Arrays.copyOf(xz, xz.length / 2)));
        refused("damaged XZ payload", Images.bzImage(Images.with(xz, 40, 4, -1)));
        byte[] gz = Images.gzip(k);
        refused("damaged gzip payload", Images.bzImage(Arrays.copyOf(gz, gz.length / 2)));
        byte[] lz4 = lz4(k);
        refused("damaged LZ4 payload", Images.bzImage(Arrays.copyOf(lz4, lz4.length / 2)));
        refused("damaged LZ4 payload", Images.bzImage(Images.with(lz4, 4, 4, -1)));
        refused("damaged LZ4 payload", Images.bzImage(Images.with(lz4, lz4.length - 4, 4, 7)));
        refused("bytes instead of 7", Images.bzImage(Images.with(xz, xz.length - 4, 4, 7)));
    }

    @Test
    void headersThatNameNoPayloadAreRefused() {
        refused("older than 2.08", Images.with(Images.bzImage(), 0x206, 2, 0x207));
        refused("names no compressed kernel", Images.with(Images.bzImage(), 0x24c, 4, 0));
        refused("truncated", Images.with(Images.bzImage(), 0x248, 4, 0xfffffff0L));
        refused("truncated", Images.with(Images.bzImage(), 0x24c, 4, 0xfffffff0L));
    }
}
