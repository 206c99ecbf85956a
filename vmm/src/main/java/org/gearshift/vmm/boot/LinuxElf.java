package org.gearshift.vmm.boot;

import org.gearshift.paging.GuestRam;

/**
 * A Linux kernel as its build leaves it in {@code vmlinux}, neither packed nor with a setup header: the segments go to their physical addresses, and
 * the entry point is the 32-bit one of the boot protocol, or the 64-bit one, which a bzImage's own unpacking code jumps to as well.
 */
final class LinuxElf {
    /** Protocol the zero page announces: that of kernels since 5.5. */
    private static final int VERSION = 0x020f;
    /** COMMAND_LINE_SIZE of x86 less the final NUL. */
    private static final int MAX_LINE = 2047;

    private LinuxElf() {
    }

    /** True if the file has one of the notes Linux gives its kernels (include/linux/elfnote-lto.h, build-salt.h). */
    static boolean recognizes(ElfImage elf) throws BootException {
        return elf.hasNoteOf("Linux");
    }

    static BootState load(ElfImage elf, byte[] initrd, String initrdName, String commandLine, GuestRam ram, long rsdp) throws BootException {
        long end = elf.load(ram, ZeroPage.LOWEST);
        ZeroPage page = new ZeroPage(ram, rsdp);
        page.makeHeader(VERSION);
        page.initrd(initrd, initrdName, ZeroPage.DEFAULT_INITRD_MAX, end);
        page.commandLine(commandLine, MAX_LINE);
        return elf.is64Bit() ? page.enter64(elf.entry(), "Linux vmlinux, 64-bit") : page.enter(elf.entry(), "Linux vmlinux");
    }
}
