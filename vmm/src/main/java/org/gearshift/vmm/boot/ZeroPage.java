package org.gearshift.vmm.boot;

import java.nio.charset.StandardCharsets;
import org.gearshift.paging.GuestRam;

/**
 * Linux's {@code struct boot_params}, the "zero page", with the command line and the RAM disk it points to (Documentation/arch/x86/zero-page.rst
 * and boot.rst in the kernel source).
 */
final class ZeroPage {
    static final int ADDRESS = 0x10000;
    static final int SETUP_HEADER = 0x1f1;
    /** Where the fields behind the setup header begin. */
    static final int SETUP_HEADER_END = 0x290;
    static final int VERSION = 0x206;
    /** Highest address of a RAM disk where the kernel does not say: boot.rst under initrd_addr_max. */
    static final long DEFAULT_INITRD_MAX = 0x37ffffffL;

    private static final int COMMAND_LINE = 0x20000;
    private static final int COMMAND_LINE_ROOM = 0x10000;
    /** First address below 1 MiB behind all this. */
    static final int LOWEST = COMMAND_LINE + COMMAND_LINE_ROOM + 1;
    private static final int STACK_TOP = 0x9f000;

    private static final int ACPI_RSDP_ADDR = 0x070;
    private static final int E820_ENTRIES = 0x1e8;
    private static final int VID_MODE = 0x1fa;
    private static final int BOOT_FLAG = 0x1fe;
    private static final int HEADER = 0x202;
    private static final int TYPE_OF_LOADER = 0x210;
    private static final int LOADFLAGS = 0x211;
    private static final int CODE32_START = 0x214;
    private static final int RAMDISK_IMAGE = 0x218;
    private static final int RAMDISK_SIZE = 0x21c;
    private static final int CMD_LINE_PTR = 0x228;
    private static final int E820_TABLE = 0x2d0;

    private static final int HDRS = 0x53726448;

    private final GuestRam ram;

    /** Clears the page and fills in what does not depend on the kernel. */
    ZeroPage(GuestRam ram, long rsdp) {
        this.ram = ram;
        ram.fill(ADDRESS, 4096, 0);
        ram.put64(ADDRESS + ACPI_RSDP_ADDR, rsdp);
        int n = 0;
        for (MemoryMap.Range r : new MemoryMap(ram.size()).ranges()) {
            int at = ADDRESS + E820_TABLE + n++ * 20;
            ram.put64(at, r.start());
            ram.put64(at + 8, r.length());
            ram.put32(at + 16, r.type());
        }
        ram.put8(ADDRESS + E820_ENTRIES, n);
    }

    /** The setup header of a bzImage: its length is that of the jump at its start. */
    void copyHeader(KernelImage k) throws BootException {
        int end = Math.min(HEADER + k.u8(HEADER - 1), SETUP_HEADER_END);
        k.check(SETUP_HEADER, end - SETUP_HEADER);
        ram.copyIn(ADDRESS + SETUP_HEADER, k.array(), SETUP_HEADER, end - SETUP_HEADER);
        loader();
    }

    /** The setup header of a kernel whose file has none. */
    void makeHeader(int version) {
        ram.put16(ADDRESS + BOOT_FLAG, 0xaa55);
        ram.put32(ADDRESS + HEADER, HDRS);
        ram.put16(ADDRESS + VERSION, version);
        ram.put8(ADDRESS + LOADFLAGS, 1);
        loader();
    }

    private void loader() {
        ram.put8(ADDRESS + TYPE_OF_LOADER, 0xff);
        ram.put16(ADDRESS + VID_MODE, 0xffff);
    }

    /** Places the RAM disk as high as it may be, above the kernel. @param max highest address its last byte may have */
    void initrd(byte[] initrd, String name, long max, long kernelEnd) throws BootException {
        if (initrd.length == 0) {
            ram.put32(ADDRESS + RAMDISK_IMAGE, 0);
            ram.put32(ADDRESS + RAMDISK_SIZE, 0);
            return;
        }
        long top = Math.min(ram.lowEnd(), max + 1);
        long at = top - initrd.length & ~0xfffL;
        if (at < kernelEnd) {
            throw new BootException(name + ": no room for a RAM disk of " + mib(initrd.length) + " MiB beside the kernel in " + mib(ram.lowEnd())
                    + " MiB; give more with -m");
        }
        ram.copyIn(at, initrd, 0, initrd.length);
        ram.put32(ADDRESS + RAMDISK_IMAGE, (int) at);
        ram.put32(ADDRESS + RAMDISK_SIZE, initrd.length);
    }

    /** Places the command line. @param max most bytes the kernel takes */
    void commandLine(String line, long max) throws BootException {
        byte[] text = line.getBytes(StandardCharsets.UTF_8);
        long most = Math.min(max, COMMAND_LINE_ROOM);
        if (text.length > most) {
            throw new BootException("kernel command line of " + text.length + " bytes; this kernel takes at most " + most);
        }
        ram.copyIn(COMMAND_LINE, text, 0, text.length);
        ram.put8(COMMAND_LINE + text.length, 0);
        ram.put32(ADDRESS + CMD_LINE_PTR, COMMAND_LINE);
    }

    /** The state for the 32-bit entry point. */
    BootState enter(int entry, String protocol) {
        ram.put32(ADDRESS + CODE32_START, entry);
        FlatGdt.write(ram);
        return BootState.flat32(entry, 0, 0, ADDRESS, STACK_TOP, protocol);
    }

    /** The state for the 64-bit entry point. */
    BootState enter64(int entry, String protocol) {
        FlatGdt.write64(ram);
        IdentityMap.write(ram);
        return BootState.flat64(entry, ADDRESS, STACK_TOP, protocol);
    }

    /** MiB, rounded up. */
    static long mib(long bytes) {
        return bytes + (1 << 20) - 1 >> 20;
    }
}
