package org.gearshift.vmm.engine;

import java.util.HashMap;
import java.util.Map;
import org.gearshift.translator.x86.X86Mode;

/**
 * A salt for each mode key in use, which makes (pc, mode) one long in the interpreter's jump cache. Pcs below 4 GiB get a number above themselves, and
 * bits 63 and 62 different; those of 64-bit code a number exclusive-or'ed into bits 61:48, which repeat bit 47 where an address is canonical.
 */
final class ModeNumbers {
    private static final long NARROW = 1L << 63;
    private static final int WIDE_NUMBERS = 1 << 14;

    private final Map<Long, Long> salts = new HashMap<>();
    private int narrow;
    private int wide;
    private long lastMode = -1;
    private long lastSalt;

    long salt(long mode) {
        if (mode != lastMode) {
            lastMode = mode;
            lastSalt = salts.computeIfAbsent(mode, this::next);
        }
        return lastSalt;
    }

    private long next(long mode) {
        if (!X86Mode.is(mode, X86Mode.CODE64)) {
            return NARROW | (long) ++narrow << 32;
        }
        if (++wide == WIDE_NUMBERS) {
            throw new IllegalStateException("more modes of 64-bit code than there are bits to tell them apart");
        }
        return (long) wide << 48;
    }
}
