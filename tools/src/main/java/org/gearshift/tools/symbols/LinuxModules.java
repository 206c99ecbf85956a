package org.gearshift.tools.symbols;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.tools.symbols.OrcUnwinder.Memory;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Operand;

/**
 * The modules that a Linux kernel has loaded, in a guest's memory (include/linux/module.h): the list of them, and each one's symbols, which the kernel keeps for itself (struct mod_kallsyms). A module begins with its
 * state, its place in the list, and its name, in every kernel; where the rest is, is known from the kernel's types or, without them, by what it must look like.
 */
public final class LinuxModules {
    /** The structure is shorter than that. */
    static final int SEARCHED = 1024;
    private static final int MOST_MODULES = 1 << 12;
    private static final int MOST_SYMBOLS = 1 << 16;
    private static final int LONGEST_NAME = 512;
    private static final int CODE_SEARCHED = 64;
    private static final int STATES = 4;
    /** Nothing of it but its place in the list is certain (MODULE_STATE_UNFORMED). */
    private static final int UNFORMED = 3;
    /** Bytes of an ELF symbol. */
    private static final int SYMBOL_64 = 24;
    private static final int SYMBOL_32 = 16;
    /** How far a function reaches of which it isn't known. */
    private static final long LAST = 1 << 12;

    private final SymbolTable kernel;
    private final KernelTypes types;
    private final Memory memory;
    private final boolean wide;
    private final int word;
    private long head;
    private int kallsyms = -1;

    /** What a member must look like. */
    public interface Like {
        boolean test(long module, int offset);
    }

    /**
     * A module whose symbols may be read.
     *
     * @param at where its structure is
     * @param symbols where it says that they are: at another place when it has been set up
     */
    record Loaded(long at, long symbols, String name) {
    }

    /**
     * Of a kernel.
     *
     * @param kernel its symbols where it lies now
     */
    public LinuxModules(SymbolTable kernel, KernelTypes types, Memory memory) {
        this.kernel = kernel;
        this.types = types;
        this.memory = memory;
        Symbol code = kernel.find("print_modules");
        this.wide = code != null && code.address() >>> Integer.SIZE != 0;
        this.word = wide ? Long.BYTES : Integer.BYTES;
    }

    /** Bytes of a pointer of the kernel's. */
    public int word() {
        return word;
    }

    /** Address of the list's head, by name or, where kallsyms has functions only, from the code of one that walks it; 0 if it isn't found, which without a name may be for there being no module yet. */
    public long head() {
        if (head != 0) {
            return head;
        }
        Symbol s = kernel.find("modules");
        Symbol code = s == null ? kernel.find("print_modules") : null;
        head = s != null ? s.address() : code == null ? 0 : headIn(code.address());
        return head;
    }

    private long headIn(long code) {
        Decoder decoder = new Decoder();
        long at = code;
        for (int i = 0; i < CODE_SEARCHED; i++) {
            long[] next = {at};
            Instruction insn = decoder.decode(() -> (int) number(next[0]++, 1), wide ? X86Mode.PROTECTED | X86Mode.CODE64 : X86Mode.PROTECTED | X86Mode.CODE32);
            for (int k = 0; k < insn.operandCount(); k++) {
                Operand o = insn.op(k);
                long a = (o.isMemory() ? o.disp : o.value) & (wide ? -1 : 0xffffffffL);
                if (isHead(a)) {
                    return a;
                }
            }
            at += Math.max(1, insn.length());
        }
        return 0;
    }

    private boolean isHead(long at) {
        Long first = memory.read(at, word);
        Long last = memory.read(at + word, word);
        if (first == null || last == null || first == at) {
            return false;
        }
        Long back = memory.read(first + word, word);
        Long on = memory.read(last, word);
        Long state = memory.read(first - word, Integer.BYTES);
        return back != null && on != null && state != null && back == at && on == at && state < STATES && name(first - word).matches("[\\w-]+");
    }

    /** Where modules are, the last loaded first; null if the list leads to where no memory is, or does not end. */
    public List<Long> modules() {
        long list = head();
        List<Long> all = new ArrayList<>();
        Long entry = list == 0 ? null : memory.read(list, word);
        while (entry != null && entry != 0 && entry != list && all.size() < MOST_MODULES) {
            all.add(entry - word);
            entry = memory.read(entry, word);
        }
        return list == 0 ? all : entry == null || entry != list ? null : all;
    }

    /** Where a member is: by the kernel's types, or in the first module where something looks like it; -1 if nothing does. */
    public int offset(String member, List<Long> modules, Like like) {
        int known = types.offset("module", member);
        if (known >= 0) {
            return known;
        }
        for (long m : modules) {
            for (int o = 0; o < SEARCHED; o += word) {
                if (like.test(m, o)) {
                    return o;
                }
            }
        }
        return -1;
    }

    /** A module's name. */
    public String name(long module) {
        return text(module + 3L * word, SEARCHED / 16 - word);
    }

    /** Those whose symbols may be read now; null if the list isn't to be read. */
    List<Loaded> loaded() {
        List<Long> modules = modules();
        List<Loaded> all = new ArrayList<>();
        if (modules == null) {
            return null;
        }
        kallsyms = kallsyms >= 0 ? kallsyms : offset("kallsyms", modules, this::isKallsyms);
        for (long m : modules) {
            if (kallsyms >= 0 && number(m, Integer.BYTES) != UNFORMED) {
                all.add(new Loaded(m, number(m + kallsyms, word), name(m)));
            }
        }
        return all;
    }

    /** A pointer to tables, the module's own while it is being set up, and in the end {@code core_kallsyms}, which is behind the pointer. */
    private boolean isKallsyms(long module, int offset) {
        long to = number(module + offset, word);
        long core = module + offset + word;
        long count = number(core + word, Integer.BYTES);
        return to != 0 && isTables(core) && number(core + 2L * word, word) == number(core, word) + count * (wide ? SYMBOL_64 : SYMBOL_32) && (to == core || isTables(to));
    }

    /** {@code struct mod_kallsyms}: the first symbol is none, the first string empty. */
    private boolean isTables(long at) {
        Long table = memory.read(at, word);
        Long count = memory.read(at + word, Integer.BYTES);
        Long strings = memory.read(at + 2L * word, word);
        Long none = table == null || table == 0 ? null : memory.read(table, Long.BYTES);
        Long empty = strings == null ? null : memory.read(strings, 1);
        return none != null && empty != null && none == 0 && empty == 0 && count > 1 && count < MOST_SYMBOLS;
    }

    /** A module's functions and data, at their addresses. */
    SymbolTable symbols(Loaded module) {
        long table = number(module.symbols, word);
        long count = Math.min(MOST_SYMBOLS, number(module.symbols + word, Integer.BYTES));
        long strings = number(module.symbols + 2L * word, word);
        long kinds = number(module.symbols + 3L * word, word);
        List<Symbol> all = new ArrayList<>();
        for (int i = 1; i < count; i++) {
            long at = table + i * (long) (wide ? SYMBOL_64 : SYMBOL_32);
            long section = number(at + (wide ? 6 : 14), 2);
            String name = section == 0 ? "" : text(strings + number(at, Integer.BYTES), LONGEST_NAME);
            boolean code = (number(kinds + i, 1) | 0x20) == 't';
            long size = number(at + (wide ? 16 : 8), word);
            if (!name.isEmpty() && (code || size > 0)) {
                all.add(new Symbol(number(at + (wide ? 8 : 4), word), code && size == 0 ? LAST : size, name, code ? Symbol.Kind.FUNCTION : Symbol.Kind.OBJECT));
            }
        }
        return SymbolTable.of(all);
    }

    private String text(long at, int most) {
        byte[] b = new byte[most];
        int n = 0;
        while (n < most) {
            Long c = memory.read(at + n, 1);
            if (c == null || c == 0) {
                break;
            }
            b[n++] = c.byteValue();
        }
        return new String(b, 0, n, StandardCharsets.ISO_8859_1);
    }

    /** 0 where no memory is. */
    private long number(long at, int bytes) {
        Long v = memory.read(at, bytes);
        return v == null ? 0 : v;
    }
}
