package org.gearshift.ir.interp;

import java.util.Arrays;
import org.gearshift.ir.GuestContext;

/**
 * The one array of micro-operations with the blocks in it: appending, linking, freeing, compaction. Blocks keep their handles when
 * compaction moves them.
 */
final class MicroCode {
    private static final int FIRST_WORDS = 1 << 16;
    /** Behind the last block: loops read an operation's second word before they know whether it has one. */
    private static final int SPARE_WORDS = 1;

    int[] words = new int[FIRST_WORDS];
    private int used;
    private BlockRecord[] byHandle = new BlockRecord[1024];
    private int handles;
    /** Handles in order of their start; the dead ones stay until compaction. */
    private int[] order = new int[1024];
    private int ordered;
    private int[] freeHandles = new int[64];
    private int freeCount;
    private int deadWords;
    private final int compactAbove;

    /** @param compactAbove words of dead code that are tolerated; beyond it, once half of the array is dead, it is compacted */
    MicroCode(int compactAbove) {
        this.compactAbove = compactAbove;
    }

    int newHandle() {
        if (freeCount > 0) {
            return freeHandles[--freeCount];
        }
        if (handles == byHandle.length) {
            byHandle = Arrays.copyOf(byHandle, handles * 2);
        }
        return handles++;
    }

    /** Appends a block whose words are {@code code[0..length)}. */
    void append(BlockRecord r, int[] code, int length) {
        int needed = used + length + SPARE_WORDS;
        if (needed > words.length) {
            words = Arrays.copyOf(words, Math.max(words.length * 2, needed));
        }
        System.arraycopy(code, 0, words, used, length);
        r.start = used;
        r.length = length;
        used += length;
        byHandle[r.handle] = r;
        if (ordered == order.length) {
            order = Arrays.copyOf(order, ordered * 2);
        }
        order[ordered++] = r.handle;
    }

    /** The live block of a handle. */
    BlockRecord record(int handle) {
        BlockRecord r = handle >= 0 && handle < handles ? byHandle[handle] : null;
        if (r == null || !r.live) {
            throw new IllegalArgumentException("no block has handle " + handle);
        }
        return r;
    }

    /** The block, live or dead, that an offset lies in. */
    BlockRecord recordAt(int offset) {
        int lo = 0;
        int hi = ordered - 1;
        while (lo < hi) {
            int mid = lo + hi + 1 >>> 1;
            if (byHandle[order[mid]].start <= offset) {
                lo = mid;
            } else {
                hi = mid - 1;
            }
        }
        return byHandle[order[lo]];
    }

    /** Marks a block dead: whoever still enters it leaves at once. */
    void free(int handle) {
        BlockRecord r = record(handle);
        r.live = false;
        words[r.start] = words[r.start] & ~0xff | MicroOp.DEAD;
        deadWords += r.length;
    }

    /**
     * What a block that cannot go on within its loop means: the terminators that always leave, dead blocks, blocks of the other loop.
     *
     * @param link word that led here, or -1; cut if the block is dead
     */
    int leave(GuestContext ctx, int ip, int link, int pcSlot) {
        switch (words[ip] & 0xff) {
            case MicroOp.DEAD:
                ctx.s[pcSlot] = recordAt(ip).pc;
                if (link >= 0 && words[link] == ip) {
                    words[link] = -1;
                }
                return Interpreter.EXIT_UNLINKED;
            case MicroOp.EXIT:
                ctx.s[pcSlot] = words[ip + 1] & 0xffffffffL | (long) words[ip + 2] << 32;
                return Interpreter.EXIT;
            case MicroOp.EXIT_TO_STATE:
                return Interpreter.EXIT;
            case MicroOp.BLOCK, WideOp.WBLOCK:
                return Interpreter.OTHER_LOOP;
            default:
                throw new IllegalStateException(MicroOp.name(words[ip] & 0xff) + " at " + ip);
        }
    }

    boolean wantsCompaction() {
        return deadWords > compactAbove && deadWords > used / 2;
    }

    int usedWords() {
        return used;
    }

    int liveBlocks() {
        return ordered - deadCount();
    }

    private int deadCount() {
        int n = 0;
        for (int i = 0; i < ordered; i++) {
            if (!byHandle[order[i]].live) {
                n++;
            }
        }
        return n;
    }

    /** Squeezes dead blocks out and cuts the links into them. No code may be running. */
    void compact() {
        for (int i = 0; i < ordered; i++) {
            BlockRecord r = byHandle[order[i]];
            if (r.live) {
                linksToHandles(r);
            }
        }
        int to = 0;
        int kept = 0;
        for (int i = 0; i < ordered; i++) {
            int h = order[i];
            BlockRecord r = byHandle[h];
            if (r.live) {
                System.arraycopy(words, r.start, words, to, r.length);
                r.start = to;
                to += r.length;
                order[kept++] = h;
            } else {
                byHandle[h] = null;
                if (freeCount == freeHandles.length) {
                    freeHandles = Arrays.copyOf(freeHandles, freeCount * 2);
                }
                freeHandles[freeCount++] = h;
            }
        }
        ordered = kept;
        used = to;
        deadWords = 0;
        for (int i = 0; i < ordered; i++) {
            handlesToLinks(byHandle[order[i]]);
        }
    }

    private void linksToHandles(BlockRecord r) {
        for (int e : r.exits) {
            int at = r.start + e;
            if (e >= 0 && words[at] >= 0) {
                int header = words[at];
                words[at] = (words[header] & 0xff) == MicroOp.DEAD ? -1 : words[header + 2];
            }
        }
    }

    private void handlesToLinks(BlockRecord r) {
        for (int e : r.exits) {
            int at = r.start + e;
            if (e >= 0 && words[at] >= 0) {
                words[at] = byHandle[words[at]].start;
            }
        }
    }
}
