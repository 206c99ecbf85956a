package org.gearshift.paging;

/** Compare-and-swap on an array that holds guest RAM. */
@FunctionalInterface
public interface AtomicRam {
    /**
     * Writes the low {@code bits} (8 to 64) of {@code value} at an index, if they hold {@code expected} now. The bytes lie in one aligned group of eight.
     *
     * @return whether they did
     */
    boolean compareAndSwap(byte[] ram, int at, long expected, long value, int bits);
}
