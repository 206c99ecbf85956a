package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.GOTO;
import static org.objectweb.asm.Opcodes.IADD;
import static org.objectweb.asm.Opcodes.IALOAD;
import static org.objectweb.asm.Opcodes.IAND;
import static org.objectweb.asm.Opcodes.IFLT;
import static org.objectweb.asm.Opcodes.INVOKESTATIC;
import static org.objectweb.asm.Opcodes.IOR;
import static org.objectweb.asm.Opcodes.ISHL;
import static org.objectweb.asm.Opcodes.ISHR;
import static org.objectweb.asm.Opcodes.ISUB;
import static org.objectweb.asm.Opcodes.IUSHR;
import static org.objectweb.asm.Opcodes.L2I;
import static org.objectweb.asm.Opcodes.LADD;

import java.util.List;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Type;
import org.objectweb.asm.Label;

/** Bytecode of accesses through a {@link MemoryWindows.Window}: one comparison each, behind one translation for all. */
final class WindowAccess {
    private static final int PAGE_SHIFT = 12;
    private static final int PAGE_MASK = 0xfff;
    private static final int PAGE_SIZE = 0x1000;
    private static final int SIGN = 31;
    private static final String FALLBACK = RegionEmitter.PACKAGE + "WindowFallback";
    private static final String CONTEXT = "(L" + Locals.CONTEXT_TYPE + ";";

    private final Code c;
    private final Locals locals;
    private final RamAccess ram;
    private final Values values;
    private final WideLookup wide;

    /** @param wideShift of the page maps for 64-bit addresses */
    WindowAccess(Code c, Locals locals, RamAccess ram, Values values, int wideShift) {
        this.c = c;
        this.locals = locals;
        this.ram = ram;
        this.values = values;
        this.wide = new WideLookup(c, wideShift);
    }

    /** Loads; leaves the value on the stack. */
    void load(MemoryWindows.Window w, Insn i, int site) {
        open(w);
        int bits = (int) i.imm();
        Label slow = new Label();
        Label join = new Label();
        c.load(Type.I32, w.local);
        c.jump(IFLT, 1, slow);
        List<Object> below = c.stack();
        location(w, i, bits);
        ram.load(c, bits);
        c.jump(GOTO, 0, join);
        c.stack(below);
        c.label(slow);
        c.loadRef(Locals.CONTEXT, Locals.CONTEXT_TYPE);
        address(w, i);
        c.constant(site << 8 | bits);
        String method = i.op() == Op.LOAD_RMW ? "loadRmw" : "load";
        c.invoke(INVOKESTATIC, FALLBACK, bits == 64 ? method + "64" : method, CONTEXT + letter(w) + (bits == 64 ? "I)J" : "I)I"), 3);
        c.label(join);
        close(w, i);
    }

    /** Stores a value that can be peeked at. */
    void store(MemoryWindows.Window w, Insn i, int site) {
        open(w);
        int bits = (int) i.imm();
        Insn value = i.arg(1);
        Label slow = new Label();
        Label join = new Label();
        c.load(Type.I32, w.local);
        c.jump(IFLT, 1, slow);
        location(w, i, bits);
        values.peek(value);
        ram.store(c, bits);
        c.jump(GOTO, 0, join);
        c.label(slow);
        c.loadRef(Locals.CONTEXT, Locals.CONTEXT_TYPE);
        address(w, i);
        values.peek(value);
        c.constant(site << 8 | bits);
        c.invoke(INVOKESTATIC, FALLBACK, bits == 64 ? "store64" : "store", CONTEXT + letter(w) + (bits == 64 ? "JI)V" : "II)V"), 4);
        c.label(join);
        close(w, i);
    }

    /** At the first access: translates, leaving the RAM index of the window's lowest byte in its local, or something negative. */
    private void open(MemoryWindows.Window w) {
        if (w.local != MemoryAccess.NO_INDEX) {
            return;
        }
        if (w.type == Type.I64) {
            openWide(w);
            return;
        }
        int map = w.writes() ? Locals.WRITE_MAP : Locals.READ_MAP;
        if (w.base == null) {
            c.loadRef(map, Locals.MAP_TYPE);
            c.constant((int) w.low() >>> PAGE_SHIFT);
            c.op(IALOAD);
            c.constant(PAGE_SHIFT);
            c.op(ISHL);
            w.local = locals.allocate(Type.I32);
            c.store(Type.I32, w.local);
            return;
        }
        values.makeRepeatable(w.base);
        values.peek(w.base);
        plus(w, w.low());
        c.store(Type.I32, Locals.VA);
        w.local = locals.allocate(Type.I32);
        c.loadRef(map, Locals.MAP_TYPE);
        c.load(Type.I32, Locals.VA);
        c.constant(PAGE_SHIFT);
        c.op(IUSHR);
        c.op(IALOAD);
        c.dup();
        c.store(Type.I32, Locals.PAGE);
        // Negative if the page is not there or its end comes too early: then all bits of the index become 1.
        c.constant(PAGE_SIZE - w.span());
        c.load(Type.I32, Locals.VA);
        c.constant(PAGE_MASK);
        c.op(IAND);
        c.dup();
        c.store(Type.I32, w.local);
        c.op(ISUB);
        c.op(IOR);
        c.constant(SIGN);
        c.op(ISHR);
        c.load(Type.I32, Locals.PAGE);
        c.constant(PAGE_SHIFT);
        c.op(ISHL);
        c.op(IOR);
        c.load(Type.I32, w.local);
        c.op(IOR);
        c.store(Type.I32, w.local);
    }

    /** The same by 64-bit address: all bits of the index become 1 if the page is another's or its end comes too early. */
    private void openWide(MemoryWindows.Window w) {
        if (w.base == null) {
            wide.entry(w.low(), w.writes());
        } else {
            values.makeRepeatable(w.base);
            values.peek(w.base);
            plus(w, w.low());
            wide.entry(w.writes());
        }
        w.local = locals.allocate(Type.I32);
        wide.indexOrNegative();
        if (w.base != null) {
            c.constant(PAGE_SIZE - w.span());
            c.load(Type.I64, Locals.WIDE_VA);
            c.op(L2I);
            c.constant(PAGE_MASK);
            c.op(IAND);
            c.op(ISUB);
            c.constant(SIGN);
            c.op(ISHR);
            c.op(IOR);
        }
        c.store(Type.I32, w.local);
    }

    private void close(MemoryWindows.Window w, Insn i) {
        values.discard(i.arg(0));
        if (w.finish()) {
            locals.release(w.local);
            if (w.base != null) {
                values.release(w.base);
            }
        }
    }

    /** Pushes what an access in RAM needs. */
    private void location(MemoryWindows.Window w, Insn i, int bits) {
        ram.base(c, bits);
        c.load(Type.I32, w.local);
        ram.index(c, (int) (MemoryWindows.offset(i) - w.low()));
    }

    private void address(MemoryWindows.Window w, Insn i) {
        long offset = MemoryWindows.offset(i);
        if (w.base == null) {
            c.constant(w.type, offset);
        } else {
            values.peek(w.base);
            plus(w, offset);
        }
    }

    private void plus(MemoryWindows.Window w, long offset) {
        if (offset != 0) {
            c.constant(w.type, offset);
            c.op(w.type == Type.I64 ? LADD : IADD);
        }
    }

    /** Descriptor of the addresses. */
    private static String letter(MemoryWindows.Window w) {
        return w.type == Type.I64 ? "J" : "I";
    }
}
