package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.I2L;
import static org.objectweb.asm.Opcodes.INVOKEVIRTUAL;
import static org.objectweb.asm.Opcodes.LADD;

import org.gearshift.ir.Type;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;

/**
 * RAM outside the Java heap through {@code sun.misc.Unsafe}, its address a constant of the code. What {@link UnsafeRam} says of bounds holds here likewise: every entry of a page map
 * names a whole frame of the RAM. In RAM that is not {@linkplain org.gearshift.ir.Ram#isCompact compact}, the entry found by 64-bit address is the frame's number ({@link org.gearshift.ir.WideMap}),
 * below {@code 1 << shift}, and again only the page's own entry gives such a number.
 */
final class NativeUnsafeRam implements RamAccess {
    private final UnsafeRam unsafe;
    private final long address;
    private final boolean compact;

    /**
     * @param className internal name of the generated class
     * @param address of the RAM, which the contexts that code runs on keep alive
     * @param compact what kind of RAM it is
     */
    NativeUnsafeRam(String className, long address, boolean compact) {
        this.unsafe = new UnsafeRam(className);
        this.address = address;
        this.compact = compact;
    }

    @Override
    public void members(ClassWriter w, MethodVisitor initializer) {
        unsafe.members(w, initializer);
    }

    @Override
    public Type indexType() {
        return compact ? Type.I32 : Type.I64;
    }

    @Override
    public void base(Code c, int bits) {
        unsafe.push(c);
    }

    @Override
    public void index(Code c, int displacement) {
        if (compact) {
            c.op(I2L);
        }
        add(c, displacement);
    }

    private void add(Code c, int displacement) {
        c.constant(address + displacement);
        c.op(LADD);
    }

    @Override
    public void wideIndex(Code c) {
        add(c, 0);
    }

    @Override
    public void load(Code c, int bits) {
        c.invoke(INVOKEVIRTUAL, UnsafeRam.UNSAFE_TYPE, "get" + UnsafeRam.name(bits), "(J)" + UnsafeRam.letter(bits), 2);
        UnsafeRam.zeroExtend(c, bits);
    }

    @Override
    public void store(Code c, int bits) {
        UnsafeRam.narrow(c, bits);
        c.invoke(INVOKEVIRTUAL, UnsafeRam.UNSAFE_TYPE, "put" + UnsafeRam.name(bits), "(J" + UnsafeRam.letter(bits) + ")V", 3);
    }
}
