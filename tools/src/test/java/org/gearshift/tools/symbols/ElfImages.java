package org.gearshift.tools.symbols;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Small ELF files with a code section and a symbol table. */
public final class ElfImages {
    private ElfImages() {
    }

    /**
     * A file whose {@code .text} is {@code code} at {@code address}, which a program header loads too.
     *
     * @param symbols addresses inside the code
     */
    public static byte[] with(boolean wide, long address, byte[] code, List<Symbol> symbols) {
        ByteArrayOutputStream names = new ByteArrayOutputStream();
        names.write(0);
        ByteBuffer table = buffer((symbols.size() + 1) * (wide ? 24 : 16));
        table.position(wide ? 24 : 16);
        for (Symbol s : symbols) {
            int name = names.size();
            names.writeBytes(s.name().getBytes(StandardCharsets.UTF_8));
            names.write(0);
            int info = 0x10 | (s.kind() == Symbol.Kind.FUNCTION ? 2 : s.kind() == Symbol.Kind.OBJECT ? 1 : 0);
            if (wide) {
                table.putInt(name).put((byte) info).put((byte) 0).putShort((short) 1).putLong(s.address()).putLong(s.size());
            } else {
                table.putInt(name).putInt((int) s.address()).putInt((int) s.size()).put((byte) info).put((byte) 0).putShort((short) 1);
            }
        }
        byte[] sectionNames = "\0.text\0.symtab\0.strtab\0".getBytes(StandardCharsets.US_ASCII);
        int header = wide ? 64 : 52;
        int program = wide ? 56 : 32;
        int codeAt = 0x1000;
        int tableAt = codeAt + code.length + 15 & -16;
        int namesAt = tableAt + table.capacity();
        int sectionNamesAt = namesAt + names.size();
        int sectionsAt = sectionNamesAt + sectionNames.length + 15 & -16;
        int sectionSize = wide ? 64 : 40;
        ByteBuffer b = buffer(sectionsAt + 5 * sectionSize);
        b.putInt(0x464c457f).put((byte) (wide ? 2 : 1)).put((byte) 1).put((byte) 1).position(16);
        b.putShort((short) 2).putShort((short) (wide ? 62 : 3)).putInt(1);
        word(b, wide, address);
        word(b, wide, header);
        word(b, wide, sectionsAt);
        b.putInt(0).putShort((short) header).putShort((short) program).putShort((short) 1).putShort((short) sectionSize).putShort((short) 5).putShort((short) 4);
        b.position(header);
        if (wide) {
            b.putInt(1).putInt(5).putLong(codeAt).putLong(address).putLong(address).putLong(code.length).putLong(code.length).putLong(4096);
        } else {
            b.putInt(1).putInt(codeAt).putInt((int) address).putInt((int) address).putInt(code.length).putInt(code.length).putInt(5).putInt(4096);
        }
        b.position(codeAt).put(code).position(tableAt).put(table.array()).put(names.toByteArray()).put(sectionNames).position(sectionsAt + sectionSize);
        section(b, wide, 1, 1, 6, address, codeAt, code.length, 0, 0);
        section(b, wide, 7, 2, 0, 0, tableAt, table.capacity(), 3, wide ? 24 : 16);
        section(b, wide, 15, 3, 0, 0, namesAt, names.size(), 0, 0);
        section(b, wide, 0, 3, 0, 0, sectionNamesAt, sectionNames.length, 0, 0);
        return b.array();
    }

    private static void section(ByteBuffer b, boolean wide, int name, int type, long flags, long address, long offset, long size, int link, int entry) {
        b.putInt(name).putInt(type);
        word(b, wide, flags);
        word(b, wide, address);
        word(b, wide, offset);
        word(b, wide, size);
        b.putInt(link).putInt(0);
        word(b, wide, 1);
        word(b, wide, entry);
    }

    private static void word(ByteBuffer b, boolean wide, long v) {
        if (wide) {
            b.putLong(v);
        } else {
            b.putInt((int) v);
        }
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
