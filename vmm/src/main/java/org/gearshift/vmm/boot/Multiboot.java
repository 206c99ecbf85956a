package org.gearshift.vmm.boot;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.gearshift.paging.GuestRam;

/** Multiboot specification version 0.6.96: ELF images and the header's own load addresses, memory map, command line, one module. */
final class Multiboot {
    private static final int HEADER_MAGIC = 0x1badb002;
    private static final int BOOT_MAGIC = 0x2badb002;
    private static final int SEARCH = 8192;

    private static final int FLAG_VIDEO = 1 << 2;
    private static final int FLAG_ADDRESSES = 1 << 16;

    private static final int INFO = 0x9000;
    private static final int MMAP = 0x9100;
    private static final int MODULES = 0x9400;
    private static final int LOADER_NAME = 0x9500;
    private static final int COMMAND_LINE = 0x9600;
    private static final int MODULE_LINE = 0xb600;
    private static final int MAX_LINE = 0x1fff;
    private static final int LOWEST = MODULE_LINE + MAX_LINE + 1;
    private static final int STACK_TOP = 0x9f000;

    private static final int INFO_MEMORY = 1;
    private static final int INFO_CMDLINE = 1 << 2;
    private static final int INFO_MODS = 1 << 3;
    private static final int INFO_MMAP = 1 << 6;
    private static final int INFO_LOADER_NAME = 1 << 9;

    private Multiboot() {
    }

    /** Offset of the header in the file, or -1. */
    static int findHeader(KernelImage k) throws BootException {
        for (int at = 0; at + 12 <= Math.min(SEARCH, k.length()); at += 4) {
            if (k.u32(at) == HEADER_MAGIC && k.u32(at) + k.u32(at + 4) + k.u32(at + 8) == 0) {
                return at;
            }
        }
        return -1;
    }

    static BootState load(KernelImage k, byte[] module, String moduleName, String commandLine, GuestRam ram) throws BootException {
        int header = findHeader(k);
        int flags = k.u32(header + 4);
        int unknown = flags & 0xffff & ~7;
        if (unknown != 0) {
            throw new BootException(k.name() + ": multiboot header requires unknown features 0x" + Integer.toHexString(unknown));
        }
        if ((flags & FLAG_VIDEO) != 0) {
            System.getLogger(Multiboot.class.getName()).log(System.Logger.Level.DEBUG,
                    "{0}: asks for a video mode; there is no display, it gets none", k.name());
        }
        long end;
        int entry;
        if ((flags & FLAG_ADDRESSES) != 0) {
            entry = k.u32(header + 28);
            end = loadByAddresses(k, header, k.unsigned32(header + 12), k.unsigned32(header + 16), k.unsigned32(header + 20), k.unsigned32(header + 24), ram, LOWEST);
        } else {
            ElfImage elf = new ElfImage(k);
            entry = elf.entry();
            end = elf.load(ram, LOWEST);
        }
        int infoFlags = INFO_MEMORY | INFO_CMDLINE | INFO_MMAP | INFO_LOADER_NAME;
        if (module.length > 0) {
            describeModule((int) placeModule(module, moduleName, ram, end), module.length, moduleName, ram);
            infoFlags |= INFO_MODS;
        }
        ram.put32(INFO, infoFlags);
        ram.put32(INFO + 4, (int) (MemoryMap.LOW_END >> 10));
        ram.put32(INFO + 8, (int) (ram.lowEnd() - MemoryMap.HIGH_START >> 10));
        string(ram, COMMAND_LINE, commandLine);
        ram.put32(INFO + 16, COMMAND_LINE);
        string(ram, LOADER_NAME, "Gearshift");
        ram.put32(INFO + 64, LOADER_NAME);
        memoryMap(ram);
        FlatGdt.write(ram);
        return BootState.flat32(entry, BOOT_MAGIC, INFO, 0, STACK_TOP, "multiboot 1");
    }

    /**
     * Loads an image that says itself where it goes.
     *
     * @param header offset of its header in the file, which goes to {@code headerAddress}
     * @param loadEnd end of what is loaded; 0 for all of the file
     * @param bssEnd end of the zeroed memory behind; 0 for none
     * @param lowest first address below 1 MiB that the loader does not need
     * @return the first address behind it all
     */
    static long loadByAddresses(KernelImage k, int header, long headerAddress, long loadAddress, long loadEnd, long bssEnd, GuestRam ram, long lowest)
            throws BootException {
        long offset = header - (headerAddress - loadAddress);
        long inFile = loadEnd == 0 ? k.length() - offset : loadEnd - loadAddress;
        long inMemory = Math.max(inFile, bssEnd == 0 ? 0 : bssEnd - loadAddress);
        k.check(offset, inFile);
        ElfImage.place(k, ram, offset, loadAddress, inFile, inMemory, lowest);
        return loadAddress + inMemory;
    }

    /** Puts a module behind the kernel, at a page boundary; returns where. */
    static long placeModule(byte[] module, String name, GuestRam ram, long kernelEnd) throws BootException {
        long at = kernelEnd + 0xfff & ~0xfffL;
        if (at + module.length > ram.lowEnd()) {
            throw new BootException(name + ": no room for a module of " + ZeroPage.mib(module.length) + " MiB beside the kernel; give more with -m");
        }
        ram.copyIn(at, module, 0, module.length);
        return at;
    }

    private static void describeModule(int at, int length, String name, GuestRam ram) throws BootException {
        ram.put32(MODULES, at);
        ram.put32(MODULES + 4, at + length);
        string(ram, MODULE_LINE, name);
        ram.put32(MODULES + 8, MODULE_LINE);
        ram.put32(MODULES + 12, 0);
        ram.put32(INFO + 20, 1);
        ram.put32(INFO + 24, MODULES);
    }

    private static void memoryMap(GuestRam ram) {
        List<MemoryMap.Range> ranges = new MemoryMap(ram.size()).ranges();
        int at = MMAP;
        for (MemoryMap.Range r : ranges) {
            ram.put32(at, 20);
            ram.put64(at + 4, r.start());
            ram.put64(at + 12, r.length());
            ram.put32(at + 20, r.type());
            at += 24;
        }
        ram.put32(INFO + 44, at - MMAP);
        ram.put32(INFO + 48, MMAP);
    }

    private static void string(GuestRam ram, int at, String text) throws BootException {
        byte[] b = text.getBytes(StandardCharsets.UTF_8);
        if (b.length > MAX_LINE) {
            throw new BootException("command line of " + b.length + " bytes; multiboot kernels get at most " + MAX_LINE);
        }
        ram.copyIn(at, b, 0, b.length);
        ram.put8(at + b.length, 0);
    }
}
