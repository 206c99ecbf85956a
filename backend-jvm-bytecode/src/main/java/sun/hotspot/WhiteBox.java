package sun.hotspot;

import java.lang.reflect.Executable;

/**
 * The part of HotSpot's own test interface that Gearshift uses where the launcher has switched it on: asking for one method to be compiled at
 * one tier. The virtual machine binds the native methods by this class's name, and only if the boot loader defined it, which is why it is in a
 * jar of its own; everything works without it.
 */
public final class WhiteBox {
    private WhiteBox() {
    }

    private static native void registerNatives();

    static {
        registerNatives();
    }

    /** An instance; fails to initialize where the interface is off. */
    public static WhiteBox create() {
        return new WhiteBox();
    }

    /** Queues a method for compilation at a tier (1 C1, 4 C2); {@code bci} -1 for its normal entry. */
    public native boolean enqueueMethodForCompilation0(Executable method, int tier, int bci);

    /** The tier of a method's code, 0 if it is interpreted. */
    public native int getMethodCompilationLevel0(Executable method, boolean onStackReplacement);

    /** What is known of a method's compiled code: an array whose third element are its bytes; null if there is none. */
    public native Object[] getNMethod0(Executable method, boolean onStackReplacement);
}
