package org.gearshift.tools.symbols;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The symbols that a Linux kernel exports to modules: include/linux/export.h and kernel_symbol of include/linux/module.h, where entries are three offsets relative to themselves. They are what is
 * known of variables where kallsyms has functions only.
 */
final class ExportedSymbols {
    private static final List<String> TABLES = List.of("__ksymtab", "__ksymtab_gpl");
    private static final int ENTRY = 12;
    private static final int LONGEST_NAME = 512;

    private ExportedSymbols() {
    }

    /** Those of a kernel that are not in a table of other symbols; none if it exports none in this format. */
    static SymbolTable missingFrom(SymbolTable others, ElfFile elf) throws SymbolFormatException {
        ElfFile.Section strings = elf.section("__ksymtab_strings");
        List<Symbol> found = new ArrayList<>();
        for (String table : TABLES) {
            ElfFile.Section s = elf.section(table);
            if (s != null && strings != null) {
                read(elf, s, strings, others, found);
            }
        }
        return SymbolTable.of(found);
    }

    private static void read(ElfFile elf, ElfFile.Section table, ElfFile.Section strings, SymbolTable others, List<Symbol> found) throws SymbolFormatException {
        ByteBuffer entries = elf.contents(table);
        ByteBuffer names = elf.contents(strings);
        long mask = elf.is64Bit() ? -1 : 0xffffffffL;
        for (int at = 0; at + ENTRY <= entries.limit(); at += ENTRY) {
            long value = table.address() + at + entries.getInt(at) & mask;
            long name = table.address() + at + 4 + entries.getInt(at + 4) - strings.address();
            if (name < 0 || name >= names.limit() || !isInImage(elf, value)) {
                continue;
            }
            String n = text(names, (int) name);
            if (others.find(n) == null) {
                found.add(new Symbol(value, 0, n, Symbol.Kind.OBJECT));
            }
        }
    }

    /** What belongs to each processor is exported by its offset in their areas. */
    private static boolean isInImage(ElfFile elf, long address) {
        long first = elf.sections().stream().filter(ElfFile.Section::isLoaded).mapToLong(ElfFile.Section::address).filter(a -> a != 0).min().orElse(0);
        return elf.is64Bit() ? address < 0 : address >= first;
    }

    private static String text(ByteBuffer names, int from) {
        int end = from;
        while (end < names.limit() && end - from < LONGEST_NAME && names.get(end) != 0) {
            end++;
        }
        byte[] b = new byte[end - from];
        names.get(from, b);
        return new String(b, StandardCharsets.US_ASCII);
    }
}
