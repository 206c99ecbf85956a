package org.gearshift.tools.debug;

import java.util.LinkedHashMap;
import java.util.Map;
import org.gearshift.vmm.debug.Breakpoint;
import org.gearshift.vmm.debug.EventCatch;
import org.gearshift.vmm.debug.Traps;
import org.gearshift.vmm.debug.Watchpoint;

/** Breakpoints, watchpoints and events by the numbers that the user knows them by. */
final class TrapList {
    /**
     * One of them.
     *
     * @param trap a {@link Breakpoint}, {@link Watchpoint} or {@link EventCatch}
     * @param text what was typed
     */
    record Entry(Object trap, String text) {
    }

    private final Traps traps;
    private final Map<Integer, Entry> byNumber = new LinkedHashMap<>();
    private int last;

    TrapList(Traps traps) {
        this.traps = traps;
    }

    int add(Object trap, String text) {
        insert(trap);
        byNumber.put(++last, new Entry(trap, text));
        return last;
    }

    private void insert(Object trap) {
        if (trap instanceof Breakpoint b) {
            traps.add(b);
        } else if (trap instanceof Watchpoint w) {
            traps.add(w);
        } else {
            traps.add((EventCatch) trap);
        }
    }

    private void withdraw(Object trap) {
        if (trap instanceof Breakpoint b) {
            traps.remove(b);
        } else if (trap instanceof Watchpoint w) {
            traps.remove(w);
        } else {
            traps.remove((EventCatch) trap);
        }
    }

    private boolean inForce(Object trap) {
        return trap instanceof Breakpoint b ? traps.breakpoints().contains(b) : trap instanceof Watchpoint w ? traps.watchpoints().contains(w) : traps.events().contains(trap);
    }

    /** All, without temporary ones that have been hit. */
    Map<Integer, Entry> all() {
        byNumber.values().removeIf(e -> e.trap instanceof Breakpoint b && b.isTemporary() && !inForce(b));
        return byNumber;
    }

    void remove(int number) {
        withdraw(existing(number).trap);
        byNumber.remove(number);
    }

    void removeAll() {
        byNumber.values().forEach(e -> withdraw(e.trap));
        byNumber.clear();
    }

    void enable(int number, boolean on) {
        Object trap = existing(number).trap;
        withdraw(trap);
        if (on) {
            insert(trap);
        }
    }

    boolean isEnabled(Entry e) {
        return inForce(e.trap);
    }

    private Entry existing(int number) {
        Entry e = all().get(number);
        if (e == null) {
            throw new CommandException("no number " + number + "; 'breakpoints' lists them");
        }
        return e;
    }

    /** The number of a trap, or 0 if the user does not know it. */
    int numberOf(Object trap) {
        return byNumber.entrySet().stream().filter(e -> e.getValue().trap == trap).mapToInt(Map.Entry::getKey).findFirst().orElse(0);
    }
}
