package org.gearshift.tools.symbols;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A little-endian ELF file for the i386 or x86-64, seen by its sections (System V ABI, chapter 4): their bytes and the symbols. Every number in the file is checked
 * before it is used.
 */
public final class ElfFile {
    private static final int MAGIC = 0x464c457f;
    private static final int EM_386 = 3;
    private static final int EM_X86_64 = 62;
    private static final int ET_REL = 1;
    private static final int SHT_PROGBITS = 1;
    private static final int SHT_SYMTAB = 2;
    private static final int SHT_NOBITS = 8;
    private static final int SHT_DYNSYM = 11;
    private static final int SHF_ALLOC = 2;
    private static final int SHF_COMPRESSED = 0x800;
    private static final int SHN_LORESERVE = 0xff00;
    private static final int SHN_ABS = 0xfff1;
    private static final int STT_OBJECT = 1;
    private static final int STT_FUNC = 2;
    private static final int STT_SECTION = 3;
    private static final int STT_FILE = 4;
    private static final int STT_TLS = 6;
    private static final int STT_GNU_IFUNC = 10;
    private static final int ALIGN = 16;

    /**
     * A section.
     *
     * @param address virtual address of the first byte; in a relocatable file, where each begins at 0, one after the other
     * @param length bytes in the file; 0 of a section without contents
     */
    public record Section(String name, int type, long flags, long address, int offset, int length, int link, int entrySize) {
        /** Whether it has bytes that are in memory at run time. */
        public boolean isLoaded() {
            return (flags & SHF_ALLOC) != 0 && type != SHT_NOBITS && length > 0;
        }

        boolean holds(long a) {
            return Long.compareUnsigned(a, address) >= 0 && a - address < length && a - address >= 0;
        }
    }

    private final String name;
    private final ByteBuffer data;
    private final boolean wide;
    private final boolean relocatable;
    private final List<Section> sections = new ArrayList<>();

    /** Whether bytes begin as an ELF file does. */
    public static boolean isElf(byte[] bytes) {
        return bytes.length >= 4 && ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(0) == MAGIC;
    }

    /** @param name what to call the file in messages */
    public ElfFile(String name, byte[] bytes) throws SymbolFormatException {
        this.name = name;
        this.data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        try {
            wide = data.get(4) == 2;
            int machine = data.getShort(18);
            if (!isElf(bytes) || data.get(5) != 1 || machine != (wide ? EM_X86_64 : EM_386)) {
                throw new SymbolFormatException(name + ": not an ELF file for the i386 or x86-64");
            }
            relocatable = data.getShort(16) == ET_REL;
            readSections();
        } catch (IndexOutOfBoundsException e) {
            throw new SymbolFormatException(name + ": a truncated ELF file");
        }
    }

    public boolean is64Bit() {
        return wide;
    }

    /** Whether it is yet to be linked: then nothing in it has an address. */
    public boolean isRelocatable() {
        return relocatable;
    }

    public List<Section> sections() {
        return sections;
    }

    /** The section of a name, or null. */
    public Section section(String wanted) {
        return sections.stream().filter(s -> s.name.equals(wanted)).findFirst().orElse(null);
    }

    /** The section with contents in which an address lies, or null. */
    public Section sectionAt(long address) {
        return sections.stream().filter(s -> s.isLoaded() && s.holds(address)).findFirst().orElse(null);
    }

    /** A section's contents, of which the limit is the end; little-endian. */
    public ByteBuffer contents(Section s) throws SymbolFormatException {
        if ((s.flags & SHF_COMPRESSED) != 0) {
            throw new SymbolFormatException(name + ": section " + s.name + " is compressed; unpack it with 'objcopy --decompress-debug-sections'");
        }
        return data.slice(s.offset, s.length).order(ByteOrder.LITTLE_ENDIAN);
    }

    private long word(int at) {
        return wide ? data.getLong(at) : data.getInt(at) & 0xffffffffL;
    }

    private void readSections() throws SymbolFormatException {
        long table = word(wide ? 40 : 32);
        int entry = data.getShort(wide ? 58 : 46) & 0xffff;
        int count = data.getShort(wide ? 60 : 48) & 0xffff;
        int names = data.getShort(wide ? 62 : 50) & 0xffff;
        if (table == 0 || count == 0) {
            return;
        }
        if (table < 0 || entry < (wide ? 64 : 40) || table + (long) entry * count > data.capacity()) {
            throw new SymbolFormatException(name + ": its section headers lie outside the file");
        }
        int nameTable = names < count ? (int) word((int) table + names * entry + (wide ? 24 : 16)) : -1;
        long next = 0;
        for (int i = 0; i < count; i++) {
            int h = (int) table + i * entry;
            int type = data.getInt(h + 4);
            long flags = word(h + 8);
            long address = word(h + (wide ? 16 : 12));
            long offset = word(h + (wide ? 24 : 16));
            long size = word(h + (wide ? 32 : 20));
            if (type == SHT_NOBITS || type == 0) {
                size = 0;
                offset = 0;
            }
            if (offset < 0 || size < 0 || offset > data.capacity() || size > data.capacity() - offset) {
                throw new SymbolFormatException(name + ": section " + i + " lies outside the file");
            }
            if (relocatable && (flags & SHF_ALLOC) != 0) {
                address = next + ALIGN - 1 & -ALIGN;
                next = address + size;
            }
            int link = data.getInt(h + (wide ? 40 : 24));
            long size1 = word(h + (wide ? 56 : 36));
            sections.add(new Section(nameTable < 0 ? "" : text(nameTable + data.getInt(h)), type, flags, address, (int) offset, (int) size, link, (int) size1));
        }
    }

    private String text(int at) {
        int end = at;
        while (data.get(end) != 0) {
            end++;
        }
        return new String(data.array(), at, end - at, StandardCharsets.UTF_8);
    }

    /** Symbols of {@code .symtab} and {@code .dynsym}: those with a name and a place in the file. */
    public SymbolTable symbols() throws SymbolFormatException {
        List<Symbol> found = new ArrayList<>();
        try {
            for (Section s : sections) {
                if ((s.type == SHT_SYMTAB || s.type == SHT_DYNSYM) && s.link >= 0 && s.link < sections.size()) {
                    readSymbols(s, sections.get(s.link).offset, found);
                }
            }
        } catch (IndexOutOfBoundsException e) {
            throw new SymbolFormatException(name + ": a symbol's name lies outside the file");
        }
        return SymbolTable.of(found.stream().distinct().toList());
    }

    private void readSymbols(Section table, int strings, List<Symbol> found) {
        int size = wide ? 24 : 16;
        for (int at = table.offset; at + size <= table.offset + table.length; at += size) {
            int info = data.get(at + (wide ? 4 : 12)) & 0xf;
            int section = data.getShort(at + (wide ? 6 : 14)) & 0xffff;
            long value = word(at + (wide ? 8 : 4));
            long length = word(at + (wide ? 16 : 8));
            boolean placed = section != 0 && (section < sections.size() || section == SHN_ABS || section >= SHN_LORESERVE && !relocatable);
            if (!placed || info == STT_SECTION || info == STT_FILE || info == STT_TLS) {
                continue;
            }
            String symbol = text(strings + data.getInt(at));
            if (!symbol.isEmpty()) {
                long base = relocatable && section < sections.size() ? sections.get(section).address : 0;
                found.add(new Symbol(base + value, length, symbol, kind(info, section)));
            }
        }
    }

    private Symbol.Kind kind(int info, int section) {
        return switch (info) {
            case STT_FUNC, STT_GNU_IFUNC -> Symbol.Kind.FUNCTION;
            case STT_OBJECT -> Symbol.Kind.OBJECT;
            // Labels of assembly code have no type.
            default -> section < sections.size() && sections.get(section).type == SHT_PROGBITS && (sections.get(section).flags & 4) != 0
                    ? Symbol.Kind.FUNCTION : Symbol.Kind.OTHER;
        };
    }
}
