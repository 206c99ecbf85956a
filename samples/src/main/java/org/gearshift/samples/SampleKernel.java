package org.gearshift.samples;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.KernelImage;

/**
 * The embedded sample kernel: paging, timer interrupts, processes, micro-benchmarks; for a PC, 32-bit and 64-bit, and its twins for a paravirtual domain, from the
 * same sources but for what the machine is. They are in {@code samples/src/main/kernel}.
 */
public final class SampleKernel {
    private static final String PC = "sample-kernel.elf";
    private static final String PC64 = "sample-kernel-64.elf";
    private static final String XEN = "sample-kernel-xen.elf";
    private static final String XEN32 = "sample-kernel-xen32.elf";

    private SampleKernel() {
    }

    /** The built image, as committed beside its source. */
    public static byte[] bytes() {
        return bytes(PC);
    }

    /** The built image for 64-bit mode. */
    public static byte[] bytes64() {
        return bytes(PC64);
    }

    /** The built image of the 64-bit twin. */
    public static byte[] paravirtualBytes() {
        return bytes(XEN);
    }

    /** The built image of the 32-bit twin. */
    public static byte[] paravirtualBytes32() {
        return bytes(XEN32);
    }

    private static byte[] bytes(String resource) {
        try (InputStream in = SampleKernel.class.getResourceAsStream(resource)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The image, ready to load. */
    public static KernelImage image() throws BootException {
        return new KernelImage("sample kernel", bytes());
    }

    /** The image for a PC in 64-bit mode, which PVH loaders start. */
    public static KernelImage image64() throws BootException {
        return new KernelImage("64-bit sample kernel", bytes64());
    }

    /** The 64-bit twin's image, for a paravirtual domain of 96 MiB at least. */
    public static KernelImage paravirtualImage() throws BootException {
        return new KernelImage("paravirtual sample kernel", paravirtualBytes());
    }

    /** The 32-bit twin's image, for such a domain too. */
    public static KernelImage paravirtualImage32() throws BootException {
        return new KernelImage("32-bit paravirtual sample kernel", paravirtualBytes32());
    }
}
