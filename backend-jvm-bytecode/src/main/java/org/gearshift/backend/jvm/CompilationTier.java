package org.gearshift.backend.jvm;

import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import org.gearshift.ir.GuestContext;

/**
 * Which of HotSpot's compilers a region is compiled by. HotSpot's own policy profiles every method before it optimizes; generated code gains
 * nothing from a profile and loses half its speed to one. Where the launcher made HotSpot's white-box interface available, regions are
 * compiled by C1 without profiling at once, and the hottest by C2 on request; elsewhere HotSpot decides and these calls say so.
 */
public final class CompilationTier {
    /** C1, no profiling. */
    public static final int QUICK = 1;
    /** C2. */
    public static final int OPTIMIZED = 4;

    private static final int NORMAL_ENTRY = -1;

    private static final Object WHITE_BOX;
    private static final Method ENQUEUE;
    private static final Method LEVEL;
    private static final Method CODE;
    /** Where in {@code getNMethod0}'s answer the bytes are. */
    private static final int CODE_BYTES = 2;

    static {
        Object box = null;
        Method enqueue = null;
        Method level = null;
        Method code = null;
        if (Boolean.getBoolean("gearshift.tiers")) {
            for (String name : new String[] {"jdk.test.whitebox.WhiteBox", "sun.hotspot.WhiteBox"}) {
                try {
                    Class<?> c = Class.forName(name, true, null);
                    box = c.getMethod("create").invoke(null);
                    enqueue = c.getMethod("enqueueMethodForCompilation0", Executable.class, int.class, int.class);
                    level = c.getMethod("getMethodCompilationLevel0", Executable.class, boolean.class);
                    code = c.getMethod("getNMethod0", Executable.class, boolean.class);
                    break;
                } catch (ReflectiveOperationException | LinkageError e) {
                    box = null;
                }
            }
            if (box == null) {
                System.getLogger(CompilationTier.class.getName()).log(System.Logger.Level.WARNING,
                        "this Java does not let regions choose their compiler; HotSpot's own policy is used, which is slower");
            }
        }
        WHITE_BOX = box;
        ENQUEUE = enqueue;
        LEVEL = level;
        CODE = code;
    }

    private CompilationTier() {
    }

    /** True if {@link #request} has an effect. */
    public static boolean selectable() {
        return WHITE_BOX != null;
    }

    /** Asks for a region to be compiled at a tier, in the background. */
    public static void request(CompiledRegion region, int tier) {
        if (WHITE_BOX == null) {
            return;
        }
        call(ENQUEUE, region, tier, NORMAL_ENTRY);
    }

    /** The tier of the code a region runs as: 0 while HotSpot interprets it, -1 where that cannot be known. */
    public static int of(CompiledRegion region) {
        return WHITE_BOX == null ? -1 : (int) call(LEVEL, region, false);
    }

    /** The bytes that HotSpot has compiled a region to, in the instruction set of the host; null if it has not, or that cannot be known. */
    public static byte[] machineCode(CompiledRegion region) {
        Object[] nmethod = WHITE_BOX == null ? null : (Object[]) call(CODE, region, false);
        return nmethod != null && nmethod.length > CODE_BYTES && nmethod[CODE_BYTES] instanceof byte[] b ? b : null;
    }

    private static Object call(Method m, CompiledRegion region, Object... rest) {
        try {
            Method run = region.getClass().getDeclaredMethod("run", GuestContext.class, int.class);
            return rest.length == 1 ? m.invoke(WHITE_BOX, run, rest[0]) : m.invoke(WHITE_BOX, run, rest[0], rest[1]);
        } catch (NoSuchMethodException | IllegalAccessException e) {
            throw new IllegalStateException(e);
        } catch (InvocationTargetException e) {
            throw new IllegalStateException("HotSpot refused to compile " + region, e.getCause());
        }
    }
}
