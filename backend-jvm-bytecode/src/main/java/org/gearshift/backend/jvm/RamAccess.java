package org.gearshift.backend.jvm;

import org.gearshift.ir.Type;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;

/**
 * Bytecode of one access to guest RAM at an index that the page map has proven to lie inside it.
 *
 * <p>Sequence: {@link #base}, push the index, {@link #index}; then {@link #load}, or push the value and {@link #store}. Values are
 * int for 8 to 32 bits and long for 64.
 */
interface RamAccess {
    /** Adds what the generated class needs besides its methods; {@code initializer} is its static initializer. */
    void members(ClassWriter w, MethodVisitor initializer);

    /** Pushes what comes below the index. */
    void base(Code c, int bits);

    /** How indices are computed and kept: as int, if all of RAM has such, else as long. */
    Type indexType();

    /** Turns the index on the stack plus a constant, which is not negative, into the form the access wants. */
    void index(Code c, int displacement);

    /** The same for an index that is on the stack as a long in any case. */
    void wideIndex(Code c);

    /** Loads; 8 and 16 bits zero-extended. */
    void load(Code c, int bits);

    /** Stores the low {@code bits} of the value. */
    void store(Code c, int bits);

    static RamAccess of(BackendOptions options, String className) {
        boolean fast = options.ram() == BackendOptions.Ram.FAST;
        RamAccess ram;
        if (options.ramAddress() == 0) {
            ram = fast ? new UnsafeRam(className) : new CheckedRam();
        } else {
            ram = fast ? new NativeUnsafeRam(className, options.ramAddress(), options.compact()) : new NativeCheckedRam(options.compact());
        }
        return options.ordered() ? new OrderedRam(ram) : ram;
    }
}
