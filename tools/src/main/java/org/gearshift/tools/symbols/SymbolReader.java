package org.gearshift.tools.symbols;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.KernelCode;
import org.gearshift.vmm.boot.KernelImage;

/** Symbols of a file, whatever kind of file it is. */
public final class SymbolReader {
    private static final int LARGEST = 1 << 30;

    private SymbolReader() {
    }

    /**
     * Reads the symbols of an ELF file (its symbol tables, or what a kernel carries), a Linux bzImage, a {@code System.map} or a kallsyms text.
     *
     * @throws SymbolFormatException if it is none of these, or damaged, or has no symbols
     */
    public static SymbolTable read(Path file) throws IOException, BootException {
        if (Files.isDirectory(file)) {
            throw new SymbolFormatException(file + ": is a directory, not a file with symbols");
        }
        if (Files.size(file) > LARGEST) {
            throw new SymbolFormatException(file + ": too large for a file with symbols");
        }
        return read(file.toString(), Files.readAllBytes(file));
    }

    /** The same of a file that has been read. @param name what to call it in messages */
    public static SymbolTable read(String name, byte[] bytes) throws IOException, BootException {
        SymbolTable t;
        if (ElfFile.isElf(bytes)) {
            ElfFile elf = new ElfFile(name, bytes);
            t = elf.symbols();
            if (t.isEmpty()) {
                t = Kallsyms.read(bytes, elf.is64Bit());
                t = t.isEmpty() ? t : t.with(ExportedSymbols.missingFrom(t, elf));
            }
        } else if (isLinux(bytes)) {
            KernelImage packed = new KernelImage(name, bytes);
            // The tables may lie in any segment of the file that is packed.
            KernelImage unpacked = KernelCode.of(packed).segments().get(0).file();
            t = read(unpacked.name(), unpacked.array());
        } else if (isText(bytes)) {
            t = SymbolText.parse(name, new String(bytes, StandardCharsets.UTF_8));
        } else {
            throw new SymbolFormatException(name + ": no file with symbols: neither ELF nor a Linux kernel nor a System.map");
        }
        if (t.isEmpty()) {
            throw new SymbolFormatException(name + ": has no symbols (stripped); give a file that has, such as a System.map");
        }
        return t;
    }

    private static boolean isLinux(byte[] b) {
        return b.length >= 0x206 && b[0x202] == 'H' && b[0x203] == 'd' && b[0x204] == 'r' && b[0x205] == 'S';
    }

    private static boolean isText(byte[] b) {
        for (int i = 0; i < Math.min(b.length, 1 << 12); i++) {
            if (b[i] < ' ' && b[i] != '\n' && b[i] != '\t' && b[i] != '\r') {
                return false;
            }
        }
        return b.length > 0;
    }
}
