package org.gearshift.paging;

import java.util.Arrays;

/**
 * What a vCPU has still to learn of the others: changes of page tables that it has derived something from, frames that may no longer be written inline, bytes of translated code
 * that change. Others post; the vCPU takes the news at its next safe point.
 *
 * <p>A processor's own caches lag behind in the same way: nobody may rely on a mapping's change before the other processor has flushed, and it takes the news then. Code is
 * stricter here than there: whoever changes it waits until the news was taken.
 */
final class Inbox {
    static final int PROTECTED = 0;
    static final int STORED = 1;
    static final int FLUSH = 2;
    /** Nothing but a sign that what was posted before has been taken. */
    static final int MARK = 3;
    private static final int KIND_SHIFT = 61;
    private static final int LENGTH_SHIFT = 46;
    private static final long PLACE = (1L << LENGTH_SHIFT) - 1;
    private static final int LENGTH = (1 << KIND_SHIFT - LENGTH_SHIFT) - 1;
    /** More news than this are replaced by dropping all that mappings were derived to. */
    private static final int LIMIT = 1 << 14;

    /** Something is there. */
    volatile boolean pending;
    /** Number of the oldest protection ({@link Coherence#protections}) not taken, or 0. */
    volatile long oldestProtection;
    /** How many posts of code have been taken, of all. */
    volatile long codeTaken;
    /** How many posts of mappings have been acted on, of all. */
    volatile long mappingsTaken;
    private long[] news = new long[64];
    private int size;
    private int[] code = new int[16];
    private int codeSize;
    private long codePosted;
    private long codeTaking;
    private long lastProtection;
    private long protectionTaken;
    private long mappingsPosted;
    private long mappingsTaking;

    synchronized void protectedFrame(int frame, long number) {
        if (oldestProtection == 0) {
            oldestProtection = number;
        }
        lastProtection = number;
        add(PROTECTED, frame, 0);
    }

    synchronized void stored(long physical, int bytes) {
        add(STORED, physical, bytes);
    }

    synchronized void flush() {
        add(FLUSH, 0, 0);
    }

    private void add(int kind, long place, int length) {
        mappingsPosted++;
        if (size == LIMIT) {
            news[0] = (long) FLUSH << KIND_SHIFT;
            size = 1;
        }
        if (size == news.length) {
            news = Arrays.copyOf(news, size * 2);
        }
        news[size++] = (long) kind << KIND_SHIFT | (long) length << LENGTH_SHIFT | place;
        pending = true;
    }

    /** Leaves a mark behind all that is there. @return the number to wait for in {@link #mappingsTaken} */
    synchronized long mark() {
        add(MARK, 0, 0);
        return mappingsPosted;
    }

    /** Code in a frame changes. @return the number to wait for in {@link #codeTaken} */
    synchronized long codeWritten(int frame) {
        if (codeSize == code.length) {
            code = Arrays.copyOf(code, codeSize * 2);
        }
        code[codeSize++] = frame;
        pending = true;
        return ++codePosted;
    }

    /** News of mappings, oldest first; {@link #mappingsTaken} follows when they have been acted on. */
    synchronized long[] takeMappings() {
        long[] all = Arrays.copyOf(news, size);
        size = 0;
        protectionTaken = lastProtection;
        mappingsTaking = mappingsPosted;
        pending = codeSize != 0;
        return all;
    }

    synchronized void mappingsTaken() {
        oldestProtection = lastProtection > protectionTaken ? protectionTaken + 1 : 0;
        mappingsTaken = mappingsTaking;
    }

    /** Frames whose code changes; {@link #codeDropped} follows when they have been acted on. */
    synchronized int[] takeCode() {
        int[] all = Arrays.copyOf(code, codeSize);
        codeSize = 0;
        codeTaking = codePosted;
        pending = size != 0;
        return all;
    }

    synchronized void codeDropped() {
        codeTaken = codeTaking;
    }

    static int kind(long news) {
        return (int) (news >>> KIND_SHIFT);
    }

    static long place(long news) {
        return news & PLACE;
    }

    static int length(long news) {
        return (int) (news >>> LENGTH_SHIFT) & LENGTH;
    }
}
