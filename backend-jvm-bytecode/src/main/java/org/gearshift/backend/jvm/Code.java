package org.gearshift.backend.jvm;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.gearshift.ir.Type;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * Writes one method: tracks the operand stack, so that stack map frames and the maximum stack come for free, and the
 * bytecode size, which decides whether HotSpot will compile the method.
 *
 * <p>Types are ASM frame items: {@link Opcodes#INTEGER}, {@link Opcodes#LONG}, or an internal class name.
 */
final class Code implements Opcodes {
    /** Stack effect of the instructions without operand in use here: values popped, then the type pushed. */
    private static final String[] EFFECT = new String[256];

    static {
        effect("0I", ICONST_0, ICONST_1);
        effect("0J", LCONST_0, LCONST_1);
        effect("2I", IADD, ISUB, IMUL, IAND, IOR, IXOR, ISHL, ISHR, IUSHR, LCMP, IALOAD, BALOAD);
        effect("2J", LADD, LSUB, LMUL, LAND, LOR, LXOR, LSHL, LSHR, LUSHR, LALOAD);
        effect("1I", INEG, L2I, I2B, I2S, I2C);
        effect("1J", LNEG, I2L);
        effect("3", BASTORE, LASTORE);
        effect("1", POP, POP2);
        effect("0", RETURN);
    }

    /** Most locals that a frame may add to or drop from the one before without naming all. */
    private static final int MAX_DIFFERENCE = 3;

    private final MethodVisitor mv;
    private final List<Object> stack = new ArrayList<>();
    private final List<Object> locals = new ArrayList<>();
    private List<Object> frameLocals = List.of();
    /** Locals of the last frame written; before the first, something no frame is like. */
    private List<Object> written = List.of("");
    private boolean frameDue;
    private int size;
    private int maxStack;
    private int maxLocals;
    private final Map<Integer, Constant> constants = new HashMap<>();
    private final List<Range> calls = new ArrayList<>();

    /** A static field. */
    private record Constant(String owner, String name, String descriptor) { }

    /** A stretch of code. */
    record Range(Label from, Label to) { }

    Code(MethodVisitor mv) {
        this.mv = mv;
    }

    private static void effect(String effect, int... opcodes) {
        for (int op : opcodes) {
            EFFECT[op] = effect;
        }
    }

    /** Frame item of an IR type. */
    static Object item(Type t) {
        return t == Type.I64 ? LONG : INTEGER;
    }

    /** Bytes of bytecode so far; wide constants may make it a few bytes too small or large, never too small by more than 1 %. */
    int size() {
        return size;
    }

    // Locals: which of them a frame may name.

    /** Declares a local initialised from here on. */
    void declare(int local, Object item) {
        while (locals.size() <= local + 1) {
            locals.add(TOP);
        }
        locals.set(local, item);
        maxLocals = Math.max(maxLocals, local + 2);
    }

    /** Forgets a local: frames no longer name it. */
    void forget(int local) {
        locals.set(local, TOP);
    }

    /** From here on, what would load a reference from this local reads a static field instead. */
    void bind(int local, String owner, String name, String descriptor) {
        constants.put(local, new Constant(owner, name, descriptor));
    }

    // Operand stack.

    private void push(Object item) {
        stack.add(item);
        // Every value counted as long: cheaper than to know better, and frames are made for it anyway.
        maxStack = Math.max(maxStack, 2 * stack.size());
    }

    private void pop(int n) {
        for (int i = 0; i < n; i++) {
            stack.remove(stack.size() - 1);
        }
    }

    private void pushLetter(char c) {
        push(c == 'J' ? LONG : INTEGER);
    }

    /** The operand stack now, to continue from at a label reached by a jump from here. */
    List<Object> stack() {
        return new ArrayList<>(stack);
    }

    void stack(List<Object> s) {
        stack.clear();
        stack.addAll(s);
    }

    boolean stackEmpty() {
        return stack.isEmpty();
    }

    // Instructions.

    void op(int opcode) {
        String e = EFFECT[opcode];
        next(1);
        mv.visitInsn(opcode);
        pop(e.charAt(0) - '0');
        if (e.length() > 1) {
            pushLetter(e.charAt(1));
        }
    }

    /** Duplicates the top value, of whichever width. */
    void dup() {
        Object top = stack.get(stack.size() - 1);
        next(1);
        mv.visitInsn(top == LONG ? DUP2 : DUP);
        push(top);
    }

    void drop() {
        op(stack.get(stack.size() - 1) == LONG ? POP2 : POP);
    }

    void load(Type t, int local) {
        var(t == Type.I64 ? LLOAD : ILOAD, local);
        push(item(t));
    }

    void store(Type t, int local) {
        var(t == Type.I64 ? LSTORE : ISTORE, local);
        pop(1);
    }

    void loadRef(int local, String type) {
        Constant constant = constants.get(local);
        if (constant != null) {
            getStatic(constant.owner, constant.name, constant.descriptor);
            return;
        }
        var(ALOAD, local);
        push(type);
    }

    void storeRef(int local) {
        maxLocals = Math.max(maxLocals, local + 1);
        var(ASTORE, local);
        pop(1);
    }

    private void var(int opcode, int local) {
        next(local < 4 ? 1 : local < 256 ? 2 : 4);
        mv.visitVarInsn(opcode, local);
    }

    void increment(int local, int by) {
        next(by == (byte) by ? 3 : 6);
        mv.visitIincInsn(local, by);
    }

    void constant(int v) {
        if (v >= -1 && v <= 5) {
            next(1);
            mv.visitInsn(ICONST_0 + v);
        } else if (v == (byte) v) {
            next(2);
            mv.visitIntInsn(BIPUSH, v);
        } else if (v == (short) v) {
            next(3);
            mv.visitIntInsn(SIPUSH, v);
        } else {
            next(3);
            mv.visitLdcInsn(v);
        }
        push(INTEGER);
    }

    void constant(long v) {
        if (v == 0 || v == 1) {
            op(v == 0 ? LCONST_0 : LCONST_1);
        } else if (v == (short) v) {
            constant((int) v);
            op(I2L);
        } else {
            next(3);
            mv.visitLdcInsn(v);
            push(LONG);
        }
    }

    void constant(Type t, long v) {
        if (t == Type.I64) {
            constant(v);
        } else {
            constant((int) v);
        }
    }

    /** A conditional or unconditional jump; {@code pops} operands are compared. */
    void jump(int opcode, int pops, Label to) {
        next(3);
        mv.visitJumpInsn(opcode, to);
        pop(pops);
    }

    /**
     * Places a label that jumps reach with the operand stack as it is tracked now. The frame is written with the next instruction: of
     * several labels at one place the last knows best which locals they all have.
     */
    void label(Label l) {
        mv.visitLabel(l);
        frameDue = true;
        frameLocals = new ArrayList<>(locals);
    }

    private void next(int bytes) {
        size += bytes;
        if (frameDue) {
            frameDue = false;
            frame();
        }
    }

    /** Writes the frame in the shortest form that says how it differs from the one before. */
    private void frame() {
        List<Object> now = new ArrayList<>(frameLocals.size());
        for (int i = 0; i < frameLocals.size(); i++) {
            Object o = frameLocals.get(i);
            now.add(o);
            if (o == LONG) {
                i++;
            }
        }
        while (!now.isEmpty() && now.get(now.size() - 1) == TOP) {
            now.remove(now.size() - 1);
        }
        int common = common(now, written);
        int more = now.size() - common;
        int less = written.size() - common;
        Object[] items = stack.toArray();
        if (more == 0 && less == 0 && items.length <= 1) {
            mv.visitFrame(items.length == 0 ? F_SAME : F_SAME1, 0, null, items.length, items);
        } else if (less == 0 && more <= MAX_DIFFERENCE && items.length == 0) {
            mv.visitFrame(F_APPEND, more, now.subList(common, now.size()).toArray(), 0, null);
        } else if (more == 0 && less <= MAX_DIFFERENCE && items.length == 0) {
            mv.visitFrame(F_CHOP, less, null, 0, null);
        } else {
            mv.visitFrame(F_FULL, now.size(), now.toArray(), items.length, items);
        }
        written = now;
    }

    private static int common(List<Object> a, List<Object> b) {
        int n = Math.min(a.size(), b.size());
        for (int i = 0; i < n; i++) {
            if (a.get(i) != b.get(i)) {
                return i;
            }
        }
        return n;
    }

    /** Marks a position (range of a handler) that no jump reaches. */
    Label here() {
        Label l = new Label();
        mv.visitLabel(l);
        return l;
    }

    void handler(Label from, Label to, Label handler, String type) {
        mv.visitTryCatchBlock(from, to, handler, type);
    }

    void lookupSwitch(int[] keys, Label[] labels, Label otherwise) {
        next(12 + 8 * keys.length);
        mv.visitLookupSwitchInsn(otherwise, keys, labels);
        pop(1);
    }

    void tableSwitch(Label[] labels, Label otherwise) {
        next(16 + 4 * labels.length);
        mv.visitTableSwitchInsn(0, labels.length - 1, otherwise, labels);
        pop(1);
    }

    void getField(String owner, String name, String descriptor) {
        next(3);
        mv.visitFieldInsn(GETFIELD, owner, name, descriptor);
        pop(1);
        pushDescriptor(descriptor);
    }

    void putField(String owner, String name, String descriptor) {
        next(3);
        mv.visitFieldInsn(PUTFIELD, owner, name, descriptor);
        pop(2);
    }

    void getStatic(String owner, String name, String descriptor) {
        next(3);
        mv.visitFieldInsn(GETSTATIC, owner, name, descriptor);
        pushDescriptor(descriptor);
    }

    /** Calls a method with {@code pops} operands, receiver included. */
    void invoke(int opcode, String owner, String name, String descriptor, int pops) {
        invoke(opcode, owner, name, descriptor, pops, !owner.startsWith("java/lang/") && !owner.startsWith("sun/misc/"));
    }

    /** The same where that is known. @param mayFault whether the method may throw a guest fault */
    void invoke(int opcode, String owner, String name, String descriptor, int pops, boolean mayFault) {
        next(3);
        Label from = mayFault ? here() : null;
        mv.visitMethodInsn(opcode, owner, name, descriptor, false);
        if (mayFault) {
            calls.add(new Range(from, here()));
        }
        pop(pops);
        pushDescriptor(descriptor.substring(descriptor.indexOf(')') + 1));
    }

    /** Every call so far of what may throw a guest fault: by default all but the platform's own methods. */
    List<Range> calls() {
        return calls;
    }

    private void pushDescriptor(String d) {
        switch (d.charAt(0)) {
            case 'V' -> { }
            case 'J' -> push(LONG);
            case 'L' -> push(d.substring(1, d.length() - 1));
            case '[' -> push(d);
            default -> push(INTEGER);
        }
    }

    void end() {
        mv.visitMaxs(maxStack, maxLocals);
        mv.visitEnd();
    }
}
