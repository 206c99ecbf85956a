package org.gearshift.vmm.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.gearshift.ir.interp.Interpreter;
import org.gearshift.paging.CodePages;

/**
 * All translations of a VM: found by (pc, mode, frame), dropped by the physical bytes they came from. Keeps {@link CodePages}
 * informed, so that stores to those bytes are noticed.
 */
final class CodeCache {
    private static final int LOG2_BUCKETS = 18;
    private static final int BUCKETS = 1 << LOG2_BUCKETS;
    /** Bounds of what a guest can make the cache hold: several times what a distribution's boot needs, within a few hundred megabytes. */
    private static final int MAX_TRANSLATIONS = 1 << 19;
    private static final int MAX_INTERPRETER_WORDS = 1 << 25;

    private final Translation[] table = new Translation[BUCKETS];
    private final List<List<Translation>> byFrame;
    private final CodePages codePages;
    private final Interpreter interpreter;
    private final EngineStatistics statistics;
    private final int hotThreshold;
    private Translation[] handles = new Translation[1 << 12];
    private int translations;

    CodeCache(int frames, CodePages codePages, Interpreter interpreter, EngineStatistics statistics, int hotThreshold) {
        this.byFrame = new ArrayList<>(java.util.Collections.nCopies(frames, null));
        this.codePages = codePages;
        this.interpreter = interpreter;
        this.statistics = statistics;
        this.hotThreshold = hotThreshold;
    }

    private static int bucket(long pc, long mode, int frame) {
        long h = pc * 0x9e3779b97f4a7c15L ^ mode * 0xc2b2ae3d27d4eb4fL ^ frame * 0x165667b19e3779f9L;
        return (int) (h >>> 64 - LOG2_BUCKETS);
    }

    /** The translation of this code, or null. The caller checks the second page. */
    Translation find(long pc, long mode, int frame, int secondFrame) {
        for (Translation t = table[bucket(pc, mode, frame)]; t != null; t = t.next) {
            if (t.pc == pc && t.mode == mode && t.frame == frame && (t.secondFrame == Translation.NONE || t.secondFrame == secondFrame)) {
                return t;
            }
        }
        return null;
    }

    /** Whether it is time to {@link #clear}. */
    boolean full() {
        return translations >= MAX_TRANSLATIONS || interpreter.codeWords() >= MAX_INTERPRETER_WORDS;
    }

    /** Drops everything: guests that run code at ever new addresses must not take the host's memory. */
    void clear() {
        for (int frame = 0; frame < byFrame.size(); frame++) {
            List<Translation> l = byFrame.get(frame);
            if (l == null) {
                continue;
            }
            for (Translation t : l) {
                if (t.valid) {
                    retire(t);
                }
            }
            byFrame.set(frame, null);
            codePages.removeFrame(frame);
        }
        java.util.Arrays.fill(table, null);
    }

    void add(Translation t) {
        translations++;
        int b = bucket(t.pc, t.mode, t.frame);
        t.next = table[b];
        table[b] = t;
        int inFirst = (int) Math.min(t.guestBytes, 0x1000 - (t.linear & 0xfff));
        index(t, t.frame);
        codePages.addCode(t.physical(), inFirst);
        if (t.secondFrame != Translation.NONE) {
            index(t, t.secondFrame);
            codePages.addCode((long) t.secondFrame << 12, t.guestBytes - inFirst);
        }
    }

    private void index(Translation t, int frame) {
        List<Translation> l = byFrame.get(frame);
        if (l == null) {
            l = new ArrayList<>(4);
            byFrame.set(frame, l);
        }
        l.add(t);
    }

    /** All translations that are valid. */
    void forEach(Consumer<Translation> action) {
        for (List<Translation> l : byFrame) {
            for (Translation t : l == null ? List.<Translation>of() : List.copyOf(l)) {
                if (t.valid) {
                    action.accept(t);
                }
            }
        }
    }

    /** Drops translations by what they are. */
    void invalidate(Predicate<Translation> which) {
        List<Translation> chosen = new ArrayList<>();
        forEach(t -> {
            if (which.test(t)) {
                chosen.add(t);
            }
        });
        for (Translation t : chosen) {
            if (t.valid) {
                invalidate(t.physical(), 1);
            }
        }
    }

    /** Drops every translation made from any of these bytes, which lie in one page. */
    void invalidate(long physical, int bytes) {
        int frame = (int) (physical >>> 12);
        List<Translation> l = byFrame.get(frame);
        if (l == null) {
            return;
        }
        for (Translation t : List.copyOf(l)) {
            if (t.valid && t.overlaps(physical, bytes)) {
                drop(t);
            }
        }
        l = byFrame.get(frame);
        codePages.removeFrame(frame);
        if (l.isEmpty()) {
            byFrame.set(frame, null);
            return;
        }
        for (Translation t : l) {
            protect(t, frame);
        }
    }

    private void protect(Translation t, int frame) {
        int inFirst = (int) Math.min(t.guestBytes, 0x1000 - (t.linear & 0xfff));
        if (t.frame == frame) {
            codePages.addCode(t.physical(), inFirst);
        }
        if (t.secondFrame == frame) {
            codePages.addCode((long) frame << 12, t.guestBytes - inFirst);
        }
    }

    private void drop(Translation t) {
        unlinkFromTable(t);
        byFrame.get(t.frame).remove(t);
        if (t.secondFrame != Translation.NONE && t.secondFrame != t.frame) {
            byFrame.get(t.secondFrame).remove(t);
        }
        retire(t);
    }

    /** Takes out a translation whose bytes may have changed while it was made: it is good for one use. */
    void forget(Translation t) {
        unlinkFromTable(t);
        byFrame.get(t.frame).remove(t);
        if (t.secondFrame != Translation.NONE && t.secondFrame != t.frame) {
            byFrame.get(t.secondFrame).remove(t);
        }
        translations--;
        t.cached = false;
    }

    private void retire(Translation t) {
        t.valid = false;
        t.closeGate();
        translations--;
        statistics.invalidatedBlocks++;
        if (statistics.listener != null) {
            statistics.listener.invalidated(t.linear, t.physical(), t.guestBytes);
        }
        release(t);
        for (RegionRecord r : List.copyOf(t.memberOf)) {
            dropRegion(r);
        }
    }

    /** Gives an interpreter handle back. */
    void release(Translation t) {
        if (t.handle != Translation.NONE) {
            handles[t.handle] = null;
            interpreter.free(t.handle);
            t.handle = Translation.NONE;
        }
    }

    /** The translation of an interpreter handle, or null. */
    Translation byHandle(int handle) {
        return handle >= 0 && handle < handles.length ? handles[handle] : null;
    }

    /** Remembers which translation a handle belongs to. */
    void setHandle(Translation t) {
        if (t.handle >= handles.length) {
            handles = java.util.Arrays.copyOf(handles, t.handle * 2);
        }
        handles[t.handle] = t;
    }

    /** Undoes a compilation: its entries are interpreted again. */
    void dropRegion(RegionRecord r) {
        if (!r.valid) {
            return;
        }
        r.retire();
        statistics.invalidatedRegions++;
        for (Translation m : r.members) {
            if (m.region == r) {
                m.region = null;
                m.code = null;
                m.closeGate();
                if (m.handle != Translation.NONE) {
                    interpreter.setThreshold(m.handle, hotThreshold);
                }
            }
        }
    }

    private void unlinkFromTable(Translation t) {
        int b = bucket(t.pc, t.mode, t.frame);
        Translation p = table[b];
        if (p == t) {
            table[b] = t.next;
            return;
        }
        while (p.next != t) {
            p = p.next;
        }
        p.next = t.next;
    }
}
