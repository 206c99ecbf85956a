package org.gearshift.testing;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import org.gearshift.ir.ArrayRam;
import org.gearshift.ir.NativeRam;
import org.gearshift.ir.Ram;

/** The kinds of RAM there are. What lies outside the Java heap is kept until the tests end. */
public enum TestRam {
    /** A Java array. */
    ARRAY(0),
    /** Outside the heap. */
    OUTSIDE(0),
    /** The same, beyond 2 GiB, of which a test uses little, at its end: the rest costs addresses only. No int reaches what is used. */
    LARGE(3L << 30);

    /** First byte that is used. */
    public final long first;

    TestRam(long first) {
        this.first = first;
    }

    /** RAM of {@link #first} and so many more bytes, these zeroed. */
    public Ram of(int used) {
        if (this == ARRAY) {
            return new ArrayRam(new byte[used]);
        }
        try {
            Class<?> type = Class.forName("sun.misc.Unsafe");
            Field f = type.getDeclaredField("theUnsafe");
            f.setAccessible(true);
            long address = (long) MethodHandles.publicLookup().findVirtual(type, "allocateMemory", MethodType.methodType(long.class, long.class)).bindTo(f.get(null))
                    .invokeExact(first + used);
            Ram ram = NativeRam.at(address, first + used, type);
            ram.fill(first, used, (byte) 0);
            return ram;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
