package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.BALOAD;
import static org.objectweb.asm.Opcodes.BASTORE;
import static org.objectweb.asm.Opcodes.I2C;
import static org.objectweb.asm.Opcodes.I2S;
import static org.objectweb.asm.Opcodes.IADD;
import static org.objectweb.asm.Opcodes.IAND;
import static org.objectweb.asm.Opcodes.INVOKEVIRTUAL;
import static org.objectweb.asm.Opcodes.L2I;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.gearshift.ir.Type;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;

/** RAM through bounds-checked array and VarHandle accesses. */
final class CheckedRam implements RamAccess {
    static final VarHandle SHORTS = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final String OWNER = "org/gearshift/backend/jvm/CheckedRam";
    private static final String VAR_HANDLE = "java/lang/invoke/VarHandle";

    @Override
    public void members(ClassWriter w, MethodVisitor initializer) {
        // The VarHandles are constants of this class.
    }

    @Override
    public void base(Code c, int bits) {
        if (bits > 8) {
            c.getStatic(OWNER, bits == 16 ? "SHORTS" : bits == 32 ? "INTS" : "LONGS", "L" + VAR_HANDLE + ";");
        }
        c.loadRef(Locals.RAM, Locals.RAM_TYPE);
    }

    @Override
    public Type indexType() {
        return Type.I32;
    }

    @Override
    public void index(Code c, int displacement) {
        if (displacement != 0) {
            c.constant(displacement);
            c.op(IADD);
        }
    }

    @Override
    public void wideIndex(Code c) {
        c.op(L2I);
    }

    @Override
    public void load(Code c, int bits) {
        if (bits == 8) {
            c.op(BALOAD);
            c.constant(0xff);
            c.op(IAND);
            return;
        }
        c.invoke(INVOKEVIRTUAL, VAR_HANDLE, "get", "([BI)" + letter(bits), 3);
        if (bits == 16) {
            c.op(I2C);
        }
    }

    @Override
    public void store(Code c, int bits) {
        if (bits == 8) {
            c.op(BASTORE);
            return;
        }
        if (bits == 16) {
            c.op(I2S);
        }
        c.invoke(INVOKEVIRTUAL, VAR_HANDLE, "set", "([BI" + letter(bits) + ")V", 4);
    }

    private static String letter(int bits) {
        return bits == 16 ? "S" : bits == 32 ? "I" : "J";
    }
}
