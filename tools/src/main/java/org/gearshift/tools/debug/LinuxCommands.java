package org.gearshift.tools.debug;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.gearshift.tools.symbols.KernelTypes;
import org.gearshift.tools.symbols.Symbol;
import org.gearshift.vmm.debug.DebuggedCpu;

/** The commands that know Linux: by the type information its kernel carries, and by what it has written down for crash dumps. */
final class LinuxCommands {
    private static final int MAX_TASKS = 1 << 16;
    private static final int NAME_BYTES = 16;
    /** By bit of task_struct.__state, from 1 on; 0 is running (include/linux/sched.h). */
    private static final String STATES = "SDTtXZPIN";

    private LinuxCommands() {
    }

    static void addTo(CommandSet set) {
        set.add(new Command(List.of("ps"), "", "the tasks of a Linux guest: process, parent, state, structure and name; kernel threads in brackets", (c, a) -> {
            a.end();
            ps(c);
        }));
        set.add(new Command(List.of("dmesg"), "[N]", "the last N messages of a Linux guest's kernel, all that it still has if N is left out", (c, a) -> {
            long most = a.isEmpty() ? Integer.MAX_VALUE : Expression.value(a.rest(), c);
            if (most < 1) {
                throw new CommandException("dmesg: how many lines?");
            }
            KernelLog.last(c, (int) Math.min(Integer.MAX_VALUE, most)).forEach(line -> c.print("%s", line));
        }));
        set.add(new Command(List.of("lsmod"), "", "the modules of a Linux guest's kernel: where each is, its bytes, how often it is used, and by which modules", (c, a) -> {
            a.end();
            lsmod(c);
        }));
    }

    private static void lsmod(DebugContext c) {
        List<ModuleList.Module> modules = ModuleList.of(c);
        c.print("%-" + c.hex(0).length() + "s %-24s %8s %4s", "BASE", "MODULE", "SIZE", "USED BY");
        modules.forEach(m -> c.print("%s %s", m.base() == 0 ? "?".repeat(c.hex(0).length()) : c.hex(m.base()), m));
    }

    private static int offset(KernelTypes types, String member) {
        int o = types.offset("task_struct", member);
        if (o < 0) {
            throw new CommandException("ps: the kernel file carries no type information that says where task_struct." + member + " is");
        }
        return o;
    }

    private static void ps(DebugContext c) {
        Symbol init = c.symbols().find("init_task");
        if (init == null) {
            throw new CommandException("ps: no symbol init_task; is the guest a Linux kernel, given by --kernel or --symbols?");
        }
        KernelTypes types = c.types();
        int tasks = offset(types, "tasks");
        int pid = offset(types, "pid");
        int parent = offset(types, "real_parent");
        int comm = offset(types, "comm");
        int mm = offset(types, "mm");
        int state = offset(types, types.offset("task_struct", "__state") >= 0 ? "__state" : "state");
        int word = c.cpu().isCode64() ? 8 : 4;
        DebuggedCpu cpu = c.cpu();
        c.print("  PID  PPID S TASK");
        long task = init.address();
        for (int i = 0; i < MAX_TASKS; i++) {
            Long father = cpu.read(task + parent, word);
            Long space = cpu.read(task + mm, word);
            Long number = cpu.read(task + pid, 4);
            Long next = cpu.read(task + tasks, word);
            Long running = cpu.read(task + state, 4);
            if (father == null || space == null || number == null || next == null || running == null) {
                throw new CommandException("ps: no memory at " + c.hex(task) + ": paging is not what the kernel will set up, or the list is damaged");
            }
            Long ppid = cpu.read(father + pid, 4);
            int bit = Long.numberOfTrailingZeros(running);
            char s = running == 0 ? 'R' : bit < STATES.length() ? STATES.charAt(bit) : '?';
            String name = name(cpu, task + comm);
            c.print("%5d %5d %c %s %s", number, ppid == null ? 0 : ppid, s, c.hex(task), space == 0 ? "[" + name + "]" : name);
            task = next - tasks;
            if (task == init.address() || next == 0) {
                return;
            }
        }
        c.print("(and maybe more: the list does not end)");
    }

    private static String name(DebuggedCpu cpu, long at) {
        byte[] b = new byte[NAME_BYTES];
        int got = cpu.read(at, b, 0, NAME_BYTES);
        int n = 0;
        while (n < got && b[n] != 0) {
            n++;
        }
        return new String(b, 0, n, StandardCharsets.ISO_8859_1);
    }
}
