package org.gearshift.vmm.boot;

import java.util.Arrays;
import java.util.List;

/** A kernel's own code as its file holds it, found by the virtual addresses it is linked for: to look at without running it. */
public final class KernelCode {
    /**
     * A run of bytes of a file.
     *
     * @param address virtual address of the first
     * @param offset where they begin in the file
     * @param length how many there are in the file
     */
    public record Segment(long address, KernelImage file, int offset, int length) {
        boolean holds(long a) {
            return a >= address && a - address < length;
        }

        /** A copy of the bytes. */
        public byte[] bytes() {
            return Arrays.copyOfRange(file.array(), offset, offset + length);
        }
    }

    private final List<Segment> segments;

    private KernelCode(List<Segment> segments) {
        this.segments = segments;
    }

    /**
     * The code of an ELF kernel, or of the ELF kernel packed in a Linux bzImage.
     *
     * @throws BootException if the image is damaged, packed in an unsupported way, or holds no ELF file
     */
    public static KernelCode of(KernelImage k) throws BootException {
        KernelImage elf = k.kind() == KernelImage.Kind.LINUX ? LinuxPayload.unpack(k) : k;
        return new KernelCode(new ElfImage(elf).segments());
    }

    /** The segment that holds an address, or null. */
    public Segment at(long address) {
        return segments.stream().filter(s -> s.holds(address)).findFirst().orElse(null);
    }

    /** All loadable segments, in the order of the file. */
    public List<Segment> segments() {
        return segments;
    }
}
