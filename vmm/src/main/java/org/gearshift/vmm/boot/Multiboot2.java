package org.gearshift.vmm.boot;

import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.gearshift.paging.GuestRam;

/**
 * Multiboot2 specification version 2.0, for i386 and x86-64 images: the 32-bit entry in protected mode, an information structure with command line, one module, memory map and ACPI root
 * pointer. There is no display and no EFI: an image that insists on either, or on anything else that is not here, is refused with the tag's name; what it marks optional is ignored.
 */
final class Multiboot2 {
    private static final int HEADER_MAGIC = 0xe85250d6;
    private static final int BOOT_MAGIC = 0x36d76289;
    /** The header lies in so many bytes from the start, 64-bit aligned. */
    private static final int SEARCH = 32768;
    private static final int ARCHITECTURE_I386 = 0;
    private static final int HEADER_BYTES = 16;
    private static final int OPTIONAL = 1;

    /** Tags of the header. */
    private static final int END = 0;
    private static final int INFORMATION_REQUEST = 1;
    private static final int ADDRESS = 2;
    private static final int ENTRY = 3;
    private static final int CONSOLE = 4;
    private static final int MODULE_ALIGNMENT = 6;
    private static final int RELOCATABLE = 10;
    private static final String[] HEADER_TAGS = {"end", "information request", "address", "entry address", "console flags", "framebuffer", "module alignment", "EFI boot services",
        "EFI i386 entry address", "EFI amd64 entry address", "relocatable header"};
    private static final int CONSOLE_REQUIRED = 1;

    /** Tags of the information structure. */
    private static final int INFO_COMMAND_LINE = 1;
    private static final int INFO_LOADER_NAME = 2;
    private static final int INFO_MODULE = 3;
    private static final int INFO_MEMORY = 4;
    private static final int INFO_MEMORY_MAP = 6;
    private static final int INFO_OLD_RSDP = 14;
    private static final int INFO_NEW_RSDP = 15;
    private static final int INFO_LOAD_BASE = 21;
    private static final Set<Integer> PROVIDED = Set.of(INFO_COMMAND_LINE, INFO_LOADER_NAME, INFO_MODULE, INFO_MEMORY, INFO_MEMORY_MAP, INFO_OLD_RSDP, INFO_NEW_RSDP, INFO_LOAD_BASE);

    private static final int OLD_RSDP_BYTES = 20;
    private static final int NEW_RSDP_BYTES = 36;
    private static final int MAP_ENTRY = 24;
    private static final int INFO = 0x9000;
    private static final int MAX_LINE = 0x1fff;
    private static final int INFO_BYTES = 0x8000;
    private static final int LOWEST = INFO + INFO_BYTES;
    private static final int STACK_TOP = 0x9f000;

    private final KernelImage k;
    /** Offset of the address tag's fields in the file, or -1. */
    private int addresses = -1;
    private long entry = -1;
    private boolean relocatable;

    private Multiboot2(KernelImage k) {
        this.k = k;
    }

    /** Offset of the header in the file, or -1. */
    static int findHeader(KernelImage k) throws BootException {
        for (int at = 0; at + HEADER_BYTES <= Math.min(SEARCH, k.length()); at += 8) {
            if (k.u32(at) == HEADER_MAGIC && k.u32(at) + k.u32(at + 4) + k.u32(at + 8) + k.u32(at + 12) == 0) {
                return at;
            }
        }
        return -1;
    }

    static BootState load(KernelImage k, byte[] module, String moduleName, String commandLine, GuestRam ram, long rsdp) throws BootException {
        return new Multiboot2(k).load(findHeader(k), module, moduleName, commandLine, ram, rsdp);
    }

    private BootState load(int header, byte[] module, String moduleName, String commandLine, GuestRam ram, long rsdp) throws BootException {
        readTags(header);
        long start;
        long end;
        if (addresses >= 0) {
            if (entry < 0) {
                throw new BootException(k.name() + ": a multiboot 2 header with an address tag, but without an entry address tag");
            }
            long loadAddress = k.unsigned32(addresses + 4);
            long headerAddress = k.unsigned32(addresses);
            start = loadAddress == 0xffffffffL ? headerAddress - header : loadAddress;
            end = Multiboot.loadByAddresses(k, header, headerAddress, start, k.unsigned32(addresses + 8), k.unsigned32(addresses + 12), ram, LOWEST);
        } else {
            ElfImage elf = new ElfImage(k);
            end = elf.load(ram, LOWEST);
            start = elf.loads().stream().mapToLong(ElfImage.Load::physical).min().orElse(0);
            entry = entry < 0 ? elf.entry() & 0xffffffffL : entry;
        }
        long moduleAt = module.length == 0 ? 0 : Multiboot.placeModule(module, moduleName, ram, end);
        Information info = new Information();
        info.text(INFO_COMMAND_LINE, commandLine);
        info.text(INFO_LOADER_NAME, "Gearshift");
        if (module.length > 0) {
            info.text(INFO_MODULE, moduleName, (int) moduleAt, (int) moduleAt + module.length);
        }
        info.words(INFO_MEMORY, (int) (MemoryMap.LOW_END >> 10), (int) (ram.lowEnd() - MemoryMap.HIGH_START >> 10));
        info.memoryMap(new MemoryMap(ram.size()));
        if (rsdp != 0) {
            info.copy(INFO_OLD_RSDP, ram, rsdp, OLD_RSDP_BYTES);
            info.copy(INFO_NEW_RSDP, ram, rsdp, NEW_RSDP_BYTES);
        }
        if (relocatable) {
            info.words(INFO_LOAD_BASE, (int) start);
        }
        info.write(ram);
        FlatGdt.write(ram);
        return BootState.flat32((int) entry, BOOT_MAGIC, INFO, 0, STACK_TOP, "multiboot 2");
    }

    private void readTags(int header) throws BootException {
        if (k.u32(header + 4) != ARCHITECTURE_I386) {
            throw new BootException(k.name() + ": a multiboot 2 image for architecture " + k.unsigned32(header + 4) + ", not for the i386 or x86-64");
        }
        long length = k.unsigned32(header + 8);
        k.check(header, length);
        int end = header + (int) length;
        for (int at = header + HEADER_BYTES; ; ) {
            if (at + 8 > end) {
                throw new BootException(k.name() + ": damaged multiboot 2 header: no end tag");
            }
            int type = k.u16(at);
            long size = k.unsigned32(at + 4);
            if (size < 8 || size > end - at) {
                throw new BootException(k.name() + ": damaged multiboot 2 header: a tag of " + size + " bytes");
            }
            if (type == END) {
                return;
            }
            tag(type, (k.u16(at + 2) & OPTIONAL) != 0, at + 8, (int) size - 8);
            at = (int) Math.min(end, at + (size + 7 & ~7L));
        }
    }

    private void tag(int type, boolean optional, int at, int bytes) throws BootException {
        switch (type) {
            case INFORMATION_REQUEST -> {
                for (int i = 0; i + 4 <= bytes; i += 4) {
                    if (!optional && !PROVIDED.contains(k.u32(at + i))) {
                        throw new BootException(k.name() + ": its multiboot 2 header requires information of type " + k.unsigned32(at + i) + ", which there is not on this machine");
                    }
                }
            }
            case ADDRESS -> {
                require(type, bytes, 16);
                addresses = at;
            }
            case ENTRY -> {
                require(type, bytes, 4);
                entry = k.unsigned32(at);
            }
            case CONSOLE -> {
                require(type, bytes, 4);
                if ((k.u32(at) & CONSOLE_REQUIRED) != 0) {
                    refuse(type, optional);
                }
            }
            case MODULE_ALIGNMENT -> { }
            case RELOCATABLE -> relocatable = true;
            default -> refuse(type, optional);
        }
    }

    private void require(int type, int bytes, int least) throws BootException {
        if (bytes < least) {
            throw new BootException(k.name() + ": damaged multiboot 2 header: the " + HEADER_TAGS[type] + " tag is too short");
        }
    }

    private void refuse(int type, boolean optional) throws BootException {
        String name = type < HEADER_TAGS.length ? "\"" + HEADER_TAGS[type] + "\"" : "number " + type;
        if (!optional) {
            throw new BootException(k.name() + ": its multiboot 2 header requires what the tag " + name + " asks for; this machine has no display and no EFI");
        }
        System.getLogger(Multiboot2.class.getName()).log(Level.DEBUG, "{0}: optional multiboot 2 tag {1} ignored", k.name(), name);
    }

    /** The information structure under construction: section 3.6 of the specification. */
    private static final class Information {
        private final ByteBuffer data = ByteBuffer.allocate(INFO_BYTES).order(ByteOrder.LITTLE_ENDIAN).position(8);

        private void begin(int type, int bytes) {
            data.putInt(type).putInt(8 + bytes);
        }

        private void align() {
            data.position(data.position() + 7 & ~7);
        }

        void words(int type, int... words) {
            begin(type, 4 * words.length);
            for (int w : words) {
                data.putInt(w);
            }
            align();
        }

        void text(int type, String text, int... before) throws BootException {
            byte[] b = text.getBytes(StandardCharsets.UTF_8);
            if (b.length > MAX_LINE) {
                throw new BootException("command line or name of " + b.length + " bytes; multiboot kernels get at most " + MAX_LINE);
            }
            begin(type, 4 * before.length + b.length + 1);
            for (int w : before) {
                data.putInt(w);
            }
            data.put(b).put((byte) 0);
            align();
        }

        void memoryMap(MemoryMap map) {
            begin(INFO_MEMORY_MAP, 8 + MAP_ENTRY * map.ranges().size());
            data.putInt(MAP_ENTRY).putInt(0);
            for (MemoryMap.Range r : map.ranges()) {
                data.putLong(r.start()).putLong(r.length()).putInt(r.type()).putInt(0);
            }
            align();
        }

        void copy(int type, GuestRam ram, long at, int bytes) {
            byte[] b = new byte[bytes];
            ram.copyOut(at, b, 0, bytes);
            begin(type, bytes);
            data.put(b);
            align();
        }

        void write(GuestRam ram) {
            begin(END, 0);
            data.putInt(0, data.position()).putInt(4, 0);
            ram.copyIn(INFO, data.array(), 0, data.position());
        }
    }
}
