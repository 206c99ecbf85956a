package org.gearshift.vmm.boot;

import java.util.ArrayList;
import java.util.List;

/** A kernel that can be started as a paravirtual Xen domain, as its ELF notes describe it (elfnote.h of Xen's public headers). */
public final class PvKernel {
    private static final String OWNER = "Xen";
    private static final int ENTRY = 1;
    private static final int HYPERCALL_PAGE = 2;
    private static final int VIRT_BASE = 3;
    private static final int PADDR_OFFSET = 4;
    private static final int PAE_MODE = 9;
    private static final int INIT_P2M = 15;
    private static final int MOD_START_PFN = 16;
    private static final long MAX_SPAN = 1L << 31;

    /** What an absent address is. */
    public static final long NONE = -1;

    /**
     * A piece of the kernel.
     *
     * @param offset bytes from the start of the domain's memory to its first
     * @param fileOffset where the file has its contents
     * @param fileSize bytes the file has of it; the rest is zero
     * @param memorySize bytes it takes
     */
    public record Segment(long offset, int fileOffset, int fileSize, long memorySize) {
    }

    private final KernelImage file;
    private final boolean is64Bit;
    private final long entry;
    private final long virtBase;
    private final long hypercallPage;
    private final long initP2m;
    private final boolean modStartPfn;
    private final List<Segment> segments = new ArrayList<>();

    private PvKernel(KernelImage file) throws BootException {
        this.file = file;
        ElfImage elf = new ElfImage(file);
        if (!elf.hasNoteOf(OWNER)) {
            throw new BootException(file.name() + ": not a kernel for a paravirtual Xen domain: it has no Xen notes; without --mode pv it starts as on a PC");
        }
        is64Bit = elf.is64Bit();
        String pae = elf.noteText(OWNER, PAE_MODE);
        if (!is64Bit && !pae.startsWith("yes") && !pae.startsWith("bimodal")) {
            throw new BootException(file.name() + ": a 32-bit kernel that does not say that it knows page tables of three levels (PAE), which domains have");
        }
        entry = elf.noteNumber(OWNER, ENTRY, elf.entryAddress());
        virtBase = elf.noteNumber(OWNER, VIRT_BASE, 0);
        hypercallPage = elf.noteNumber(OWNER, HYPERCALL_PAGE, NONE);
        initP2m = elf.noteNumber(OWNER, INIT_P2M, NONE);
        modStartPfn = elf.noteNumber(OWNER, MOD_START_PFN, 0) != 0;
        long paddrOffset = elf.noteNumber(OWNER, PADDR_OFFSET, 0);
        if ((virtBase & 0xfff) != 0 || initP2m != NONE && (initP2m & 0xfff) != 0) {
            throw new BootException(file.name() + ": its Xen notes give an address that is not that of a page");
        }
        for (ElfImage.Load l : elf.loads()) {
            long offset = l.physical() - paddrOffset;
            if (offset < 0 || l.memorySize() > MAX_SPAN || offset > MAX_SPAN) {
                throw new BootException(file.name() + ": wants to be loaded at 0x" + Long.toHexString(l.physical()) + ", where no memory can be");
            }
            segments.add(new Segment(offset, (int) l.offset(), (int) l.fileSize(), l.memorySize()));
        }
        if (segments.isEmpty()) {
            throw new BootException(file.name() + ": no loadable segment");
        }
    }

    /**
     * The kernel in a file: an ELF file, or a Linux bzImage with one inside.
     *
     * @throws BootException if it is damaged, packed in an unsupported way, or no kernel for a paravirtual domain
     */
    public static PvKernel of(KernelImage k) throws BootException {
        return new PvKernel(k.kind() == KernelImage.Kind.LINUX ? LinuxPayload.unpack(k) : k);
    }

    /** The file that {@link Segment#fileOffset} counts in. */
    public KernelImage file() {
        return file;
    }

    /** Whether it is 64-bit code; else 32-bit code with page tables of three levels. */
    public boolean is64Bit() {
        return is64Bit;
    }

    /** Virtual address to start at. */
    public long entry() {
        return entry;
    }

    /** Virtual address of the domain's first page. */
    public long virtBase() {
        return virtBase;
    }

    /** Virtual address of the page that wants hypercall entry points, or {@link #NONE}. */
    public long hypercallPage() {
        return hypercallPage;
    }

    /** Virtual address at which the list of frames is to be mapped, or {@link #NONE}: where the memory around it is. */
    public long initP2m() {
        return initP2m;
    }

    /** Whether the RAM disk need not be mapped, and is told by page number. */
    public boolean modStartPfn() {
        return modStartPfn;
    }

    public List<Segment> segments() {
        return List.copyOf(segments);
    }
}
