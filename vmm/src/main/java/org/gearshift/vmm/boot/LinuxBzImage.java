package org.gearshift.vmm.boot;

import org.gearshift.paging.GuestRam;

/** Linux/x86 boot protocol, 32-bit entry (Documentation/arch/x86/boot.rst in the kernel source). Offsets are those of the setup header in the file. */
final class LinuxBzImage {
    private static final int SETUP_SECTS = 0x1f1;
    private static final int SYSSIZE = 0x1f4;
    private static final int VERSION = ZeroPage.VERSION;
    private static final int LOADFLAGS = 0x211;
    private static final int CODE32_START = 0x214;
    private static final int INITRD_ADDR_MAX = 0x22c;
    private static final int RELOCATABLE = 0x234;
    private static final int XLOADFLAGS = 0x236;
    private static final int CMDLINE_SIZE = 0x238;
    private static final int PREF_ADDRESS = 0x258;
    private static final int INIT_SIZE = 0x260;

    private static final int LOADED_HIGH = 1;
    private static final int XLF_KERNEL_64 = 1;

    private LinuxBzImage() {
    }

    static BootState load(KernelImage k, byte[] initrd, String initrdName, String commandLine, GuestRam ram, long rsdp) throws BootException {
        int version = k.u16(VERSION);
        if (version < 0x0202 || (k.u8(LOADFLAGS) & LOADED_HIGH) == 0) {
            throw new BootException(k.name() + ": boot protocol " + text(version) + " is too old; a bzImage of protocol 2.02 or later is needed");
        }
        int setupBytes = setupBytes(k);
        long systemBytes = k.unsigned32(SYSSIZE) * 16;
        if (setupBytes + systemBytes - 15 > k.length()) {
            throw new BootException(k.name() + ": truncated bzImage: " + (setupBytes + systemBytes) + " bytes announced, the file has " + k.length());
        }
        int system = Math.max(0, k.length() - setupBytes);
        long start = start(k, version);
        long room = Math.max(system, version >= 0x020a ? k.unsigned32(INIT_SIZE) : system);
        if (start + room > ram.lowEnd()) {
            throw new BootException(k.name() + ": needs " + ZeroPage.mib(start + room) + " MiB of memory for the kernel alone, the machine has "
                    + ZeroPage.mib(ram.lowEnd()) + " MiB; give more with -m");
        }
        ZeroPage page = new ZeroPage(ram, rsdp);
        page.copyHeader(k);
        page.initrd(initrd, initrdName, version >= 0x0203 ? k.unsigned32(INITRD_ADDR_MAX) : ZeroPage.DEFAULT_INITRD_MAX, start + room);
        page.commandLine(commandLine, version >= 0x0206 ? k.unsigned32(CMDLINE_SIZE) : 255);
        ram.copyIn(start, k.array(), k.length() - system, system);
        return page.enter((int) start, "Linux boot protocol " + text(version));
    }

    /** Whether the kernel is a 64-bit one: it has a 64-bit entry point beside the 32-bit one, which is the one used. */
    static boolean is64Bit(KernelImage k) throws BootException {
        return k.u16(VERSION) >= 0x020c && (k.u16(XLOADFLAGS) & XLF_KERNEL_64) != 0;
    }

    /** Length of the real-mode part: the boot sector and the setup sectors. */
    static int setupBytes(KernelImage k) throws BootException {
        int sectors = k.u8(SETUP_SECTS);
        return ((sectors == 0 ? 4 : sectors) + 1) * 512;
    }

    /** Where the protected-mode part goes: where it was linked to run, if it says so. */
    private static long start(KernelImage k, int version) throws BootException {
        boolean preferred = version >= 0x020a && k.u8(RELOCATABLE) != 0;
        long start = k.unsigned32(preferred ? PREF_ADDRESS : CODE32_START);
        if (start < MemoryMap.HIGH_START || preferred && k.u32(PREF_ADDRESS + 4) != 0) {
            throw new BootException(k.name() + ": damaged bzImage: wants to be loaded at 0x" + Long.toHexString(start)
                    + ", not between 1 MiB and 4 GiB");
        }
        return start;
    }

    private static String text(int version) {
        return (version >> 8) + "." + String.format("%02d", version & 0xff);
    }
}
