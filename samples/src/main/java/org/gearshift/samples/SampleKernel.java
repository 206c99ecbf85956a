package org.gearshift.samples;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.KernelImage;

/** The embedded sample kernel: paging, timer interrupts, processes, micro-benchmarks. Its sources are in {@code samples/src/main/kernel}. */
public final class SampleKernel {
    private static final String RESOURCE = "sample-kernel.elf";

    private SampleKernel() {
    }

    /** The built image, as committed beside its source. */
    public static byte[] bytes() {
        try (InputStream in = SampleKernel.class.getResourceAsStream(RESOURCE)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The image, ready to load. */
    public static KernelImage image() throws BootException {
        return new KernelImage("sample kernel", bytes());
    }
}
