package org.gearshift.backend.jvm;

import java.util.IdentityHashMap;
import java.util.Map;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;

/**
 * Finds the stores of a block that go to the very location their instruction loaded with {@link Op#LOAD_RMW}: the load has
 * already translated the address for writing.
 */
final class RmwPairs {
    private final Map<Insn, Insn> loadOfStore = new IdentityHashMap<>();
    private final Map<Insn, Integer> indexOfLoad = new IdentityHashMap<>();

    void begin(Block b, boolean enabled, MemoryWindows windows) {
        loadOfStore.clear();
        indexOfLoad.clear();
        Insn load = null;
        for (Insn i : b.insns()) {
            switch (i.op()) {
                case MARK, VMCALL, CALL -> load = null;
                case LOAD_RMW -> load = enabled && windows.of(i) == null ? i : null;
                case STORE -> {
                    if (load != null && load.arg(0) == i.arg(0) && load.imm() == i.imm()) {
                        loadOfStore.put(i, load);
                        indexOfLoad.put(load, MemoryAccess.NO_INDEX);
                    }
                }
                default -> { }
            }
        }
    }

    /** True if a store will want the RAM index of this load. */
    boolean isWanted(Insn load) {
        return indexOfLoad.containsKey(load);
    }

    /** Notes the local that holds the RAM index of a load. */
    void indexIn(Insn load, int local) {
        indexOfLoad.put(load, local);
    }

    /** The local with the RAM index for a store, or {@link MemoryAccess#NO_INDEX}. */
    int indexFor(Insn store) {
        Insn load = loadOfStore.get(store);
        return load == null ? MemoryAccess.NO_INDEX : indexOfLoad.get(load);
    }
}
