package org.gearshift.tools.debug;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.tools.symbols.Symbol;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.vmm.debug.DebuggedCpu;

/**
 * The modules a Linux kernel has loaded (include/linux/module.h). A module begins with its state, its place in the list, and its name, in every kernel; where the rest is,
 * is known from the kernel's types or, without them, by what it must look like: {@code core_layout} (up to Linux 6.3) begins with the address of an area that holds the
 * structure itself, and a user's entry in {@code source_list} leads back to the module.
 */
final class ModuleList {
    private static final int MAX_MODULES = 1 << 12;
    private static final int PAGE = 0x1000;
    /** The structure is shorter than that. */
    private static final int SEARCHED = 1024;
    private static final int MOST_BYTES = 1 << 28;
    private static final int CODE_SEARCHED = 64;
    private static final String[] STATES = {"", " (loading)", " (unloading)", " (being set up)"};

    private final DebugContext context;
    private final DebuggedCpu cpu;
    private final int word;

    /**
     * A module.
     *
     * @param base where its code and data are, 0 if that isn't known
     * @param bytes how long they are
     * @param references how often it is used, -1 if that isn't known
     * @param users modules that use it
     * @param state {@code enum module_state}
     */
    record Module(String name, long base, int bytes, int references, List<String> users, int state) {
        @Override
        public String toString() {
            return String.format("%-24s %8s %4s %s%s", name, base == 0 ? "?" : Integer.toString(bytes), references < 0 ? "?" : Integer.toString(references),
                    String.join(",", users), STATES[state & 3]).stripTrailing();
        }
    }

    private ModuleList(DebugContext c) {
        context = c;
        cpu = c.cpu();
        word = cpu.isCode64() ? Long.BYTES : Integer.BYTES;
    }

    /** The last loaded first. @throws CommandException if there is no list to be found */
    static List<Module> of(DebugContext c) {
        return new ModuleList(c).read();
    }

    private List<Module> read() {
        long list = list();
        List<Long> modules = new ArrayList<>();
        for (long entry = word(list); entry != list; entry = word(entry)) {
            modules.add(entry - word);
            if (modules.size() == MAX_MODULES) {
                throw new CommandException("lsmod: the list does not end: it is damaged");
            }
        }
        int layout = offset("core_layout", modules, this::isLayout);
        int users = offset("source_list", modules, this::isUsers);
        List<Module> all = new ArrayList<>();
        for (long m : modules) {
            long base = layout < 0 ? 0 : word(m + layout);
            int bytes = layout < 0 ? 0 : (int) number(m + layout + word, Integer.BYTES);
            // Behind the lists of users and used ones, and the function that ends the module; it counts from 1.
            int references = users < 0 ? -1 : (int) number(m + users + 5L * word, Integer.BYTES) - 1;
            all.add(new Module(name(m), base, bytes, references, users < 0 ? List.of() : users(m + users), (int) number(m, Integer.BYTES)));
        }
        return all;
    }

    /** Where a member is. */
    private int offset(String member, List<Long> modules, Like like) {
        int known = context.types().offset("module", member);
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

    /** What a member must look like. */
    private interface Like {
        boolean test(long module, int offset);
    }

    private boolean isLayout(long module, int offset) {
        Long base = cpu.read(module + offset, word);
        Long size = cpu.read(module + offset + word, Integer.BYTES);
        Long text = cpu.read(module + offset + word + Integer.BYTES, Integer.BYTES);
        boolean pages = base != null && size != null && text != null && base != 0 && base % PAGE == 0 && size % PAGE == 0 && text % PAGE == 0;
        return pages && size > 0 && size < MOST_BYTES && text <= size && module >= base && module < base + size;
    }

    /** {@code struct module_use}: two list entries, the module that uses, the module that is used. */
    private boolean isUsers(long module, int offset) {
        Long use = cpu.read(module + offset, word);
        Long before = use == null || use == module + offset ? null : cpu.read(use + word, word);
        Long used = before == null || before != module + offset ? null : cpu.read(use + 5L * word, word);
        return used != null && used == module;
    }

    private List<String> users(long list) {
        List<String> names = new ArrayList<>();
        for (long use = word(list); use != list && names.size() < MAX_MODULES; use = word(use)) {
            names.add(name(word(use + 4L * word)));
        }
        return names;
    }

    private String name(long module) {
        int longest = SEARCHED / 16 - word;
        byte[] b = new byte[longest];
        int got = cpu.read(module + 3L * word, b, 0, longest);
        int n = 0;
        while (n < got && b[n] != 0) {
            n++;
        }
        return new String(b, 0, n, StandardCharsets.ISO_8859_1);
    }

    /** Address of the list's head: by name or, where kallsyms has functions only, from the code of one that walks it. */
    private long list() {
        Symbol s = context.symbols().find("modules");
        if (s != null) {
            return s.address();
        }
        Symbol code = context.symbols().find("print_modules");
        if (code == null) {
            throw new CommandException("lsmod: no symbol modules, nor print_modules; is the guest a Linux kernel, given by --kernel or --symbols?");
        }
        long at = code.address();
        for (int i = 0; i < CODE_SEARCHED; i++) {
            Instruction insn = MemoryCommands.decode(cpu, at);
            for (int k = 0; insn != null && k < insn.operandCount(); k++) {
                Operand o = insn.op(k);
                long a = (o.isMemory() ? o.disp : o.value) & 0xffffffffL;
                if (isList(a)) {
                    return a;
                }
            }
            at += insn == null ? 1 : insn.length();
        }
        throw new CommandException("lsmod: no symbol modules, and its list was not found through print_modules: no module may be loaded yet; or give --symbols System.map");
    }

    private boolean isList(long head) {
        Long first = cpu.read(head, word);
        Long last = cpu.read(head + word, word);
        if (first == null || last == null || first == head) {
            return false;
        }
        Long back = cpu.read(first + word, word);
        Long on = cpu.read(last, word);
        Long state = cpu.read(first - word, Integer.BYTES);
        return back != null && on != null && state != null && back == head && on == head && state < STATES.length && name(first - word).matches("[\\w-]+");
    }

    private long word(long at) {
        return number(at, word);
    }

    private long number(long at, int bytes) {
        Long v = cpu.read(at, bytes);
        if (v == null) {
            throw new CommandException("lsmod: no memory at " + context.hex(at) + ": paging is not what the kernel will set up, or the list is damaged");
        }
        return v;
    }
}
