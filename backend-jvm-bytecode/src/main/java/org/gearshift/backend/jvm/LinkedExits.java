package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.GOTO;
import static org.objectweb.asm.Opcodes.IFNE;
import static org.objectweb.asm.Opcodes.IFNULL;
import static org.objectweb.asm.Opcodes.INVOKEVIRTUAL;
import static org.objectweb.asm.Opcodes.POP;
import static org.objectweb.asm.Opcodes.RETURN;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.gearshift.ir.Type;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** Exits for a pc that is known, in code that asks {@link RegionLinks} for the region there and runs it. */
final class LinkedExits {
    /** No pc to come back to. */
    static final long NOWHERE = -1;

    private static final String LINKS_TYPE = "org/gearshift/backend/jvm/RegionLinks";
    private static final String LINK_TYPE = LINKS_TYPE + "$Link";
    private static final String LINK_DESCRIPTOR = "L" + LINK_TYPE + ";";

    /**
     * Where control leaves for.
     *
     * @param back where it comes back to, if it does: behind a call instruction
     */
    private record Way(long target, long back, boolean direct) { }

    private final String className;
    private final Map<Way, Label> ways = new LinkedHashMap<>();
    private final Label nobody = new Label();
    private int count;

    /** @param className of the class that has the links as a constant; null if there are none */
    LinkedExits(String className) {
        this.className = className;
    }

    /** Whether exits are linked at all. */
    boolean present() {
        return className != null;
    }

    /** Where to jump for an exit. @param direct whether the state is in the state array already */
    Label exit(long target, long back, boolean direct) {
        return ways.computeIfAbsent(new Way(target, back, direct), w -> new Label());
    }

    /** Adds the links to the class, as constants; {@code initializer} is its static initializer. Once all exits are emitted. */
    void members(ClassWriter w, MethodVisitor initializer) {
        for (int k = 0; k < count; k++) {
            w.visitField(Opcodes.ACC_PRIVATE | Opcodes.ACC_STATIC | Opcodes.ACC_FINAL, field(k), LINK_DESCRIPTOR, null, null).visitEnd();
            initializer.visitFieldInsn(Opcodes.GETSTATIC, className, BoundArrays.LINKS, "L" + LINKS_TYPE + ";");
            initializer.visitMethodInsn(INVOKEVIRTUAL, LINKS_TYPE, "make", "()" + LINK_DESCRIPTOR, false);
            initializer.visitFieldInsn(Opcodes.PUTSTATIC, className, field(k), LINK_DESCRIPTOR);
        }
    }

    private static String field(int link) {
        return "L" + link;
    }

    /**
     * Emits the exits of code whose slots are in place, each with a call of its own: HotSpot makes it a direct one if it always leads to the same region.
     *
     * @param toState brings state array and context up to date, from {@link Locals#NEXT_PC}
     */
    void emitInPlace(Code c, Exits exits, Runnable toState) {
        for (Map.Entry<Way, Label> e : ways.entrySet()) {
            Way w = e.getKey();
            c.label(e.getValue());
            c.constant(w.target());
            c.store(Type.I64, Locals.NEXT_PC);
            toState.run();
            boolean returns = w.back() != NOWHERE;
            if (returns) {
                links(c);
                c.getField(LINKS_TYPE, "place", "Ljava/lang/Object;");
                c.storeRef(Locals.PLACE);
            }
            links(c);
            c.getStatic(className, field(count++), LINK_DESCRIPTOR);
            run(c);
            if (returns) {
                links(c);
                c.loadRef(Locals.PLACE, "java/lang/Object");
                c.constant(w.back());
                c.invoke(INVOKEVIRTUAL, LINKS_TYPE, "resume", "(Ljava/lang/Object;J)Z", 3, false);
                c.jump(IFNE, 1, exits.target(w.back(), false));
            }
            c.op(RETURN);
        }
        end(c);
    }

    /**
     * Emits the exits of code that holds slots in locals: they share one call, since each would have to bring the state array up to date.
     *
     * @param writeBack brings the slots of the state array up to date
     * @param toState the rest, as for {@link #emitInPlace}
     */
    void emitShared(Code c, Runnable writeBack, Runnable toState) {
        Label leave = new Label();
        Label leaveDirect = new Label();
        for (Map.Entry<Way, Label> e : ways.entrySet()) {
            c.label(e.getValue());
            c.constant(e.getKey().target());
            c.store(Type.I64, Locals.NEXT_PC);
            c.getStatic(className, field(count++), LINK_DESCRIPTOR);
            c.storeRef(Locals.PLACE);
            c.jump(GOTO, 0, e.getKey().direct() ? leaveDirect : leave);
        }
        if (count == 0) {
            return;
        }
        c.declare(Locals.PLACE, LINK_TYPE);
        c.label(leave);
        writeBack.run();
        c.label(leaveDirect);
        toState.run();
        links(c);
        c.loadRef(Locals.PLACE, LINK_TYPE);
        run(c);
        c.op(RETURN);
        c.forget(Locals.PLACE);
        end(c);
    }

    /** Pushes whether the region goes on inside. */
    void stays(Code c) {
        links(c);
        c.invoke(INVOKEVIRTUAL, LINKS_TYPE, "stays", "()Z", 1, false);
    }

    private void links(Code c) {
        c.getStatic(className, BoundArrays.LINKS, "L" + LINKS_TYPE + ";");
    }

    /** With the links and one of them on the stack: runs what follows, or goes to {@link #nobody} with null on the stack. */
    private void run(Code c) {
        c.invoke(INVOKEVIRTUAL, LINKS_TYPE, "follow", "(" + LINK_DESCRIPTOR + ")L" + Locals.SELF_TYPE + ";", 2, false);
        c.dup();
        c.jump(IFNULL, 1, nobody);
        c.loadRef(Locals.CONTEXT, Locals.CONTEXT_TYPE);
        links(c);
        c.getField(LINKS_TYPE, "entry", "I");
        c.invoke(INVOKEVIRTUAL, Locals.SELF_TYPE, "run", RegionEmitter.RUN, 3, false);
    }

    private void end(Code c) {
        if (count > 0) {
            c.stack(List.of(Locals.SELF_TYPE));
            c.label(nobody);
            c.op(POP);
            c.op(RETURN);
        }
    }
}
