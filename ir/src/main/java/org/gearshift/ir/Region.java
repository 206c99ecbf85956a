package org.gearshift.ir;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A set of blocks compiled as one unit, with one or more entries. Block order is emission order. */
public final class Region {
    private final Map<Long, Block> blocks;
    private final List<Long> entries;

    /**
     * @param blocks the blocks, with distinct pcs
     * @param entries pcs of blocks that may be entered from outside; entry number = index here
     */
    public Region(Collection<Block> blocks, List<Long> entries) {
        Map<Long, Block> m = new LinkedHashMap<>();
        for (Block b : blocks) {
            if (m.put(b.pc(), b) != null) {
                throw new IllegalArgumentException("two blocks at pc 0x" + Long.toHexString(b.pc()));
            }
        }
        for (long e : entries) {
            if (!m.containsKey(e)) {
                throw new IllegalArgumentException("entry 0x" + Long.toHexString(e) + " is not a block of the region");
            }
        }
        this.blocks = m;
        this.entries = List.copyOf(entries);
    }

    /** A region of one block. */
    public static Region of(Block b) {
        return new Region(List.of(b), List.of(b.pc()));
    }

    public List<Block> blocks() {
        return new ArrayList<>(blocks.values());
    }

    public List<Long> entries() {
        return entries;
    }

    /** The block at a pc, or null if that pc is outside the region. */
    public Block blockAt(long pc) {
        return blocks.get(pc);
    }
}
