package org.gearshift.ir;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.util.Objects;

/**
 * RAM outside the Java heap. Through {@code sun.misc.Unsafe}, by reflection since naming it makes javac warn: the language's own accessors of such
 * memory end at 2 GiB, or come with newer Javas. Every offset is checked here.
 */
public final class NativeRam extends Ram {
    private static final int FRAME_SHIFT = 12;
    private static final int PAGE_MASK = 0xfff;
    private static final byte[] NONE = {};
    private static final MethodHandle GET_BYTE;
    private static final MethodHandle GET_SHORT;
    private static final MethodHandle GET_INT;
    private static final MethodHandle GET_LONG;
    private static final MethodHandle PUT_BYTE;
    private static final MethodHandle PUT_SHORT;
    private static final MethodHandle PUT_INT;
    private static final MethodHandle PUT_LONG;
    private static final MethodHandle COPY;
    private static final MethodHandle FILL;

    static {
        try {
            Class<?> type = Class.forName("sun.misc.Unsafe");
            Field f = type.getDeclaredField("theUnsafe");
            f.setAccessible(true);
            Object unsafe = f.get(null);
            GET_BYTE = method(unsafe, "getByte", byte.class, long.class);
            GET_SHORT = method(unsafe, "getShort", short.class, long.class);
            GET_INT = method(unsafe, "getInt", int.class, long.class);
            GET_LONG = method(unsafe, "getLong", long.class, long.class);
            PUT_BYTE = method(unsafe, "putByte", void.class, long.class, byte.class);
            PUT_SHORT = method(unsafe, "putShort", void.class, long.class, short.class);
            PUT_INT = method(unsafe, "putInt", void.class, long.class, int.class);
            PUT_LONG = method(unsafe, "putLong", void.class, long.class, long.class);
            COPY = method(unsafe, "copyMemory", void.class, long.class, long.class, long.class);
            FILL = method(unsafe, "setMemory", void.class, long.class, long.class, byte.class);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("sun.misc.Unsafe is not accessible: guest memory outside the Java heap is not possible here", e);
        }
    }

    private final long address;
    private final long size;
    private final boolean compact;
    /** Keeps the memory from being given back. */
    private final Object owner;

    /**
     * RAM in memory that somebody else has reserved.
     *
     * @param address of its first byte, a multiple of 8
     * @param size bytes
     * @param owner gives the memory back when nothing refers to it any more
     */
    public static Ram at(long address, long size, Object owner) {
        return new NativeRam(address, size, owner);
    }

    private NativeRam(long address, long size, Object owner) {
        if (address <= 0 || address % Long.BYTES != 0 || size <= 0) {
            throw new IllegalArgumentException("RAM of " + size + " bytes at 0x" + Long.toHexString(address));
        }
        this.address = address;
        this.size = size;
        this.compact = isCompact();
        this.owner = Objects.requireNonNull(owner);
    }

    private static MethodHandle method(Object unsafe, String name, Class<?> result, Class<?>... parameters) throws ReflectiveOperationException {
        return MethodHandles.publicLookup().findVirtual(unsafe.getClass(), name, MethodType.methodType(result, parameters)).bindTo(unsafe);
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    byte[] array() {
        return NONE;
    }

    @Override
    public long address() {
        return address;
    }

    /** Who gives the memory back. */
    public Object owner() {
        return owner;
    }

    @Override
    public long offset(long found, long va) {
        if (compact) {
            return found;
        }
        long inPage = va & PAGE_MASK;
        return (found ^ inPage) << FRAME_SHIFT | inPage;
    }

    private long at(long offset, int bytes) {
        return address + Objects.checkFromIndexSize(offset, (long) bytes, size);
    }

    private static RuntimeException unchecked(Throwable e) {
        if (e instanceof RuntimeException r) {
            return r;
        }
        if (e instanceof Error error) {
            throw error;
        }
        return new IllegalStateException(e);
    }

    @Override
    public int get8(long at) {
        try {
            return (byte) GET_BYTE.invokeExact(at(at, 1)) & 0xff;
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    @Override
    public int get16(long at) {
        try {
            return (short) GET_SHORT.invokeExact(at(at, 2)) & 0xffff;
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    @Override
    public int get32(long at) {
        try {
            return (int) GET_INT.invokeExact(at(at, 4));
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    @Override
    public long get64(long at) {
        try {
            return (long) GET_LONG.invokeExact(at(at, 8));
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    @Override
    public void put8(long at, int v) {
        try {
            PUT_BYTE.invokeExact(at(at, 1), (byte) v);
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    @Override
    public void put16(long at, int v) {
        try {
            PUT_SHORT.invokeExact(at(at, 2), (short) v);
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    @Override
    public void put32(long at, int v) {
        try {
            PUT_INT.invokeExact(at(at, 4), v);
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    @Override
    public void put64(long at, long v) {
        try {
            PUT_LONG.invokeExact(at(at, 8), v);
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    @Override
    public void copy(long from, long to, int length) {
        try {
            COPY.invokeExact(at(from, length), at(to, length), (long) length);
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    @Override
    public void fill(long at, int length, byte value) {
        try {
            FILL.invokeExact(at(at, length), (long) length, value);
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    @Override
    public int mismatch(long a, long b, int length) {
        int i = 0;
        while (i + Long.BYTES <= length && get64(a + i) == get64(b + i)) {
            i += Long.BYTES;
        }
        while (i < length && get8(a + i) == get8(b + i)) {
            i++;
        }
        return i < length ? i : -1;
    }

    @Override
    public boolean compareAndSwap(long at, long expected, long value, int bits) {
        at(at & -Long.BYTES, Long.BYTES);
        return RamAtomics.compareAndSwap(null, address + at, expected, value, bits);
    }
}
