package org.gearshift.tools.debug;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.gearshift.tools.symbols.KernelTypes;
import org.gearshift.tools.symbols.ModuleSymbols;
import org.gearshift.tools.symbols.OrcUnwinder;
import org.gearshift.tools.symbols.Symbol;
import org.gearshift.tools.symbols.SymbolReader;
import org.gearshift.tools.symbols.SymbolTable;
import org.gearshift.tools.unwind.LinuxFrames32;
import org.gearshift.tools.unwind.ProgramFrames;
import org.gearshift.tools.unwind.StackUnwinder;
import org.gearshift.tools.unwind.UserProgram;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.debug.DebuggedCpu;

/**
 * The symbols and call frames of a kernel, and of programs that run on it. The kernel's are moved by as much as the kernel has moved itself (KASLR): which shows where the
 * processor has been told to enter it, for system calls and page faults, once it has.
 */
public final class KernelSymbols {
    private static final Logger LOG = System.getLogger(KernelSymbols.class.getName());
    private static final int PAGE_FAULT = 14;
    private static final long PAGE_MASK = 0xfff;

    private final SymbolTable linked;
    private final KernelTypes types;
    private final List<ProgramFrames> frames;
    private final List<UserProgram> programs;
    private final ModuleSymbols modules;
    private SymbolTable moved;
    /** With those of its modules. */
    private SymbolTable kernel;
    /** With those of the programs. */
    private SymbolTable all;
    private long by;

    /** @param linked symbols at the addresses they were linked for */
    public KernelSymbols(SymbolTable linked) {
        this(linked, KernelTypes.NONE);
    }

    /** The same with the kernel's types. */
    public KernelSymbols(SymbolTable linked, KernelTypes types) {
        this(linked, types, List.of(), List.of());
    }

    /** The same with call frames, of files at the same addresses, and with programs. */
    private KernelSymbols(SymbolTable linked, KernelTypes types, List<ProgramFrames> frames, List<UserProgram> programs) {
        this.linked = linked;
        this.types = types;
        this.frames = frames;
        this.programs = programs;
        this.modules = new ModuleSymbols(types);
        this.moved = linked;
        this.kernel = linked;
        this.all = UserProgram.beside(linked, programs);
    }

    /** What a kernel file carries of names and types, be it nothing. @param kernel null for none */
    public static KernelSymbols of(Path kernel) {
        return of(kernel, null, new ArrayList<>(), List.of());
    }

    /**
     * The same with names of another file.
     *
     * @param names null for those of the kernel; call frames are used of both
     * @throws IOException if there are no names in that file
     */
    public static KernelSymbols of(Path kernel, Path names, List<UserProgram> programs) throws IOException, BootException {
        List<ProgramFrames> frames = new ArrayList<>();
        SymbolTable table = null;
        if (names != null) {
            table = SymbolReader.read(names);
            frames.add(ProgramFrames.of(names));
        }
        return of(kernel, table, frames, programs);
    }

    /** Those of a kernel file, which is unpacked and read when they are first asked for: seconds, which a run that nobody looks into does not take. */
    public static Supplier<KernelSymbols> whenAsked(Path kernel, List<UserProgram> programs) {
        return new Supplier<>() {
            private KernelSymbols read;

            @Override
            public synchronized KernelSymbols get() {
                if (read == null) {
                    read = of(kernel, null, new ArrayList<>(), programs);
                }
                return read;
            }
        };
    }

    private static KernelSymbols of(Path kernel, SymbolTable names, List<ProgramFrames> frames, List<UserProgram> programs) {
        if (kernel == null) {
            return new KernelSymbols(names == null ? SymbolTable.EMPTY : names, KernelTypes.NONE, frames, programs);
        }
        frames.add(ProgramFrames.of(kernel));
        SymbolTable table = names;
        KernelTypes types = KernelTypes.NONE;
        try {
            table = table == null ? SymbolReader.read(kernel) : table;
        } catch (IOException | BootException e) {
            // Nobody has asked for names: addresses are shown without.
            LOG.log(Level.DEBUG, "no symbols: {0}", e.getMessage());
        }
        try {
            types = KernelTypes.of(new KernelImage(kernel.toString(), Files.readAllBytes(kernel)));
        } catch (IOException | BootException e) {
            // Commands that need types say that there are none.
            LOG.log(Level.DEBUG, "no types: {0}", e.getMessage());
        }
        return new KernelSymbols(table == null ? SymbolTable.EMPTY : table, types, frames, programs);
    }

    /** No names. */
    public static KernelSymbols none() {
        return new KernelSymbols(SymbolTable.EMPTY);
    }

    KernelTypes types() {
        return types;
    }

    /** As they are now. */
    SymbolTable where(DebuggedCpu cpu) {
        follow(cpu);
        return all;
    }

    private void follow(DebuggedCpu cpu) {
        long now = linked.isEmpty() ? 0 : slide(cpu);
        if (now != by) {
            by = now;
            moved = linked.moved(now);
        }
        SymbolTable with = modules.with(moved, cpu::read);
        if (with != kernel) {
            kernel = with;
            all = UserProgram.beside(with, programs);
        }
    }

    /** What goes from functions to their callers. */
    StackUnwinder unwinder(DebuggedCpu cpu) {
        follow(cpu);
        return new StackUnwinder(OrcUnwinder.of(moved, types, cpu::read), LinuxFrames32.of(kernel, cpu::read), frames, by, programs, cpu::read);
    }

    /** How far the kernel has moved; as before where that can't be told. */
    private long slide(DebuggedCpu cpu) {
        long[] s = cpu.cpu().s;
        Symbol entry = linked.find("entry_SYSCALL_64");
        if (entry != null && s[X86State.LSTAR] != 0) {
            return plausible(s[X86State.LSTAR] - entry.address());
        }
        Symbol fault = linked.find("asm_exc_page_fault");
        if (fault == null || entry != null || s[X86State.IDTR_LIMIT] < PAGE_FAULT * 8 + 7) {
            return by;
        }
        Long gate = cpu.read(s[X86State.IDTR_BASE] + PAGE_FAULT * 8, 8);
        return gate == null || gate == 0 ? by : plausible((gate & 0xffff | gate >>> 32 & 0xffff0000L) - fault.address());
    }

    /** Kernels move by whole pages. */
    private long plausible(long distance) {
        return (distance & PAGE_MASK) == 0 ? distance : by;
    }
}
