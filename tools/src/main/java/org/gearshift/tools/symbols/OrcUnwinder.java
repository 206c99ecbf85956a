package org.gearshift.tools.symbols;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * Who called whom in a 64-bit Linux kernel without frame pointers, by its ORC tables (Documentation/x86/orc-unwinder.rst, arch/x86/include/asm/orc_types.h): for each range of code, from which register and how far the stack pointer was before the call, and where the caller's RBP is. The kernel has its own table in
 * memory, and each module one: addresses relative to themselves, in order, and beside them entries of six bytes. Which of the
 * layouts that there have been an entry has shows in the kernel's types: up to Linux 6.2 a type of two bits and a sign of the end of the stack, in 6.3 another bit between, from 6.4 on a type of
 * three bits, of which the end is one.
 */
public final class OrcUnwinder {
    private static final int ENTRY = 6;
    private static final int MOST_MODULES = 1 << 12;
    private static final int MOST_ENTRIES = 1 << 24;
    /** What a stack pointer is counted from, and what the caller's RBP is at (ORC_REG_...). */
    private static final int UNDEFINED = 0;
    private static final int PREVIOUS_SP = 1;
    private static final int BP = 4;
    private static final int SP = 5;
    private static final int BP_INDIRECT = 8;
    private static final int SP_INDIRECT = 9;
    private static final Map<Integer, String> OTHERS = Map.of(2, "rdx", 3, "rdi", 6, "r10", 7, "r13");
    /** Nobody has called; a return address is on top of the stack; all registers (pt_regs) are; those are that an interrupt saves. Numbers of Linux 6.4; before, they began with CALL. */
    private static final int END = 1;
    private static final int CALL = 2;
    private static final int REGISTERS = 3;
    private static final int INTERRUPT = 4;
    private static final int TYPE = 40;
    private static final int NEW_SIGNAL = 43;
    /** Kinds of memory that a module has, from Linux 6.4 on. */
    private static final int MODULE_AREAS = 7;
    /** Offsets in pt_regs, which is the system calls' and interrupts' stack frame and has not changed since x86-64 began. */
    private static final Map<String, Integer> SAVED = Map.ofEntries(Map.entry("r15", 0), Map.entry("r14", 8), Map.entry("r13", 16), Map.entry("r12", 24), Map.entry("rbp", 32),
            Map.entry("rbx", 40), Map.entry("r11", 48), Map.entry("r10", 56), Map.entry("r9", 64), Map.entry("r8", 72), Map.entry("rax", 80), Map.entry("rcx", 88),
            Map.entry("rdx", 96), Map.entry("rsi", 104), Map.entry("rdi", 112), Map.entry("rsp", 152));
    /** What the selector of 64-bit user code ends with. */
    private static final int USER_64 = 0x33;
    private static final int SAVED_IP = 128;
    private static final int SAVED_CS = 136;
    private static final int SAVED_SP = 152;

    /** A guest's memory by linear address. */
    public interface Memory {
        /** An integer, zero-extended; null if there is no memory. */
        Long read(long address, int bytes);
    }

    /**
     * A caller.
     *
     * @param pc where it goes on
     * @param slot address on the stack where that was found
     * @param interrupted whether it has not called but was interrupted
     */
    public record Caller(long pc, long slot, boolean interrupted) {
    }

    /**
     * What was found.
     *
     * @param callers the nearest first
     * @param complete whether the last one is called by nobody
     * @param sp stack pointer of the last one, and its RBP: where others may go on
     * @param user null if no program entered the kernel, or it did not come to that
     */
    public record Trace(List<Caller> callers, boolean complete, long sp, long bp, User user) {
    }

    /**
     * A program, as it was when it entered the kernel.
     *
     * @param pc where it goes on
     * @param wide whether it is 64-bit code
     * @param registers values by 64-bit name; null for those that are not saved
     */
    public record User(long pc, boolean wide, Function<String, Long> registers) {
    }

    private record Table(long addresses, long entries, int count) {
    }

    private final SymbolTable symbols;
    private final KernelTypes types;
    private final Memory memory;
    private final Table kernel;
    /** Which bit of an entry says that the stack ends; -1 if the type does. */
    private final int endBit;
    private final Map<Long, Long> found = new HashMap<>();

    private OrcUnwinder(SymbolTable symbols, KernelTypes types, Memory memory, Table kernel, int endBit) {
        this.symbols = symbols;
        this.types = types;
        this.memory = memory;
        this.kernel = kernel;
        this.endBit = endBit;
    }

    /**
     * For a kernel.
     *
     * @param symbols its symbols where it lies now
     * @return null if it has no such tables, or they are of another layout
     */
    public static OrcUnwinder of(SymbolTable symbols, KernelTypes types, Memory memory) {
        Symbol from = symbols.find("__start_orc_unwind_ip");
        Symbol to = symbols.find("__stop_orc_unwind_ip");
        Symbol entries = symbols.find("__start_orc_unwind");
        int end = types.bit("orc_entry", "end");
        boolean known = types.size("orc_entry") == ENTRY && types.bit("orc_entry", "sp_reg") == 32 && types.bit("orc_entry", "bp_reg") == 36
                && types.bit("orc_entry", "type") == TYPE && (end > TYPE || types.bit("orc_entry", "signal") == NEW_SIGNAL);
        if (!known || from == null || to == null || entries == null) {
            return null;
        }
        long count = (to.address() - from.address()) / Integer.BYTES;
        return count <= 0 || count > MOST_ENTRIES ? null : new OrcUnwinder(symbols, types, memory, new Table(from.address(), entries.address(), (int) count), end);
    }

    /** The callers of code that stands at an instruction. @param registers values by name, such as rsp. @param most how many callers at most */
    public Trace trace(long pc, ToLongFunction<String> registers, int most) {
        List<Caller> callers = new ArrayList<>();
        long ip = pc;
        long sp = registers.applyAsLong("rsp");
        long bp = registers.applyAsLong("rbp");
        ToLongFunction<String> all = registers;
        boolean exact = true;
        while (callers.size() < most) {
            // A return address may be behind its function's end.
            long entry = entry(exact ? ip : ip - 1);
            int type = type(entry);
            if (type == END) {
                return new Trace(callers, !callers.isEmpty(), sp, bp, null);
            }
            Long before = entry == 0 ? null : stackPointer(entry, sp, bp, all);
            Long next = before == null ? null : word(before + (type == REGISTERS ? SAVED_IP : type == INTERRUPT ? 0 : -Long.BYTES));
            if (next == null) {
                break;
            }
            Long outer = framePointer(entry, before, bp, all);
            // An interrupt's frame is the end of a pt_regs.
            long regs = type == REGISTERS ? before : before - SAVED_IP;
            long slot = type == CALL ? before - Long.BYTES : regs + SAVED_IP;
            exact = type != CALL;
            if (exact) {
                Long stack = word(regs + SAVED_SP);
                Long cs = word(regs + SAVED_CS);
                if (stack == null || cs == null) {
                    break;
                }
                if ((cs & 3) != 0) {
                    // Programs have no tables here.
                    boolean saved = type == REGISTERS;
                    ToLongFunction<String> now = all;
                    return new Trace(callers, true, stack, bp, new User(next, (cs & 0xff) == USER_64,
                            name -> name.equals("rsp") ? stack : saved ? word(regs + SAVED.get(name)) : now == null ? null : (Long) now.applyAsLong(name)));
                }
                before = stack;
            }
            all = type == REGISTERS ? name -> value(regs + SAVED.get(name)) : type == INTERRUPT ? all : null;
            bp = outer == null ? bp : outer;
            sp = before;
            ip = next;
            callers.add(new Caller(ip, slot, exact));
        }
        return new Trace(callers, false, sp, bp, null);
    }

    /** The stack pointer before the call or interrupt, null if the entry doesn't say. */
    private Long stackPointer(long entry, long sp, long bp, ToLongFunction<String> all) {
        int base = (int) (entry >>> 32 & 15);
        int offset = (short) entry;
        return switch (base) {
            case SP -> sp + offset;
            case BP -> bp + offset;
            case BP_INDIRECT -> word(bp + offset);
            case SP_INDIRECT -> {
                Long at = word(sp);
                yield at == null ? null : (Long) (at + offset);
            }
            default -> all == null || !OTHERS.containsKey(base) ? null : (Long) (all.applyAsLong(OTHERS.get(base)) + offset);
        };
    }

    private Long framePointer(long entry, long before, long bp, ToLongFunction<String> all) {
        int offset = (short) (entry >>> 16);
        return switch ((int) (entry >>> 36 & 15)) {
            case PREVIOUS_SP -> word(before + offset);
            case BP -> word(bp + offset);
            // Of registers that have been saved it is one; otherwise it has not changed.
            case UNDEFINED -> type(entry) == REGISTERS ? word(before + SAVED.get("rbp")) : null;
            default -> null;
        };
    }

    private static int type(long entry) {
        return (int) (entry >>> TYPE & 7);
    }

    /** An entry as Linux 6.4 would have it. */
    private long modern(long entry) {
        if (endBit < 0) {
            return entry;
        }
        boolean undefined = (entry >>> 32 & 15) == UNDEFINED;
        long type = !undefined ? (entry >>> TYPE & 3) + CALL : (entry >>> endBit & 1) != 0 ? END : 0;
        return entry & (1L << TYPE) - 1 | type << TYPE;
    }

    /** The entry for an address, 0 if there is none. */
    private long entry(long ip) {
        Long known = found.get(ip);
        if (known != null) {
            return known;
        }
        Table t = table(ip);
        long entry = t == null ? 0 : search(t, ip);
        if (entry != 0) {
            // Where there is none yet, a module may come.
            found.put(ip, entry);
        }
        return entry;
    }

    private long search(Table t, long ip) {
        int low = 0;
        int high = t.count - 1;
        while (low < high) {
            int middle = low + high + 1 >>> 1;
            if (Long.compareUnsigned(address(t, middle), ip) <= 0) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        Long e = memory.read(t.entries + (long) low * ENTRY, Integer.BYTES);
        Long rest = memory.read(t.entries + (long) low * ENTRY + Integer.BYTES, 2);
        return e == null || rest == null || Long.compareUnsigned(address(t, low), ip) > 0 ? 0 : modern(e | rest << 32);
    }

    private long address(Table t, int i) {
        long at = t.addresses + (long) i * Integer.BYTES;
        Long relative = memory.read(at, Integer.BYTES);
        return relative == null ? -1 : at + relative.intValue();
    }

    /** The kernel's table, or the module's that an address is in. */
    private Table table(long ip) {
        if (Long.compareUnsigned(address(kernel, 0), ip) <= 0 && Long.compareUnsigned(ip, address(kernel, kernel.count - 1)) < 0) {
            return kernel;
        }
        Symbol list = symbols.find("modules");
        int arch = types.offset("module", "arch");
        int link = types.offset("module", "list");
        if (list == null || arch < 0 || link < 0) {
            return null;
        }
        long entry = value(list.address());
        for (int i = 0; i < MOST_MODULES && entry != 0 && entry != list.address(); i++, entry = value(entry)) {
            long module = entry - link;
            if (isIn(module, ip)) {
                long orc = module + arch;
                Long count = memory.read(orc + types.offset("mod_arch_specific", "num_orcs"), Integer.BYTES);
                long addresses = value(orc + types.offset("mod_arch_specific", "orc_unwind_ip"));
                long entries = value(orc + types.offset("mod_arch_specific", "orc_unwind"));
                return count == null || count == 0 || count > MOST_ENTRIES ? null : new Table(addresses, entries, count.intValue());
            }
        }
        return null;
    }

    /** Whether an address is in a module: in one of two areas, or, from Linux 6.4 on, of a row of them. */
    private boolean isIn(long module, long address) {
        int areas = types.offset("module", "mem");
        if (areas >= 0) {
            int size = types.size("module_memory");
            int length = types.offset("module_memory", "size");
            for (int i = 0; size > 0 && length >= 0 && i < MODULE_AREAS; i++) {
                if (lies(address, module + areas + (long) i * size, length)) {
                    return true;
                }
            }
            return false;
        }
        int core = types.offset("module", "core_layout");
        int init = types.offset("module", "init_layout");
        return core >= 0 && lies(address, module + core, Long.BYTES) || init >= 0 && lies(address, module + init, Long.BYTES);
    }

    /** Whether an address is in an area, of which a structure says first where it begins, and at some place how long it is. */
    private boolean lies(long address, long area, int length) {
        Long size = memory.read(area + length, Integer.BYTES);
        return size != null && Long.compareUnsigned(address - value(area), size) < 0;
    }

    private Long word(long at) {
        return memory.read(at, Long.BYTES);
    }

    private long value(long at) {
        Long v = word(at);
        return v == null ? 0 : v;
    }
}
