package org.gearshift.ir.interp;

import org.gearshift.ir.Ram;

/** RAM outside the heap, of whose page maps each entry has an offset. */
final class CompactAccess extends RamAccess {
    private final Ram memory;

    private CompactAccess(Ram memory) {
        this.memory = memory;
    }

    static RamAccess of(Ram memory) {
        return new CompactAccess(memory);
    }

    @Override
    int get8(byte[] ram, int found, int va) {
        return memory.get8(found);
    }

    @Override
    int get16(byte[] ram, int found, int va) {
        return memory.get16(found);
    }

    @Override
    int get32(byte[] ram, int found, int va) {
        return memory.get32(found);
    }

    @Override
    void put8(byte[] ram, int found, int va, int value) {
        memory.put8(found, value);
    }

    @Override
    void put16(byte[] ram, int found, int va, int value) {
        memory.put16(found, value);
    }

    @Override
    void put32(byte[] ram, int found, int va, int value) {
        memory.put32(found, value);
    }

    @Override
    int get8(byte[] ram, long found, long va) {
        return memory.get8(found);
    }

    @Override
    int get16(byte[] ram, long found, long va) {
        return memory.get16(found);
    }

    @Override
    int get32(byte[] ram, long found, long va) {
        return memory.get32(found);
    }

    @Override
    long get64(byte[] ram, long found, long va) {
        return memory.get64(found);
    }

    @Override
    void put8(byte[] ram, long found, long va, int value) {
        memory.put8(found, value);
    }

    @Override
    void put32(byte[] ram, long found, long va, int value) {
        memory.put32(found, value);
    }

    @Override
    void put64(byte[] ram, long found, long va, long value) {
        memory.put64(found, value);
    }
}
