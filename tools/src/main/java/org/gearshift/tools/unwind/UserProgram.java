package org.gearshift.tools.unwind;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.tools.symbols.ElfFile;
import org.gearshift.tools.symbols.OrcUnwinder.Memory;
import org.gearshift.tools.symbols.Symbol;
import org.gearshift.tools.symbols.SymbolFormatException;
import org.gearshift.tools.symbols.SymbolReader;
import org.gearshift.tools.symbols.SymbolTable;
import org.gearshift.vmm.boot.BootException;

/**
 * A program or library that runs in a guest, beside its kernel: names and call frames. Addresses alone get names, of other processes as well; but a stack
 * is followed only where memory holds the program's code.
 *
 * @param symbols where the program is in memory
 * @param slide how far that is from where it was linked for
 */
public record UserProgram(String name, ElfFile elf, SymbolTable symbols, ProgramFrames frames, long slide) {
    /** What names of places within functions begin with. */
    private static final String LABEL = ".L";
    /** How far the last function reaches if the file doesn't say. */
    private static final long LAST = 1 << 12;

    /**
     * Reads an ELF file.
     *
     * @param slide where the address 0 of the file is, if it can be anywhere, as libraries and position-independent programs
     * @throws IOException if it cannot be read, or has no symbols
     */
    public static UserProgram read(Path file, long slide) throws IOException, BootException {
        SymbolTable all = SymbolReader.read(file);
        byte[] bytes = Files.readAllBytes(file);
        ElfFile elf = new ElfFile(file.toString(), bytes);
        List<Symbol> placed = all.symbols().stream().filter(s -> s.size() > 0 || s.kind() == Symbol.Kind.FUNCTION)
                .filter(s -> !s.name().startsWith(LABEL)).toList();
        List<Symbol> sized = new ArrayList<>();
        for (int i = 0; i < placed.size(); i++) {
            Symbol s = placed.get(i);
            // Otherwise the last one would reach up to the kernel.
            long next = i + 1 < placed.size() ? placed.get(i + 1).address() - s.address() : LAST;
            sized.add(s.size() > 0 ? s : new Symbol(s.address(), Math.min(LAST, Math.max(1, next)), s.name(), s.kind()));
        }
        return new UserProgram(file.getFileName().toString(), elf, SymbolTable.of(sized).moved(slide), new ProgramFrames(file.toString(), () -> bytes), slide);
    }

    /** A kernel's symbols and those of programs: a name that the kernel has already, or a program before, gets the program's before it, as in {@code ls.memcpy}. */
    public static SymbolTable beside(SymbolTable kernel, List<UserProgram> programs) {
        SymbolTable all = kernel;
        for (UserProgram p : programs) {
            all = all.beside(p.name, p.symbols);
        }
        return all;
    }

    /** Whether code is of this program: it lies where that has code, and is the same, as far as it is in memory. */
    boolean holds(FrameState state, Memory memory) {
        long at = state.machine().value(state.within() - slide) & -Long.BYTES;
        ElfFile.Section s = elf.is64Bit() == state.isWide() ? elf.sectionAt(at) : null;
        if (s == null) {
            return false;
        }
        Long now = memory.read(state.machine().value(at + slide), Long.BYTES);
        try {
            return now == null || at - s.address() > s.length() - Long.BYTES || elf.contents(s).getLong((int) (at - s.address())) == now;
        } catch (SymbolFormatException e) {
            // Code is never compressed: it is no code.
            return false;
        }
    }
}
