package org.gearshift.tools.gdb;

import java.util.LinkedHashMap;
import java.util.Map;
import org.gearshift.vmm.debug.Breakpoint;
import org.gearshift.vmm.debug.Stop;
import org.gearshift.vmm.debug.Traps;
import org.gearshift.vmm.debug.Watchpoint;

/**
 * Breakpoints and watchpoints as Z and z packets set and clear them. Software and hardware breakpoints are the same here: no guest memory is changed for either, and there
 * is no limit to their number.
 */
final class RemoteBreakpoints {
    private record Key(String type, long address, int length) {
    }

    private final Traps traps;
    private final Map<Key, Object> inserted = new LinkedHashMap<>();

    RemoteBreakpoints(Traps traps) {
        this.traps = traps;
    }

    /** Whether a type is one of 0 to 4. */
    static boolean knows(String type) {
        return type.length() == 1 && type.charAt(0) >= '0' && type.charAt(0) <= '4';
    }

    /**
     * Inserts or removes one; what is there, or gone, already is no error.
     *
     * @param length kind of a breakpoint, bytes of a watchpoint
     * @return false if such a one is impossible
     */
    boolean change(String type, long address, int length, boolean insert) {
        Key key = new Key(type, address, length);
        if (!insert) {
            remove(inserted.remove(key));
            return true;
        }
        if (inserted.containsKey(key)) {
            return true;
        }
        switch (type) {
            case "2" -> watch(key, Watchpoint.Kind.WRITE);
            case "3" -> watch(key, Watchpoint.Kind.READ);
            case "4" -> watch(key, Watchpoint.Kind.ACCESS);
            default -> {
                Breakpoint b = Breakpoint.at(address);
                traps.add(b);
                inserted.put(key, b);
            }
        }
        return true;
    }

    private void watch(Key key, Watchpoint.Kind kind) {
        if (key.length < 1) {
            throw new MalformedPacketException("a watchpoint of no bytes");
        }
        Watchpoint w = new Watchpoint(key.address, key.length, kind, false);
        traps.add(w);
        inserted.put(key, w);
    }

    private void remove(Object o) {
        if (o instanceof Breakpoint b) {
            traps.remove(b);
        } else if (o instanceof Watchpoint w) {
            traps.remove(w);
        }
    }

    /** Removes all. */
    void clear() {
        inserted.values().forEach(this::remove);
        inserted.clear();
    }

    /** The part of a stop reply that says which one was hit; empty if none. */
    String reason(Stop s) {
        if (s.cause() instanceof Watchpoint w) {
            String name = switch (w.kind()) {
                case WRITE -> "watch";
                case READ -> "rwatch";
                case ACCESS -> "awatch";
            };
            return String.format("%s:%x;", name, s.address());
        }
        if (s.cause() instanceof Breakpoint b) {
            boolean hardware = inserted.entrySet().stream().anyMatch(e -> e.getValue() == b && e.getKey().type.equals("1"));
            return hardware ? "hwbreak:;" : "swbreak:;";
        }
        return "";
    }
}
