package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.CHECKCAST;
import static org.objectweb.asm.Opcodes.DUP;
import static org.objectweb.asm.Opcodes.INVOKESTATIC;
import static org.objectweb.asm.Opcodes.INVOKEVIRTUAL;
import static org.objectweb.asm.Opcodes.POP;
import static org.objectweb.asm.Opcodes.PUTSTATIC;

import java.util.LinkedHashMap;
import java.util.Map;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/**
 * Arrays, and links to other regions, that are constants of a region's class, since every context that will run it has these: HotSpot then knows their lengths, wants no check of an index below 2<sup>20</sup> and
 * keeps no reference in a register. What is null the region takes from its context.
 *
 * @param s of {@link org.gearshift.ir.GuestContext#s}, and so the others of the fields of their names
 * @param links where exits lead; null: every exit returns
 */
public record BoundArrays(long[] s, byte[] ram, int[] readMap, int[] writeMap, long[] wideReadMap, long[] wideWriteMap, RegionLinks links) {
    /** All from the context. */
    public static final BoundArrays NONE = new BoundArrays(null, null, null, null, null, null, null);

    private static final String SELF = Type.getInternalName(BoundArrays.class);
    private static final String HANDLES = "java/lang/invoke/MethodHandles";
    private static final String LOOKUP = HANDLES + "$Lookup";
    /** The field with the links. */
    static final String LINKS = "links";

    private Map<String, Object> constants() {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("s", s);
        m.put("ram", ram);
        m.put("readMap", readMap);
        m.put("writeMap", writeMap);
        m.put("wideReadMap", wideReadMap);
        m.put("wideWriteMap", wideWriteMap);
        m.put(LINKS, links);
        m.values().removeIf(a -> a == null);
        return m;
    }

    /** Whether a field of the context is bound, or {@link #LINKS} are there. */
    boolean binds(String field) {
        return constants().containsKey(field);
    }

    /** Adds the constants to a class that has this object as its class data; {@code initializer} is its static initializer. */
    void members(ClassWriter w, String className, MethodVisitor initializer) {
        Map<String, Object> constants = constants();
        if (constants.isEmpty()) {
            return;
        }
        initializer.visitMethodInsn(INVOKESTATIC, HANDLES, "lookup", "()L" + LOOKUP + ";", false);
        initializer.visitLdcInsn("_");
        initializer.visitLdcInsn(Type.getObjectType(SELF));
        initializer.visitMethodInsn(INVOKESTATIC, HANDLES, "classData", "(L" + LOOKUP + ";Ljava/lang/String;Ljava/lang/Class;)Ljava/lang/Object;", false);
        initializer.visitTypeInsn(CHECKCAST, SELF);
        constants.forEach((name, constant) -> {
            String type = Type.getDescriptor(constant instanceof RegionLinks ? RegionLinks.class : constant.getClass());
            w.visitField(Opcodes.ACC_PRIVATE | Opcodes.ACC_STATIC | Opcodes.ACC_FINAL, name, type, null, null).visitEnd();
            initializer.visitInsn(DUP);
            initializer.visitMethodInsn(INVOKEVIRTUAL, SELF, name, "()" + type, false);
            initializer.visitFieldInsn(PUTSTATIC, className, name, type);
        });
        initializer.visitInsn(POP);
    }

    /** To be told apart by identity alone: contents are guest memory. */
    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }

    @Override
    public String toString() {
        return "BoundArrays" + constants().keySet();
    }
}
