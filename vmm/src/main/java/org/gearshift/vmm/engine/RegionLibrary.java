package org.gearshift.vmm.engine;

import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.gearshift.backend.jvm.CompiledRegion;
import org.gearshift.paging.GuestRam;

/**
 * What the processors of one machine have compiled, for each other. Compiled code is a function of its blocks' bytes, their pcs and mode, and of the entries; it keeps nothing of the
 * processor it was made for. So another processor may run it whose own translations are of the same blocks and bytes: that is compared, and nothing here has to be told when
 * memory changes.
 *
 * <p>Any thread.
 */
public final class RegionLibrary {
    /** Entries of regions, before all is forgotten. */
    private static final int LIMIT = 1 << 15;

    private record Entry(long pc, long mode) {
    }

    /**
     * A region's code, and the blocks it was made of.
     *
     * @param calling see {@link RegionRecord#calling}
     * @param generation see {@link RegionRecord#generation}
     * @param pcs of the blocks
     * @param bytes of the blocks, in the same order
     */
    record Copy(WeakReference<CompiledRegion> code, boolean calling, int generation, long[] pcs, byte[][] bytes) {
        /** Whether a translation is of the block with this index. */
        boolean isOf(int index, Translation t, GuestRam ram) {
            return t.guestBytes == bytes[index].length && Arrays.equals(bytes[index], codeOf(t, ram));
        }
    }

    private final Map<Entry, Copy> copies = new ConcurrentHashMap<>();

    /** Offers a region to the others. Its members are valid: their bytes cannot have changed since they were translated. */
    void publish(List<Translation> members, CompiledRegion code, boolean calling, int generation, GuestRam ram) {
        long[] pcs = new long[members.size()];
        byte[][] bytes = new byte[pcs.length][];
        for (int i = 0; i < pcs.length; i++) {
            Translation t = members.get(i);
            if (!t.valid || !t.cached) {
                return;
            }
            pcs[i] = t.pc;
            bytes[i] = codeOf(t, ram);
        }
        if (copies.size() > LIMIT) {
            copies.clear();
        }
        Copy copy = new Copy(new WeakReference<>(code), calling, generation, pcs, bytes);
        long mode = members.get(0).mode;
        for (long pc : code.entries()) {
            copies.put(new Entry(pc, mode), copy);
        }
    }

    /** What was compiled last with this entry, by any processor, or null. */
    Copy find(long pc, long mode) {
        return copies.get(new Entry(pc, mode));
    }

    /** The bytes of a block, as they are now. */
    static byte[] codeOf(Translation t, GuestRam ram) {
        byte[] bytes = new byte[t.guestBytes];
        int inFirst = (int) Math.min(t.guestBytes, 0x1000 - (t.linear & 0xfff));
        ram.copyOut(t.physical(), bytes, 0, inFirst);
        if (inFirst < bytes.length) {
            ram.copyOut((long) t.secondFrame << 12, bytes, inFirst, bytes.length - inFirst);
        }
        return bytes;
    }
}
