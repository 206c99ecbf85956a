package org.gearshift.ir;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * Compare-and-swap on guest RAM, for vCPUs on several host threads. A success is a full fence, as locked operations are on x86.
 *
 * <p>VarHandle views of byte arrays have no atomic access modes on newer JDKs, so this is {@code sun.misc.Unsafe}, by reflection since naming it makes javac warn. Every
 * index is checked.
 */
final class RamAtomics {
    private static final int GRANULE = Long.BYTES;
    private static final long BASE;
    private static final MethodHandle SWAP_INT;
    private static final MethodHandle SWAP_LONG;
    private static final MethodHandle GET_LONG;

    static {
        try {
            Class<?> type = Class.forName("sun.misc.Unsafe");
            Field f = type.getDeclaredField("theUnsafe");
            f.setAccessible(true);
            Object unsafe = f.get(null);
            MethodHandles.Lookup l = MethodHandles.publicLookup();
            SWAP_INT = l.findVirtual(type, "compareAndSwapInt", MethodType.methodType(boolean.class, Object.class, long.class, int.class, int.class)).bindTo(unsafe);
            SWAP_LONG = l.findVirtual(type, "compareAndSwapLong", MethodType.methodType(boolean.class, Object.class, long.class, long.class, long.class)).bindTo(unsafe);
            GET_LONG = l.findVirtual(type, "getLongVolatile", MethodType.methodType(long.class, Object.class, long.class)).bindTo(unsafe);
            BASE = (int) l.findVirtual(type, "arrayBaseOffset", MethodType.methodType(int.class, Class.class)).invoke(unsafe, byte[].class);
        } catch (Throwable e) {
            throw new IllegalStateException("sun.misc.Unsafe is not accessible: guests with several processors are not possible here", e);
        }
        if (BASE % GRANULE != 0 || ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
            throw new IllegalStateException("the layout of arrays or the byte order here rules out guests with several processors");
        }
    }

    private RamAtomics() {
    }

    /**
     * Writes {@code bits} (8, 16, 32, 64) of {@code value} at an index that {@link Ram#atomic} has allowed, if they hold {@code expected} now.
     *
     * @return whether they did
     */
    static boolean compareAndSwap(byte[] ram, int at, long expected, long value, int bits) {
        Objects.checkFromIndexSize(at & -GRANULE, GRANULE, ram.length);
        return compareAndSwap(ram, BASE + at, expected, value, bits);
    }

    /** The same at an offset in an array that has been checked, or, where that is null, at an address. */
    static boolean compareAndSwap(Object array, long offset, long expected, long value, int bits) {
        try {
            if (bits == Long.SIZE) {
                return (boolean) SWAP_LONG.invokeExact(array, offset, expected, value);
            }
            if (bits == Integer.SIZE && (offset & 3) == 0) {
                return (boolean) SWAP_INT.invokeExact(array, offset, (int) expected, (int) value);
            }
            return swapPart(array, offset, expected, value, bits);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean swapPart(Object array, long at, long expected, long value, int bits) throws Throwable {
        long offset = at & -GRANULE;
        int shift = ((int) at & GRANULE - 1) * Byte.SIZE;
        long mask = -1L >>> Long.SIZE - bits << shift;
        long from = expected << shift & mask;
        long to = value << shift & mask;
        while (true) {
            long whole = (long) GET_LONG.invokeExact(array, offset);
            if ((whole & mask) != from) {
                return false;
            }
            if ((boolean) SWAP_LONG.invokeExact(array, offset, whole, whole & ~mask | to)) {
                return true;
            }
        }
    }
}
