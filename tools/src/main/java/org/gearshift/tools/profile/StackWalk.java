package org.gearshift.tools.profile;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.gearshift.tools.diverge.GuestMemory;
import org.gearshift.tools.symbols.KernelTypes;
import org.gearshift.tools.symbols.ModuleSymbols;
import org.gearshift.tools.symbols.OrcUnwinder;
import org.gearshift.tools.symbols.SymbolTable;
import org.gearshift.tools.unwind.FrameState;
import org.gearshift.tools.unwind.LinuxFrames32;
import org.gearshift.tools.unwind.ProgramFrames;
import org.gearshift.tools.unwind.StackUnwinder;
import org.gearshift.tools.unwind.UserProgram;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.Machine;

/**
 * Names of the functions on a guest's stack: by a 64-bit kernel's unwind tables (ORC) and call frames of ELF files, if there are any, else by frame pointers: each frame holds the caller's frame
 * pointer, and above it the return address. At a function's first instructions, where there is no frame yet, the return address is on top of the stack. A kernel that has moved itself is found out by where it has its system call
 * entries.
 */
public final class StackWalk {
    private static final int MOST_FRAMES = 100;
    private static final List<String> REGISTERS = List.of("ax", "cx", "dx", "bx", "sp", "bp", "si", "di");
    /** Bytes of a function in which it has not made its frame: a call of the tracer, push, and half of the rest. */
    private static final int PROLOGUE = 6;

    private final Machine machine;
    private final GuestMemory memory;
    private final SymbolTable linked;
    private final KernelTypes types;
    private final List<ProgramFrames> frames;
    private final List<UserProgram> programs;
    private final Set<String> notes = new LinkedHashSet<>();
    private final ModuleSymbols modules;
    private SymbolTable moved;
    /** With those of its modules. */
    private SymbolTable kernel;
    /** With those of the programs. */
    private SymbolTable symbols;
    private StackUnwinder unwinder;
    private long slide;

    /**
     * For a machine.
     *
     * @param symbols names at the addresses they were linked for
     * @param types the kernel's, or none
     * @param frames files with call frames, linked for the same addresses
     * @param programs what runs beside the kernel
     */
    public StackWalk(Machine machine, SymbolTable symbols, KernelTypes types, List<ProgramFrames> frames, List<UserProgram> programs) {
        this.machine = machine;
        this.types = types;
        this.frames = frames;
        this.programs = programs;
        this.memory = new GuestMemory(machine);
        this.linked = symbols;
        this.modules = new ModuleSymbols(types);
        this.moved = symbols;
        place();
    }

    /** Functions from the outermost to the one that is running. */
    public List<String> functions() {
        follow();
        long[] s = machine.cpu().s;
        boolean wide = X86Mode.is(machine.cpu().mode(), X86Mode.CODE64);
        int word = wide ? Long.BYTES : Integer.BYTES;
        List<String> out = new ArrayList<>();
        FrameState state = FrameState.of(wide, s[X86State.RIP], true, name -> s[slot(name)]);
        boolean user = s[X86State.CPL] == 3 && kernel.at(s[X86State.RIP]) == null && !unwinder.isOfProgram(state);
        if (user) {
            out.add("[user]");
            return out;
        }
        SymbolTable.Place here = symbols.at(s[X86State.RIP]);
        out.add(here == null ? "[unknown]" : here.symbol().name());
        if (unwound(out, state)) {
            java.util.Collections.reverse(out);
            return out;
        }
        if (here != null && here.offset() < PROLOGUE) {
            caller(out, word(address(s[X86State.RSP], wide), word));
        }
        long frame = address(s[X86State.RBP], wide);
        for (int i = 0; i < MOST_FRAMES && here != null; i++) {
            long next = word(frame, word);
            if (!caller(out, word(frame + word, word)) || Long.compareUnsigned(next, frame) <= 0) {
                break;
            }
            frame = next;
        }
        java.util.Collections.reverse(out);
        return out;
    }

    /** Adds the callers that the tables know; false if they know none, nor that there is none. */
    private boolean unwound(List<String> out, FrameState state) {
        StackUnwinder.Trace t = unwinder.trace(state, MOST_FRAMES);
        for (StackUnwinder.Caller c : t.callers()) {
            SymbolTable.Place p = symbols.at(c.by().isExact() ? c.pc() : c.pc() - 1);
            out.add(p == null ? "[unknown]" : p.symbol().name());
        }
        notes.addAll(t.notes());
        return t.isKnown();
    }

    /** Where the register of a name such as rbx, ebx or r10 is. */
    private static int slot(String name) {
        int legacy = REGISTERS.indexOf(name.substring(1));
        return X86State.GPR + (legacy >= 0 ? legacy : Integer.parseInt(name.substring(1)));
    }

    /** What was wrong with tables. */
    public Set<String> notes() {
        return notes;
    }

    private boolean caller(List<String> out, long pc) {
        SymbolTable.Place p = pc == 0 ? null : symbols.at(pc - 1);
        if (p != null) {
            out.add(p.symbol().name());
        }
        return p != null;
    }

    private static long address(long v, boolean wide) {
        return wide ? v : v & 0xffffffffL;
    }

    private long word(long address, int bytes) {
        Long v = number(address, bytes);
        return v == null ? 0 : v;
    }

    private Long number(long address, int bytes) {
        byte[] b = memory.read(address, bytes);
        long v = 0;
        for (int i = 0; i < b.length; i++) {
            v |= (b[i] & 0xffL) << 8 * i;
        }
        return b.length < bytes ? null : (Long) v;
    }

    /** Moves the names to where the kernel has moved itself. */
    private void follow() {
        long[] s = machine.cpu().s;
        long by = slide(s[X86State.LSTAR], "entry_SYSCALL_64");
        by = by != 0 ? by : slide(s[X86State.SYSENTER_EIP], "entry_SYSENTER_32");
        if (by != slide) {
            slide = by;
            moved = linked.moved(slide);
        }
        if (modules.with(moved, this::number) != kernel) {
            place();
        }
    }

    private void place() {
        kernel = modules.with(moved, this::number);
        symbols = UserProgram.beside(kernel, programs);
        unwinder = new StackUnwinder(OrcUnwinder.of(moved, types, this::number), LinuxFrames32.of(kernel, this::number), frames, slide, programs, this::number);
    }

    private long slide(long now, String name) {
        return now == 0 || linked.find(name) == null ? 0 : now - linked.find(name).address();
    }

    /** What names are at now. */
    public SymbolTable symbols() {
        return symbols;
    }
}
