package org.gearshift.vmm.debug;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.gearshift.paging.WatchedPages;

/**
 * Breakpoints, watchpoints and events that processors stop at. What is changed takes effect when the machine goes on: only then is the difference made in translated code
 * and page maps, so that
 * debuggers may take everything out and put it back at each stop without cost.
 */
public final class Traps {
    private static final int FRAME_SHIFT = 12;

    private final List<DebuggedCpu> cpus;
    private final List<CpuTraps> perCpu = new ArrayList<>();
    private final List<Breakpoint> breakpoints = new CopyOnWriteArrayList<>();
    private final List<Watchpoint> watchpoints = new CopyOnWriteArrayList<>();
    private final List<EventCatch> events = new CopyOnWriteArrayList<>();
    private Set<Long> linearInForce = Set.of();
    private Set<Long> physicalInForce = Set.of();
    private List<Watchpoint> watchpointsInForce = List.of();
    private final Set<Integer> framesInForce = new HashSet<>();
    private Aside setAside;

    private record Aside(List<Breakpoint> breakpoints, List<Watchpoint> watchpoints, List<EventCatch> events) {
    }

    Traps(Debugger debugger, List<DebuggedCpu> cpus) {
        this.cpus = cpus;
        cpus.forEach(c -> perCpu.add(new CpuTraps(debugger, this, c)));
    }

    public void add(Breakpoint b) {
        breakpoints.add(b);
    }

    public void remove(Breakpoint b) {
        breakpoints.remove(b);
    }

    public void add(Watchpoint w) {
        watchpoints.add(w);
    }

    public void remove(Watchpoint w) {
        watchpoints.remove(w);
    }

    public void add(EventCatch e) {
        events.add(e);
    }

    public void remove(EventCatch e) {
        events.remove(e);
    }

    public List<Breakpoint> breakpoints() {
        return List.copyOf(breakpoints);
    }

    public List<Watchpoint> watchpoints() {
        return List.copyOf(watchpoints);
    }

    public List<EventCatch> events() {
        return List.copyOf(events);
    }

    /** Removes everything. */
    public void clear() {
        breakpoints.clear();
        watchpoints.clear();
        events.clear();
    }

    /** Nothing but one watchpoint is to stop anybody; {@link #useAll} ends that. While the machine stands. */
    void useOnly(Watchpoint w) {
        setAside = new Aside(List.copyOf(breakpoints), List.copyOf(watchpoints), List.copyOf(events));
        clear();
        watchpoints.add(w);
        apply();
    }

    void useAll() {
        clear();
        breakpoints.addAll(setAside.breakpoints);
        watchpoints.addAll(setAside.watchpoints);
        events.addAll(setAside.events);
        setAside = null;
        apply();
    }

    /** The breakpoint that stops a processor before the instruction at an address, or null. */
    Breakpoint stopping(DebuggedCpu c, long linear, long physical) {
        for (Breakpoint b : breakpoints) {
            if (b.isAt(linear, physical) && b.stops(c)) {
                return b;
            }
        }
        return null;
    }

    Watchpoint covering(long linear, long physical, int bytes, boolean write) {
        for (Watchpoint w : watchpointsInForce) {
            if (w.covers(linear, physical, bytes, write)) {
                return w;
            }
        }
        return null;
    }

    /** The event that a processor stops for, or null. */
    EventCatch matching(EventCatch.Kind kind, long number) {
        for (EventCatch e : events) {
            if (e.matches(kind, number)) {
                return e;
            }
        }
        return null;
    }

    /** Makes what has changed since the last time take effect: while no processor runs. */
    void apply() {
        applyBreakpoints();
        applyWatchpoints();
        boolean data = !watchpoints.isEmpty();
        for (CpuTraps t : perCpu) {
            t.listen(data || !events.isEmpty(), new LinkedHashSet<>(events.stream().map(EventCatch::kind).toList()));
        }
    }

    private long[] places(boolean physical) {
        return breakpoints.stream().filter(b -> b.isPhysical() == physical).mapToLong(Breakpoint::address).sorted().distinct().toArray();
    }

    private void applyBreakpoints() {
        long[] linear = places(false);
        long[] physical = places(true);
        Set<Long> nowLinear = new HashSet<>(Arrays.stream(linear).boxed().toList());
        Set<Long> nowPhysical = new HashSet<>(Arrays.stream(physical).boxed().toList());
        for (int i = 0; i < cpus.size(); i++) {
            perCpu.get(i).setPlaces(linear, physical);
            tell(cpus.get(i), linearInForce, nowLinear, false);
            tell(cpus.get(i), physicalInForce, nowPhysical, true);
        }
        linearInForce = nowLinear;
        physicalInForce = nowPhysical;
    }

    private static void tell(DebuggedCpu c, Set<Long> before, Set<Long> now, boolean physical) {
        Set<Long> changed = new HashSet<>(before);
        changed.addAll(now);
        for (long address : changed) {
            if (before.contains(address) != now.contains(address)) {
                c.engine().breakpointChanged(address, physical);
            }
        }
    }

    private void applyWatchpoints() {
        List<Watchpoint> now = List.copyOf(watchpoints);
        if (now.equals(watchpointsInForce)) {
            return;
        }
        watchpointsInForce = now;
        WatchedPages pages = WatchedPages.NONE;
        framesInForce.forEach(f -> cpus.get(0).memory().unwatch(f));
        framesInForce.clear();
        for (Watchpoint w : now) {
            boolean loads = w.kind() != Watchpoint.Kind.WRITE;
            if (!w.isPhysical()) {
                pages = pages.with(w.address(), w.bytes(), loads);
                continue;
            }
            for (long frame = w.address() >>> FRAME_SHIFT; frame <= w.address() + w.bytes() - 1 >>> FRAME_SHIFT; frame++) {
                if (frame <= Integer.MAX_VALUE) {
                    cpus.get(0).memory().watch((int) frame, loads);
                    framesInForce.add((int) frame);
                }
            }
        }
        WatchedPages all = pages.isEmpty() ? null : pages;
        cpus.forEach(c -> c.mmu().watch(all));
    }
}
