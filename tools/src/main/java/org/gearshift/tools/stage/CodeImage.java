package org.gearshift.tools.stage;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.tools.symbols.ElfFile;
import org.gearshift.tools.symbols.Symbol;
import org.gearshift.tools.symbols.SymbolReader;
import org.gearshift.tools.symbols.SymbolTable;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.KernelCode;
import org.gearshift.vmm.boot.KernelImage;

/**
 * Code bytes by virtual address, and the names of what is there.
 *
 * @param name what to call it in messages
 * @param codeSize 16, 32 or 64: what the source says of itself, 0 if nothing
 */
public record CodeImage(String name, List<Piece> pieces, SymbolTable symbols, int codeSize) {
    /** Bytes from an address on: {@code length} of {@code file} at {@code offset}. */
    public record Piece(long address, byte[] file, int offset, int length) {
        boolean holds(long a) {
            return a - address >= 0 && a - address < length;
        }
    }

    private static final int LINUX_MAGIC_AT = 0x202;

    /** Bytes alone. */
    public static CodeImage of(String name, long address, byte[] bytes) {
        return new CodeImage(name, List.of(new Piece(address, bytes, 0, bytes.length)), SymbolTable.EMPTY, 0);
    }

    /**
     * A file: a Linux bzImage, whose kernel proper is unpacked; an ELF file; anything else is bytes that begin at {@code address}.
     *
     * @param symbols names to use, or null for those of the file, if it has any
     */
    public static CodeImage ofFile(String name, byte[] bytes, long address, SymbolTable symbols) throws IOException, BootException {
        if (isLinux(bytes)) {
            KernelImage packed = new KernelImage(name, bytes);
            List<Piece> pieces = segments(packed);
            KernelImage unpacked = new KernelImage(name + " (unpacked)", pieces.get(0).file());
            return new CodeImage(name, pieces, symbols != null ? symbols : named(name, unpacked.array()), packed.is64Bit() ? 64 : 32);
        }
        if (!ElfFile.isElf(bytes)) {
            return new CodeImage(name, List.of(new Piece(address, bytes, 0, bytes.length)), symbols != null ? symbols : SymbolTable.EMPTY, 0);
        }
        ElfFile elf = new ElfFile(name, bytes);
        List<Piece> pieces = new ArrayList<>();
        for (ElfFile.Section s : elf.sections()) {
            if (s.isLoaded()) {
                pieces.add(new Piece(s.address(), bytes, s.offset(), s.length()));
            }
        }
        if (pieces.isEmpty()) {
            pieces = segments(new KernelImage(name, bytes));
        }
        return new CodeImage(name, pieces, symbols != null ? symbols : named(name, bytes), elf.is64Bit() ? 64 : 32);
    }

    private static List<Piece> segments(KernelImage k) throws BootException {
        return KernelCode.of(k).segments().stream().map(s -> new Piece(s.address(), s.file().array(), s.offset(), s.length())).toList();
    }

    /** A stripped file is not an error before somebody asks for a name. */
    private static SymbolTable named(String name, byte[] bytes) throws IOException, BootException {
        try {
            return SymbolReader.read(name, bytes);
        } catch (org.gearshift.tools.symbols.SymbolFormatException e) {
            return SymbolTable.EMPTY;
        }
    }

    private static boolean isLinux(byte[] b) {
        return b.length >= LINUX_MAGIC_AT + 4 && b[LINUX_MAGIC_AT] == 'H' && b[LINUX_MAGIC_AT + 1] == 'd' && b[LINUX_MAGIC_AT + 2] == 'r' && b[LINUX_MAGIC_AT + 3] == 'S';
    }

    /** The piece that holds an address, or null. */
    public Piece at(long address) {
        for (Piece p : pieces) {
            if (p.holds(address)) {
                return p;
            }
        }
        return null;
    }

    /** The byte at an address, 0..255, or -1. */
    public int byteAt(long address) {
        Piece p = at(address);
        return p == null ? -1 : p.file[p.offset + (int) (address - p.address)] & 0xff;
    }

    /** The symbol of a name, or an error that names those most like it. */
    public Symbol symbol(String wanted) {
        if (symbols.isEmpty()) {
            throw new InputException(name + ": no symbols known: give a file with --symbols FILE (System.map, kallsyms, or an ELF file that is not stripped)");
        }
        Symbol s = symbols.find(wanted);
        if (s == null) {
            List<String> near = symbols.nearest(wanted, 3);
            throw new InputException(name + ": no symbol '" + wanted + "'" + (near.isEmpty() ? "" : "; did you mean " + String.join(", ", near) + "?"));
        }
        return s;
    }
}
