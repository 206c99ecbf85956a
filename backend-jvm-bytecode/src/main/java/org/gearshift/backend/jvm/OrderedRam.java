package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.INVOKESTATIC;

import org.gearshift.ir.Type;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;

/**
 * RAM that other vCPUs access at the same time, in the order of x86-TSO (SDM vol. 3A, 9.2): behind each load a fence that keeps all later accesses behind it, before each
 * store one that keeps earlier stores before it. On x86 hosts these are no instructions; they only keep the JIT compilers from reordering.
 */
final class OrderedRam implements RamAccess {
    private static final String FENCES = "java/lang/invoke/VarHandle";

    private final RamAccess ram;

    OrderedRam(RamAccess ram) {
        this.ram = ram;
    }

    /** Keeps what was loaded before ahead of everything after. */
    static void afterLoad(Code c) {
        c.invoke(INVOKESTATIC, FENCES, "acquireFence", "()V", 0);
    }

    /** Keeps what was stored before ahead of what is stored after. */
    static void beforeStore(Code c) {
        c.invoke(INVOKESTATIC, FENCES, "storeStoreFence", "()V", 0);
    }

    @Override
    public void members(ClassWriter w, MethodVisitor initializer) {
        ram.members(w, initializer);
    }

    @Override
    public void base(Code c, int bits) {
        ram.base(c, bits);
    }

    @Override
    public Type indexType() {
        return ram.indexType();
    }

    @Override
    public void index(Code c, int displacement) {
        ram.index(c, displacement);
    }

    @Override
    public void wideIndex(Code c) {
        ram.wideIndex(c);
    }

    @Override
    public void load(Code c, int bits) {
        ram.load(c, bits);
        afterLoad(c);
    }

    @Override
    public void store(Code c, int bits) {
        beforeStore(c);
        ram.store(c, bits);
    }
}
