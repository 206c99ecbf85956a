package org.gearshift.tools;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.gearshift.tools.symbols.Symbol;

/** An ELF file that gdb takes symbols from: with names and addresses, and nothing else. */
final class SymbolFile {
    private static final int SECTIONS = 4;
    private static final int GLOBAL_FUNCTION = 0x12;
    private static final int GLOBAL_OBJECT = 0x11;
    private static final long KERNEL_32 = 0xc0000000L;

    private SymbolFile() {
    }

    /** Writes one. @param symbols by address @param wide whether it is for x86-64, else for i386 */
    static void write(Path file, List<Symbol> symbols, boolean wide) throws IOException {
        int word = wide ? 8 : 4;
        int header = wide ? 64 : 52;
        int section = wide ? 64 : 40;
        int entry = wide ? 24 : 16;
        ByteArrayOutputStream names = new ByteArrayOutputStream();
        names.write(0);
        // Offsets in the processors' own areas are no addresses.
        List<Symbol> placed = symbols.stream().filter(s -> wide ? s.address() < 0 : s.address() >= KERNEL_32).toList();
        ByteBuffer table = ByteBuffer.allocate(entry * (placed.size() + 1)).order(ByteOrder.LITTLE_ENDIAN);
        table.position(entry);
        long lowest = placed.get(0).address();
        long highest = placed.get(placed.size() - 1).address();
        for (Symbol s : placed) {
            int type = s.mayBeCode() ? GLOBAL_FUNCTION : GLOBAL_OBJECT;
            table.putInt(names.size());
            if (wide) {
                table.put((byte) type).put((byte) 0).putShort((short) 1).putLong(s.address()).putLong(s.size());
            } else {
                table.putInt((int) s.address()).putInt((int) s.size()).put((byte) type).put((byte) 0).putShort((short) 1);
            }
            names.write(s.name().getBytes(StandardCharsets.US_ASCII));
            names.write(0);
        }
        byte[] strings = names.toByteArray();
        byte[] sectionNames = "\0.text\0.symtab\0.strtab\0".getBytes(StandardCharsets.US_ASCII);
        int tableAt = header;
        int stringsAt = tableAt + table.capacity();
        int sectionNamesAt = stringsAt + strings.length;
        int sectionsAt = sectionNamesAt + sectionNames.length + 7 & ~7;
        ByteBuffer b = ByteBuffer.allocate(sectionsAt + SECTIONS * section + section).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(0x464c457f).put((byte) (wide ? 2 : 1)).put((byte) 1).put((byte) 1).position(16);
        b.putShort((short) 2).putShort((short) (wide ? 62 : 3)).putInt(1);
        word(b, word, lowest);
        word(b, word, 0);
        word(b, word, sectionsAt);
        b.putInt(0).putShort((short) header).putShort((short) 0).putShort((short) 0).putShort((short) section).putShort((short) (SECTIONS + 1)).putShort((short) SECTIONS);
        b.position(tableAt).put(table.array()).put(strings).put(sectionNames);
        b.position(sectionsAt + section);
        // .text without contents, up to the last symbol.
        section(b, word, new long[] {1, 8, 6, lowest, 0, highest - lowest + 1, 0, 0, 4096, 0});
        section(b, word, new long[] {7, 2, 0, 0, tableAt, table.capacity(), 3, 1, word, entry});
        section(b, word, new long[] {15, 3, 0, 0, stringsAt, strings.length, 0, 0, 1, 0});
        section(b, word, new long[] {0, 3, 0, 0, sectionNamesAt, sectionNames.length, 0, 0, 1, 0});
        Files.write(file, b.array());
    }

    /** Fields in the order of the structure: name, type, flags, address, offset, size, link, info, alignment, entry size. */
    private static void section(ByteBuffer b, int word, long[] f) {
        b.putInt((int) f[0]).putInt((int) f[1]);
        for (int i = 2; i < 6; i++) {
            word(b, word, f[i]);
        }
        b.putInt((int) f[6]).putInt((int) f[7]);
        word(b, word, f[8]);
        word(b, word, f[9]);
    }

    private static void word(ByteBuffer b, int bytes, long value) {
        if (bytes == 8) {
            b.putLong(value);
        } else {
            b.putInt((int) value);
        }
    }
}
