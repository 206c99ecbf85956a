package org.gearshift.ir;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Names of a guest's state slots: all that IR and backend know of its registers. Slot number = index into {@link GuestContext#s}. */
public final class StateLayout {
    private final List<String> names;
    private final Map<String, Integer> byName = new HashMap<>();
    private final int pcSlot;

    /**
     * @param names slot names, index = slot number; distinct, {@code [A-Za-z_][A-Za-z0-9_]*}
     * @param pcSlot slot that holds the guest pc whenever translated code is not running
     */
    public StateLayout(List<String> names, int pcSlot) {
        this.names = List.copyOf(names);
        this.pcSlot = pcSlot;
        for (int i = 0; i < names.size(); i++) {
            if (byName.put(names.get(i), i) != null) {
                throw new IllegalArgumentException("two slots named " + names.get(i));
            }
        }
    }

    public int slotCount() {
        return names.size();
    }

    public String name(int slot) {
        return names.get(slot);
    }

    /** Slot of a name, or -1. */
    public int slot(String name) {
        return byName.getOrDefault(name, -1);
    }

    public int pcSlot() {
        return pcSlot;
    }
}
