package org.gearshift.vmm.boot;

import java.nio.charset.StandardCharsets;
import org.gearshift.paging.GuestRam;

/**
 * Linux/x86 boot protocol, 32-bit entry (Documentation/arch/x86/boot.rst in the kernel source). Offsets are those of
 * {@code struct boot_params}, the "zero page".
 */
final class LinuxBzImage {
    private static final int ZERO_PAGE = 0x10000;
    private static final int COMMAND_LINE = 0x20000;
    private static final int COMMAND_LINE_ROOM = 0x10000;
    private static final int STACK_TOP = 0x9f000;

    private static final int ACPI_RSDP_ADDR = 0x070;
    private static final int E820_ENTRIES = 0x1e8;
    private static final int SETUP_HEADER = 0x1f1;
    /** Where the fields behind the setup header begin. */
    private static final int SETUP_HEADER_END = 0x290;
    private static final int VID_MODE = 0x1fa;
    private static final int SYSSIZE = 0x1f4;
    private static final int JUMP = 0x200;
    private static final int VERSION = 0x206;
    private static final int TYPE_OF_LOADER = 0x210;
    private static final int LOADFLAGS = 0x211;
    private static final int CODE32_START = 0x214;
    private static final int RAMDISK_IMAGE = 0x218;
    private static final int RAMDISK_SIZE = 0x21c;
    private static final int CMD_LINE_PTR = 0x228;
    private static final int INITRD_ADDR_MAX = 0x22c;
    private static final int RELOCATABLE = 0x234;
    private static final int XLOADFLAGS = 0x236;
    private static final int CMDLINE_SIZE = 0x238;
    private static final int PREF_ADDRESS = 0x258;
    private static final int INIT_SIZE = 0x260;
    private static final int E820_TABLE = 0x2d0;

    private static final int LOADED_HIGH = 1;
    private static final int XLF_KERNEL_64 = 1;

    private LinuxBzImage() {
    }

    static BootState load(KernelImage k, byte[] initrd, String initrdName, String commandLine, GuestRam ram, long rsdp) throws BootException {
        int version = k.u16(VERSION);
        if (version < 0x0202 || (k.u8(LOADFLAGS) & LOADED_HIGH) == 0) {
            throw new BootException(k.name() + ": boot protocol " + (version >> 8) + "." + (version & 0xff) + " is too old; a bzImage of protocol 2.02 or later is needed");
        }
        if (version >= 0x020c && (k.u16(XLOADFLAGS) & XLF_KERNEL_64) != 0) {
            throw new BootException(k.name() + ": a 64-bit kernel; this machine's processor is 32-bit, use an i386 (686) kernel");
        }
        int setupSectors = k.u8(SETUP_HEADER) == 0 ? 4 : k.u8(SETUP_HEADER);
        int setupBytes = (setupSectors + 1) * 512;
        long systemBytes = k.unsigned32(SYSSIZE) * 16;
        if (setupBytes + systemBytes - 15 > k.length()) {
            throw new BootException(k.name() + ": truncated bzImage: " + (setupBytes + systemBytes) + " bytes announced, the file has " + k.length());
        }
        int system = Math.max(0, k.length() - setupBytes);
        boolean relocatable = version >= 0x0205 && k.u8(RELOCATABLE) != 0;
        long start = version >= 0x020a && relocatable ? k.unsigned32(PREF_ADDRESS) : k.unsigned32(CODE32_START);
        long room = Math.max(system, version >= 0x020a ? k.unsigned32(INIT_SIZE) : system);
        if (start < MemoryMap.HIGH_START) {
            throw new BootException(k.name() + ": damaged bzImage: wants to be loaded at 0x" + Long.toHexString(start) + ", below 1 MiB");
        }
        if (start + room > ram.size()) {
            throw new BootException(k.name() + ": needs " + mib(start + room) + " MiB of memory for the kernel alone, the machine has "
                    + mib(ram.size()) + " MiB; give more with -m");
        }
        zeroPage(k, ram, version);
        long initrdAt = placeInitrd(k, initrd, initrdName, ram, version, start + room);
        ram.put32(ZERO_PAGE + RAMDISK_IMAGE, (int) initrdAt);
        ram.put32(ZERO_PAGE + RAMDISK_SIZE, initrd.length);
        commandLine(k, commandLine, ram, version);
        ram.put32(ZERO_PAGE + CODE32_START, (int) start);
        ram.put64(ZERO_PAGE + ACPI_RSDP_ADDR, rsdp);
        e820(ram);
        ram.copyIn(start, k.array(), setupBytes, system);
        FlatGdt.write(ram);
        return new BootState((int) start, 0, 0, ZERO_PAGE, STACK_TOP, FlatGdt.ADDRESS, FlatGdt.LIMIT, FlatGdt.CODE, FlatGdt.DATA,
                "Linux boot protocol " + (version >> 8) + "." + String.format("%02d", version & 0xff));
    }

    private static void zeroPage(KernelImage k, GuestRam ram, int version) throws BootException {
        ram.fill(ZERO_PAGE, 4096, 0);
        int headerEnd = Math.min(JUMP + 2 + k.u8(JUMP + 1), SETUP_HEADER_END);
        k.check(SETUP_HEADER, headerEnd - SETUP_HEADER);
        ram.copyIn(ZERO_PAGE + SETUP_HEADER, k.array(), SETUP_HEADER, headerEnd - SETUP_HEADER);
        ram.put8(ZERO_PAGE + TYPE_OF_LOADER, 0xff);
        ram.put16(ZERO_PAGE + VID_MODE, 0xffff);
    }

    private static long placeInitrd(KernelImage k, byte[] initrd, String initrdName, GuestRam ram, int version, long kernelEnd) throws BootException {
        if (initrd.length == 0) {
            return 0;
        }
        long max = version >= 0x0203 ? k.unsigned32(INITRD_ADDR_MAX) : 0x37ffffffL;
        long top = Math.min(ram.size(), max + 1);
        long at = top - initrd.length & ~0xfffL;
        if (at < kernelEnd) {
            throw new BootException(initrdName + ": no room for a RAM disk of " + mib(initrd.length) + " MiB beside the kernel in "
                    + mib(ram.size()) + " MiB; give more with -m");
        }
        ram.copyIn(at, initrd, 0, initrd.length);
        return at;
    }

    private static void commandLine(KernelImage k, String commandLine, GuestRam ram, int version) throws BootException {
        byte[] text = commandLine.getBytes(StandardCharsets.UTF_8);
        long max = version >= 0x0206 ? Math.min(k.unsigned32(CMDLINE_SIZE), COMMAND_LINE_ROOM) : 255;
        if (text.length > max) {
            throw new BootException("kernel command line of " + text.length + " bytes; " + k.name() + " takes at most " + max);
        }
        ram.copyIn(COMMAND_LINE, text, 0, text.length);
        ram.put8(COMMAND_LINE + text.length, 0);
        ram.put32(ZERO_PAGE + CMD_LINE_PTR, COMMAND_LINE);
    }

    private static void e820(GuestRam ram) {
        int n = 0;
        for (MemoryMap.Range r : new MemoryMap(ram.size()).ranges()) {
            int at = ZERO_PAGE + E820_TABLE + n++ * 20;
            ram.put64(at, r.start());
            ram.put64(at + 8, r.length());
            ram.put32(at + 16, r.type());
        }
        ram.put8(ZERO_PAGE + E820_ENTRIES, n);
    }

    static long mib(long bytes) {
        return bytes + (1 << 20) - 1 >> 20;
    }
}
