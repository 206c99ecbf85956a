package org.gearshift.vmm.boot;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.gearshift.paging.GuestRam;

/**
 * The PVH entry of an ELF kernel: 32-bit, EBX points to {@code struct hvm_start_info} version 1 (Xen public header
 * arch-x86/hvm/start_info.h); the entry address is ELF note XEN_ELFNOTE_PHYS32_ENTRY.
 */
final class PvhKernel {
    private static final int XEN_ELFNOTE_PHYS32_ENTRY = 18;
    private static final int START_MAGIC = 0x336ec578;
    private static final int START_INFO = 0x9000;
    private static final int MODULE_LIST = 0x9040;
    private static final int MEMMAP = 0x9080;
    private static final int COMMAND_LINE = 0x20000;
    private static final int MAX_LINE = 0x3fff;
    private static final int LOWEST = COMMAND_LINE + MAX_LINE + 1;
    private static final int STACK_TOP = 0x9f000;

    private PvhKernel() {
    }

    /** The entry point, or -1 if the image has none. */
    static long entry(ElfImage elf) throws BootException {
        return elf.note("Xen", XEN_ELFNOTE_PHYS32_ENTRY);
    }

    static BootState load(KernelImage k, ElfImage elf, byte[] initrd, String initrdName, String commandLine, GuestRam ram, long rsdp)
            throws BootException {
        long end = elf.load(ram, LOWEST);
        ram.fill(START_INFO, 0x200, 0);
        ram.put32(START_INFO, START_MAGIC);
        ram.put32(START_INFO + 4, 1);
        if (initrd.length > 0) {
            long at = Math.min(ram.lowEnd(), 0x37000000L) - initrd.length & ~0xfffL;
            if (at < end) {
                throw new BootException(initrdName + ": no room for a RAM disk of " + ZeroPage.mib(initrd.length)
                        + " MiB beside the kernel; give more with -m");
            }
            ram.copyIn(at, initrd, 0, initrd.length);
            ram.put32(START_INFO + 12, 1);
            ram.put64(START_INFO + 16, MODULE_LIST);
            ram.put64(MODULE_LIST, at);
            ram.put64(MODULE_LIST + 8, initrd.length);
        }
        byte[] line = commandLine.getBytes(StandardCharsets.UTF_8);
        if (line.length > MAX_LINE) {
            throw new BootException("kernel command line of " + line.length + " bytes; at most " + MAX_LINE + " fit");
        }
        ram.copyIn(COMMAND_LINE, line, 0, line.length);
        ram.put8(COMMAND_LINE + line.length, 0);
        ram.put64(START_INFO + 24, COMMAND_LINE);
        ram.put64(START_INFO + 32, rsdp);
        List<MemoryMap.Range> ranges = new MemoryMap(ram.size()).ranges();
        ram.put64(START_INFO + 40, MEMMAP);
        ram.put32(START_INFO + 48, ranges.size());
        for (int i = 0; i < ranges.size(); i++) {
            ram.put64(MEMMAP + i * 24, ranges.get(i).start());
            ram.put64(MEMMAP + i * 24 + 8, ranges.get(i).length());
            ram.put32(MEMMAP + i * 24 + 16, ranges.get(i).type());
        }
        FlatGdt.write(ram);
        return BootState.flat32((int) entry(elf), 0, START_INFO, 0, STACK_TOP, "PVH");
    }
}
