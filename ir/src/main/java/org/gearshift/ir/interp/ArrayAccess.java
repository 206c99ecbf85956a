package org.gearshift.ir.interp;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** RAM that is an array. */
final class ArrayAccess extends RamAccess {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final ArrayAccess INSTANCE = new ArrayAccess();

    private ArrayAccess() {
    }

    static RamAccess of() {
        return INSTANCE;
    }

    @Override
    int get8(byte[] ram, int found, int va) {
        return ram[found] & 0xff;
    }

    @Override
    int get16(byte[] ram, int found, int va) {
        return (short) SHORT.get(ram, found) & 0xffff;
    }

    @Override
    int get32(byte[] ram, int found, int va) {
        return (int) INT.get(ram, found);
    }

    @Override
    void put8(byte[] ram, int found, int va, int value) {
        ram[found] = (byte) value;
    }

    @Override
    void put16(byte[] ram, int found, int va, int value) {
        SHORT.set(ram, found, (short) value);
    }

    @Override
    void put32(byte[] ram, int found, int va, int value) {
        INT.set(ram, found, value);
    }

    @Override
    int get8(byte[] ram, long found, long va) {
        return ram[(int) found] & 0xff;
    }

    @Override
    int get16(byte[] ram, long found, long va) {
        return (short) SHORT.get(ram, (int) found) & 0xffff;
    }

    @Override
    int get32(byte[] ram, long found, long va) {
        return (int) INT.get(ram, (int) found);
    }

    @Override
    long get64(byte[] ram, long found, long va) {
        return (long) LONG.get(ram, (int) found);
    }

    @Override
    void put8(byte[] ram, long found, long va, int value) {
        ram[(int) found] = (byte) value;
    }

    @Override
    void put32(byte[] ram, long found, long va, int value) {
        INT.set(ram, (int) found, value);
    }

    @Override
    void put64(byte[] ram, long found, long va, long value) {
        LONG.set(ram, (int) found, value);
    }
}
