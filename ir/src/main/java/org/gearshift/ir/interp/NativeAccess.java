package org.gearshift.ir.interp;

import org.gearshift.ir.Ram;

/** RAM outside the heap that is too large for offsets in the entries of page maps. */
final class NativeAccess extends RamAccess {
    private final Ram memory;

    private NativeAccess(Ram memory) {
        this.memory = memory;
    }

    static RamAccess of(Ram memory) {
        return new NativeAccess(memory);
    }

    @Override
    int get8(byte[] ram, int found, int va) {
        return memory.get8(memory.offset(found, va));
    }

    @Override
    int get16(byte[] ram, int found, int va) {
        return memory.get16(memory.offset(found, va));
    }

    @Override
    int get32(byte[] ram, int found, int va) {
        return memory.get32(memory.offset(found, va));
    }

    @Override
    void put8(byte[] ram, int found, int va, int value) {
        memory.put8(memory.offset(found, va), value);
    }

    @Override
    void put16(byte[] ram, int found, int va, int value) {
        memory.put16(memory.offset(found, va), value);
    }

    @Override
    void put32(byte[] ram, int found, int va, int value) {
        memory.put32(memory.offset(found, va), value);
    }

    @Override
    int get8(byte[] ram, long found, long va) {
        return memory.get8(memory.offset(found, va));
    }

    @Override
    int get16(byte[] ram, long found, long va) {
        return memory.get16(memory.offset(found, va));
    }

    @Override
    int get32(byte[] ram, long found, long va) {
        return memory.get32(memory.offset(found, va));
    }

    @Override
    long get64(byte[] ram, long found, long va) {
        return memory.get64(memory.offset(found, va));
    }

    @Override
    void put8(byte[] ram, long found, long va, int value) {
        memory.put8(memory.offset(found, va), value);
    }

    @Override
    void put32(byte[] ram, long found, long va, int value) {
        memory.put32(memory.offset(found, va), value);
    }

    @Override
    void put64(byte[] ram, long found, long va, long value) {
        memory.put64(memory.offset(found, va), value);
    }
}
