package org.gearshift.tools.debug;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.gearshift.vmm.debug.Breakpoint;
import org.gearshift.vmm.debug.DebuggedCpu;
import org.gearshift.vmm.debug.EventCatch;
import org.gearshift.vmm.debug.Watchpoint;

/** Commands that say what to stop at. */
final class BreakCommands {
    private static final Map<String, EventCatch.Kind> EVENTS = Map.of("port", EventCatch.Kind.PORT, "mmio", EventCatch.Kind.MMIO, "msr", EventCatch.Kind.MSR, "cr",
            EventCatch.Kind.CONTROL_REGISTER, "interrupt", EventCatch.Kind.INTERRUPT, "exception", EventCatch.Kind.EXCEPTION, "hypercall", EventCatch.Kind.HYPERCALL, "mode",
            EventCatch.Kind.MODE);

    private final TrapList list;

    private BreakCommands(TrapList list) {
        this.list = list;
    }

    static void addTo(CommandSet set, TrapList list) {
        BreakCommands b = new BreakCommands(list);
        set.add(new Command(List.of("break", "b"), "[-p] ADDRESS [if CONDITION]", "stop before the instruction there (-p: a physical address)",
                (c, a) -> b.breakpoint(c, a, false)));
        set.add(new Command(List.of("tbreak"), "[-p] ADDRESS [if CONDITION]", "the same, once", (c, a) -> b.breakpoint(c, a, true)));
        set.add(new Command(List.of("watch"), "[-p] ADDRESS [LENGTH]", "stop behind a store there", (c, a) -> b.watchpoint(c, a, Watchpoint.Kind.WRITE)));
        set.add(new Command(List.of("rwatch"), "[-p] ADDRESS [LENGTH]", "stop behind a load from there", (c, a) -> b.watchpoint(c, a, Watchpoint.Kind.READ)));
        set.add(new Command(List.of("awatch"), "[-p] ADDRESS [LENGTH]", "stop behind either", (c, a) -> b.watchpoint(c, a, Watchpoint.Kind.ACCESS)));
        set.add(new Command(List.of("catch"), "port|mmio|msr|cr|interrupt|exception|hypercall|mode [N[-N]]",
                "stop behind an access to such a thing, or where such an event has led",
                b::event));
        set.add(new Command(List.of("breakpoints", "info-breakpoints"), "", "what is stopped at, and how often it was", (c, a) -> b.show(c)));
        set.add(new Command(List.of("delete", "del"), "[N...]", "remove them, or all", (c, a) -> {
            if (a.isEmpty()) {
                list.removeAll();
            }
            while (!a.isEmpty()) {
                list.remove(number(a));
            }
        }));
        set.add(new Command(List.of("enable"), "N...", "let them stop the guest again", (c, a) -> b.enable(a, true)));
        set.add(new Command(List.of("disable"), "N...", "don't, but keep them", (c, a) -> b.enable(a, false)));
    }

    private static int number(Arguments a) {
        String n = a.next("number");
        if (!n.matches("\\d{1,9}")) {
            throw new CommandException(n + ": not a number; 'breakpoints' lists them");
        }
        return Integer.parseInt(n);
    }

    private void enable(Arguments a, boolean on) {
        do {
            list.enable(number(a), on);
        } while (!a.isEmpty());
    }

    private void breakpoint(DebugContext c, Arguments a, boolean temporary) {
        boolean physical = a.take("-p");
        String all = a.isEmpty() ? a.next("ADDRESS") : a.rest();
        String[] part = all.split(" if ", 2);
        long address = Expression.value(part[0], c);
        Predicate<DebuggedCpu> condition = cpu -> true;
        if (part.length == 2) {
            String text = part[1];
            Expression.value(text, c);
            condition = cpu -> holds(text, c, cpu);
        }
        int n = list.add(new Breakpoint(address, physical, condition, temporary), all);
        c.print("breakpoint %d at %s%s", n, physical ? "physical " : "", c.place(address));
    }

    /** A condition that cannot be decided, as there is no memory where it looks, does not hold. */
    private static boolean holds(String text, DebugContext c, DebuggedCpu cpu) {
        try {
            return Expression.value(text, c, cpu) != 0;
        } catch (CommandException e) {
            return false;
        }
    }

    private void watchpoint(DebugContext c, Arguments a, Watchpoint.Kind kind) {
        boolean physical = a.take("-p");
        String where = a.next("ADDRESS");
        long address = Expression.value(where, c);
        long length = a.isEmpty() ? c.cpu().isCode64() ? 8 : 4 : Expression.value(a.rest(), c);
        if (length < 1 || length > Watchpoint.MAX_BYTES) {
            throw new CommandException("watch: " + length + " bytes: 1 to " + Watchpoint.MAX_BYTES + " are possible");
        }
        int n = list.add(new Watchpoint(address, (int) length, kind, physical), where + ", " + length + " bytes, " + kind.name().toLowerCase(Locale.ROOT));
        c.print("watchpoint %d at %s%s, %d bytes", n, physical ? "physical " : "", c.place(address), length);
    }

    private void event(DebugContext c, Arguments a) {
        String name = a.next("kind");
        EventCatch.Kind kind = EVENTS.get(name);
        if (kind == null) {
            throw new CommandException("catch: port, mmio, msr, cr, interrupt, exception, hypercall or mode, not " + name);
        }
        String range = a.rest();
        EventCatch e = EventCatch.any(kind);
        if (!range.isEmpty()) {
            String[] part = range.split("-", 2);
            long first = Expression.value(part[0], c);
            e = new EventCatch(kind, first, part.length == 1 ? first : Expression.value(part[1], c));
        }
        c.print("catch %d: %s %s", list.add(e, name + (range.isEmpty() ? "" : " " + range)), name, range);
    }

    private void show(DebugContext c) {
        if (list.all().isEmpty()) {
            c.print("none");
        }
        list.all().forEach((n, e) -> {
            String hits = "";
            String what = "catch";
            if (e.trap() instanceof Breakpoint b) {
                what = b.isTemporary() ? "tbreak" : "break";
                hits = String.format("%s, stopped %,d times", c.place(b.address()), b.hits());
            } else if (e.trap() instanceof Watchpoint w) {
                what = "watch";
                hits = String.format("%s, stopped %,d times", c.place(w.address()), w.hits());
            }
            c.print("%-3d %-7s %s  %s%s", n, what, e.text(), hits, list.isEnabled(e) ? "" : "  (disabled)");
        });
    }
}
