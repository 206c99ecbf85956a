package org.gearshift.paging;

/** Compare-and-swap on guest RAM. */
@FunctionalInterface
public interface AtomicRam {
    /**
     * Writes the low {@code bits} (8 to 64) of {@code value} at a physical address, which is RAM, if they hold {@code expected} now. The bytes lie in one aligned group of eight.
     *
     * @return whether they did
     */
    boolean compareAndSwap(long physical, long expected, long value, int bits);
}
