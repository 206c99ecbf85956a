package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.I2L;
import static org.objectweb.asm.Opcodes.INVOKEVIRTUAL;
import static org.objectweb.asm.Opcodes.LADD;

import org.gearshift.ir.Type;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;

/** RAM outside the Java heap through {@link org.gearshift.ir.Ram}, which checks every access. */
final class NativeCheckedRam implements RamAccess {
    private static final String RAM = "org/gearshift/ir/Ram";

    private final boolean compact;

    NativeCheckedRam(boolean compact) {
        this.compact = compact;
    }

    @Override
    public void members(ClassWriter w, MethodVisitor initializer) {
        // The context has the RAM.
    }

    @Override
    public Type indexType() {
        return compact ? Type.I32 : Type.I64;
    }

    @Override
    public void base(Code c, int bits) {
        c.loadRef(Locals.CONTEXT, Locals.CONTEXT_TYPE);
        c.getField(Locals.CONTEXT_TYPE, "hostRam", "L" + RAM + ";");
    }

    @Override
    public void index(Code c, int displacement) {
        if (compact) {
            c.op(I2L);
        }
        if (displacement != 0) {
            c.constant((long) displacement);
            c.op(LADD);
        }
    }

    @Override
    public void wideIndex(Code c) {
        // The index is used as it is.
    }

    @Override
    public void load(Code c, int bits) {
        c.invoke(INVOKEVIRTUAL, RAM, "get" + bits, bits == 64 ? "(J)J" : "(J)I", 2);
    }

    @Override
    public void store(Code c, int bits) {
        c.invoke(INVOKEVIRTUAL, RAM, "put" + bits, bits == 64 ? "(JJ)V" : "(JI)V", 3);
    }
}
