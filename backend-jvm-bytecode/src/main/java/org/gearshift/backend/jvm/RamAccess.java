package org.gearshift.backend.jvm;

import org.objectweb.asm.ClassWriter;

/**
 * Bytecode of one access to guest RAM at an index that the page map has proven to lie inside it.
 *
 * <p>Sequence: {@link #base}, push the int index, {@link #index}; then {@link #load}, or push the value and {@link #store}. Values are
 * int for 8 to 32 bits and long for 64.
 */
interface RamAccess {
    /** Adds what the generated class needs besides its methods. */
    void members(ClassWriter w);

    /** Pushes what comes below the index. */
    void base(Code c, int bits);

    /** Turns the int index on the stack into the form the access wants. */
    void index(Code c);

    /** {@link #index} of the int on the stack plus a constant; the sum is not negative. */
    void index(Code c, int displacement);

    /** The same for an index that is on the stack as a long. */
    void wideIndex(Code c);

    /** Loads; 8 and 16 bits zero-extended. */
    void load(Code c, int bits);

    /** Stores the low {@code bits} of the value. */
    void store(Code c, int bits);

    static RamAccess of(BackendOptions options, String className) {
        RamAccess ram = options.ram() == BackendOptions.Ram.FAST ? new UnsafeRam(className) : new CheckedRam();
        return options.ordered() ? new OrderedRam(ram) : ram;
    }
}
