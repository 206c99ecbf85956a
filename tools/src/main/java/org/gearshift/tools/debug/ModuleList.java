package org.gearshift.tools.debug;

import java.util.ArrayList;
import java.util.List;
import org.gearshift.tools.symbols.LinuxModules;
import org.gearshift.vmm.debug.DebuggedCpu;

/**
 * What there is to say of the modules that a Linux kernel has loaded (include/linux/module.h). Where a kernel carries no types, members are known by what they must look like: {@code core_layout} (up to Linux 6.3) begins
 * with the address of an area that holds the structure itself, and a user's entry in {@code source_list} leads back to the module.
 */
final class ModuleList {
    private static final int MAX_MODULES = 1 << 12;
    private static final int PAGE = 0x1000;
    private static final int MOST_BYTES = 1 << 28;
    private static final String[] STATES = {"", " (loading)", " (unloading)", " (being set up)"};

    private final DebugContext context;
    private final DebuggedCpu cpu;
    private final int word;
    private final LinuxModules list;

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
        list = new LinuxModules(c.symbols(), c.types(), cpu::read);
        word = list.word();
    }

    /** The last loaded first. @throws CommandException if there is no list to be found */
    static List<Module> of(DebugContext c) {
        return new ModuleList(c).read();
    }

    private List<Module> read() {
        if (list.head() == 0) {
            throw new CommandException(context.symbols().find("print_modules") == null
                    ? "lsmod: no symbol modules, nor print_modules; is the guest a Linux kernel, given by --kernel or --symbols?"
                    : "lsmod: no symbol modules, and its list was not found through print_modules: no module may be loaded yet; or give --symbols System.map");
        }
        List<Long> modules = list.modules();
        if (modules == null) {
            throw new CommandException("lsmod: the list leads to where no memory is, or does not end: paging is not what the kernel will set up, or the list is damaged");
        }
        int layout = list.offset("core_layout", modules, this::isLayout);
        int users = list.offset("source_list", modules, this::isUsers);
        List<Module> all = new ArrayList<>();
        for (long m : modules) {
            long base = layout < 0 ? 0 : word(m + layout);
            int bytes = layout < 0 ? 0 : (int) number(m + layout + word, Integer.BYTES);
            // Behind the lists of users and used ones, and the function that ends the module; it counts from 1.
            int references = users < 0 ? -1 : (int) number(m + users + 5L * word, Integer.BYTES) - 1;
            all.add(new Module(list.name(m), base, bytes, references, users < 0 ? List.of() : users(m + users), (int) number(m, Integer.BYTES)));
        }
        return all;
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

    private List<String> users(long head) {
        List<String> names = new ArrayList<>();
        for (long use = word(head); use != head && names.size() < MAX_MODULES; use = word(use)) {
            names.add(list.name(word(use + 4L * word)));
        }
        return names;
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
