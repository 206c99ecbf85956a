package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.I2B;
import static org.objectweb.asm.Opcodes.I2C;
import static org.objectweb.asm.Opcodes.I2L;
import static org.objectweb.asm.Opcodes.I2S;
import static org.objectweb.asm.Opcodes.IAND;
import static org.objectweb.asm.Opcodes.INVOKEVIRTUAL;
import static org.objectweb.asm.Opcodes.LADD;

import java.lang.reflect.Field;
import org.gearshift.ir.Type;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * RAM through {@code sun.misc.Unsafe} on the byte array. The only place where generated code leaves the JVM's bounds checks: an
 * index is {@code (frame << 12) + offset} with an entry of the page map as frame and {@code offset + size <= 0x1000}, so it
 * is inside RAM as long as every non-negative entry of a page map names a whole frame inside the array. By 64-bit address the index is
 * {@code entry ^ va}, checked to be below {@code 1 << shift}: an entry that passes is the address's own ({@link org.gearshift.ir.WideMap}), so the
 * index is the offset of a whole frame, which the monitor guarantees likewise, with the page offset.
 *
 * <p>Generated classes hold the Unsafe in a static final field of their own, a constant to the JIT compilers, which turn its methods into single
 * machine instructions. It is reached by reflection here, since naming it makes javac warn.
 */
final class UnsafeRam implements RamAccess {
    /** The {@code sun.misc.Unsafe}; fetched by generated classes. */
    static final Object UNSAFE = staticField("theUnsafe");
    private static final long BASE_OFFSET = (Integer) staticField("ARRAY_BYTE_BASE_OFFSET");
    private static final String OWNER = RegionEmitter.PACKAGE + "UnsafeRam";
    static final String UNSAFE_TYPE = "sun/misc/Unsafe";
    private static final String FIELD = "U";
    private static final String FIELD_TYPE = "L" + UNSAFE_TYPE + ";";

    private final String className;

    /** @param className internal name of the generated class */
    UnsafeRam(String className) {
        this.className = className;
    }

    private static Object staticField(String name) {
        try {
            Field f = Class.forName("sun.misc.Unsafe").getDeclaredField(name);
            f.setAccessible(true);
            return f.get(null);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("sun.misc.Unsafe is not accessible; choose checked RAM access", e);
        }
    }

    @Override
    public void members(ClassWriter w, MethodVisitor initializer) {
        w.visitField(Opcodes.ACC_PRIVATE | Opcodes.ACC_STATIC | Opcodes.ACC_FINAL, FIELD, FIELD_TYPE, null, null).visitEnd();
        initializer.visitFieldInsn(Opcodes.GETSTATIC, OWNER, "UNSAFE", "Ljava/lang/Object;");
        initializer.visitTypeInsn(Opcodes.CHECKCAST, UNSAFE_TYPE);
        initializer.visitFieldInsn(Opcodes.PUTSTATIC, className, FIELD, FIELD_TYPE);
    }

    /** Pushes the Unsafe. */
    void push(Code c) {
        c.getStatic(className, FIELD, FIELD_TYPE);
    }

    @Override
    public void base(Code c, int bits) {
        push(c);
        c.loadRef(Locals.RAM, Locals.RAM_TYPE);
    }

    @Override
    public Type indexType() {
        return Type.I32;
    }

    @Override
    public void index(Code c, int displacement) {
        c.op(I2L);
        c.constant(BASE_OFFSET + displacement);
        c.op(LADD);
    }

    @Override
    public void wideIndex(Code c) {
        c.constant(BASE_OFFSET);
        c.op(LADD);
    }

    @Override
    public void load(Code c, int bits) {
        c.invoke(INVOKEVIRTUAL, UNSAFE_TYPE, "get" + name(bits), "(Ljava/lang/Object;J)" + letter(bits), 3);
        zeroExtend(c, bits);
    }

    /** What is loaded has its sign extended. */
    static void zeroExtend(Code c, int bits) {
        if (bits == 8) {
            c.constant(0xff);
            c.op(IAND);
        } else if (bits == 16) {
            c.op(I2C);
        }
    }

    @Override
    public void store(Code c, int bits) {
        narrow(c, bits);
        c.invoke(INVOKEVIRTUAL, UNSAFE_TYPE, "put" + name(bits), "(Ljava/lang/Object;J" + letter(bits) + ")V", 4);
    }

    /** Makes an int what a store of 8 or 16 bits takes. */
    static void narrow(Code c, int bits) {
        if (bits == 8) {
            c.op(I2B);
        } else if (bits == 16) {
            c.op(I2S);
        }
    }

    static String name(int bits) {
        return switch (bits) {
            case 8 -> "Byte";
            case 16 -> "Short";
            case 32 -> "Int";
            default -> "Long";
        };
    }

    static String letter(int bits) {
        return switch (bits) {
            case 8 -> "B";
            case 16 -> "S";
            case 32 -> "I";
            default -> "J";
        };
    }
}
