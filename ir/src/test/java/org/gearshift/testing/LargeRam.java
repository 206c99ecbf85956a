package org.gearshift.testing;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import org.gearshift.ir.NativeRam;
import org.gearshift.ir.Ram;

/** RAM outside the Java heap that reaches beyond 2 GiB, of which a test uses little, at its end: the rest costs addresses only. Kept until the tests end. */
public final class LargeRam {
    /** First byte that may be used: no int reaches it. */
    public static final long FIRST = 3L << 30;

    private LargeRam() {
    }

    /** RAM of {@link #FIRST} and so many more bytes, these zeroed. */
    public static Ram of(int used) {
        try {
            Class<?> type = Class.forName("sun.misc.Unsafe");
            Field f = type.getDeclaredField("theUnsafe");
            f.setAccessible(true);
            long address = (long) MethodHandles.publicLookup().findVirtual(type, "allocateMemory", MethodType.methodType(long.class, long.class)).bindTo(f.get(null))
                    .invokeExact(FIRST + used);
            Ram ram = NativeRam.at(address, FIRST + used, type);
            ram.fill(FIRST, used, (byte) 0);
            return ram;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
