package org.gearshift.tools.profile;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.gearshift.tools.diverge.GuestMemory;
import org.gearshift.tools.symbols.KernelTypes;
import org.gearshift.tools.symbols.OrcUnwinder;
import org.gearshift.tools.symbols.SymbolTable;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.Machine;

/**
 * Names of the functions on a guest's stack: by a 64-bit kernel's unwind tables (ORC), if it has any, else by frame pointers: each frame holds the caller's frame
 * pointer, and above it the return address. At a function's first instructions, where there is no frame yet, the return address is on top of the stack. A kernel that has moved itself is found out by where it has its system call
 * entries.
 */
public final class StackWalk {
    private static final int MOST_FRAMES = 100;
    /** Where the registers are that tables count from. */
    private static final Map<String, Integer> SLOTS = Map.of("rsp", X86State.RSP, "rbp", X86State.RBP, "rdi", X86State.RDI, "rdx", X86State.RDX, "r10", X86State.GPR + 10,
            "r13", X86State.GPR + 13);
    /** Bytes of a function in which it has not made its frame: a call of the tracer, push, and half of the rest. */
    private static final int PROLOGUE = 6;

    private final Machine machine;
    private final GuestMemory memory;
    private final SymbolTable linked;
    private final KernelTypes types;
    private SymbolTable symbols;
    /** Null if there are no tables. */
    private OrcUnwinder orc;
    private long slide;

    /** @param symbols names at the addresses they were linked for; @param types the kernel's, or none */
    public StackWalk(Machine machine, SymbolTable symbols, KernelTypes types) {
        this.machine = machine;
        this.types = types;
        this.memory = new GuestMemory(machine);
        this.linked = symbols;
        this.symbols = symbols;
        this.orc = OrcUnwinder.of(symbols, types, this::number);
    }

    /** Functions from the outermost to the one that is running. */
    public List<String> functions() {
        follow();
        long[] s = machine.cpu().s;
        boolean wide = X86Mode.is(machine.cpu().mode(), X86Mode.CODE64);
        int word = wide ? Long.BYTES : Integer.BYTES;
        List<String> out = new ArrayList<>();
        boolean user = s[X86State.CPL] == 3 && symbols.at(s[X86State.RIP]) == null;
        if (user) {
            out.add("[user]");
            return out;
        }
        SymbolTable.Place here = symbols.at(s[X86State.RIP]);
        out.add(here == null ? "[unknown]" : here.symbol().name());
        if (wide && orc != null && here != null && unwound(out, s)) {
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
    private boolean unwound(List<String> out, long[] s) {
        OrcUnwinder.Trace t = orc.trace(s[X86State.RIP], name -> s[SLOTS.get(name)], MOST_FRAMES);
        for (OrcUnwinder.Caller c : t.callers()) {
            SymbolTable.Place p = symbols.at(c.interrupted() ? c.pc() : c.pc() - 1);
            out.add(p == null ? "[unknown]" : p.symbol().name());
        }
        return t.complete() || !t.callers().isEmpty();
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
            symbols = linked.moved(by);
            orc = OrcUnwinder.of(symbols, types, this::number);
        }
    }

    private long slide(long now, String name) {
        return now == 0 || linked.find(name) == null ? 0 : now - linked.find(name).address();
    }

    /** What names are at now. */
    public SymbolTable symbols() {
        return symbols;
    }
}
