package org.gearshift.ir.interp;

import org.gearshift.ir.Ram;

/**
 * The loops' accesses to guest RAM, bounds-checked: by what they have found in a page map, exclusive-or the address
 * ({@link org.gearshift.ir.FlatMap}, {@link org.gearshift.ir.WideMap}). The array goes along as an argument, so that a loop keeps it in a register. As of {@link Ram}, only one kind
 * is loaded in most processes, and then nothing is dispatched.
 */
abstract class RamAccess {
    /** How to reach a RAM. */
    static RamAccess of(Ram ram) {
        if (ram.address() == 0) {
            return ArrayAccess.of();
        }
        return ram.isCompact() ? CompactAccess.of(ram) : NativeAccess.of(ram);
    }

    abstract int get8(byte[] ram, int found, int va);

    abstract int get16(byte[] ram, int found, int va);

    abstract int get32(byte[] ram, int found, int va);

    abstract void put8(byte[] ram, int found, int va, int value);

    abstract void put16(byte[] ram, int found, int va, int value);

    abstract void put32(byte[] ram, int found, int va, int value);

    abstract int get8(byte[] ram, long found, long va);

    abstract int get16(byte[] ram, long found, long va);

    abstract int get32(byte[] ram, long found, long va);

    abstract long get64(byte[] ram, long found, long va);

    abstract void put8(byte[] ram, long found, long va, int value);

    abstract void put32(byte[] ram, long found, long va, int value);

    abstract void put64(byte[] ram, long found, long va, long value);
}
