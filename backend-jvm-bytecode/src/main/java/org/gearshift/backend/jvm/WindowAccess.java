package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.GOTO;
import static org.objectweb.asm.Opcodes.IADD;
import static org.objectweb.asm.Opcodes.I2L;
import static org.objectweb.asm.Opcodes.IALOAD;
import static org.objectweb.asm.Opcodes.IAND;
import static org.objectweb.asm.Opcodes.IFLT;
import static org.objectweb.asm.Opcodes.INVOKESTATIC;
import static org.objectweb.asm.Opcodes.IOR;
import static org.objectweb.asm.Opcodes.ISHL;
import static org.objectweb.asm.Opcodes.ISHR;
import static org.objectweb.asm.Opcodes.ISUB;
import static org.objectweb.asm.Opcodes.IUSHR;
import static org.objectweb.asm.Opcodes.IXOR;
import static org.objectweb.asm.Opcodes.L2I;
import static org.objectweb.asm.Opcodes.LADD;
import static org.objectweb.asm.Opcodes.LALOAD;
import static org.objectweb.asm.Opcodes.LAND;
import static org.objectweb.asm.Opcodes.LNEG;
import static org.objectweb.asm.Opcodes.LOR;
import static org.objectweb.asm.Opcodes.LSHL;
import static org.objectweb.asm.Opcodes.LSHR;
import static org.objectweb.asm.Opcodes.LUSHR;
import static org.objectweb.asm.Opcodes.LXOR;

import java.util.List;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Type;
import org.gearshift.ir.WideMap;
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
    private final Misses misses;
    private final Values values;
    private final int wideShift;

    /** @param wideShift of the page maps for 64-bit addresses */
    WindowAccess(Code c, Locals locals, RamAccess ram, Misses misses, Values values, int wideShift) {
        this.c = c;
        this.misses = misses;
        this.locals = locals;
        this.ram = ram;
        this.values = values;
        this.wideShift = wideShift;
    }

    /** Loads; leaves the value on the stack. */
    void load(MemoryWindows.Window w, Insn i, int site) {
        int bits = (int) i.imm();
        open(w, i.arg(0).resultType(), misses.leave(), site);
        if (w.covers) {
            location(w, i, bits);
            ram.load(c, bits);
            close(w, i);
            return;
        }
        MemoryAccess.pushSign(c, ram, w.local);
        if (misses.leave()) {
            List<Object> below = c.stack();
            below.remove(below.size() - 1);
            c.jump(IFLT, 1, misses.at(site, below));
            location(w, i, bits);
            ram.load(c, bits);
            close(w, i);
            return;
        }
        Label slow = new Label();
        Label join = new Label();
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
        c.invoke(INVOKESTATIC, FALLBACK, bits == 64 ? method + "64" : method, CONTEXT + letter(i.arg(0)) + (bits == 64 ? "I)J" : "I)I"), 3);
        c.label(join);
        close(w, i);
    }

    /** Stores a value that can be peeked at. */
    void store(MemoryWindows.Window w, Insn i, int site) {
        int bits = (int) i.imm();
        Insn value = i.arg(1);
        open(w, i.arg(0).resultType(), misses.leaveAtStore(), site);
        if (w.covers) {
            location(w, i, bits);
            values.peek(value);
            ram.store(c, bits);
            close(w, i);
            return;
        }
        MemoryAccess.pushSign(c, ram, w.local);
        if (misses.leaveAtStore()) {
            c.jump(IFLT, 1, misses.at(site, List.of()));
            location(w, i, bits);
            values.peek(value);
            ram.store(c, bits);
            close(w, i);
            return;
        }
        Label slow = new Label();
        Label join = new Label();
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
        c.invoke(INVOKESTATIC, FALLBACK, bits == 64 ? "store64" : "store", CONTEXT + letter(i.arg(0)) + (bits == 64 ? "JI)V" : "II)V"), 4);
        c.label(join);
        close(w, i);
    }

    private static String letter(Insn address) {
        return address.resultType() == Type.I64 ? "J" : "I";
    }

    /** At the first access: translates, leaving the RAM index of the window's lowest byte in its local, or something negative; or else leaving the region, if it may. */
    private void open(MemoryWindows.Window w, Type address, boolean leaves, int site) {
        if (w.local != MemoryAccess.NO_INDEX) {
            return;
        }
        if (leaves) {
            w.covers = true;
            openOrLeave(w, address, misses.at(site, c.stack()));
            return;
        }
        if (w.base != null) {
            values.makeRepeatable(w.base);
            values.peek(w.base);
            plus(address, w.low());
        }
        w.local = locals.allocate(ram.indexType());
        if (address == Type.I64) {
            openWide(w);
        } else if (w.base == null) {
            c.loadRef(w.writes() ? Locals.WRITE_MAP : Locals.READ_MAP, Locals.MAP_TYPE);
            c.constant((int) (w.low() >>> PAGE_SHIFT));
            c.op(IALOAD);
            c.constant((int) w.low());
            c.op(IXOR);
            if (longIndex()) {
                // A frame's number.
                c.op(I2L);
                c.constant(PAGE_SHIFT);
                c.op(LSHL);
            }
        } else {
            openFlat(w);
        }
        c.store(ram.indexType(), w.local);
    }

    private void openOrLeave(MemoryWindows.Window w, Type address, Label miss) {
        PageLookup page = address == Type.I64 ? new WideLookup(c, wideShift, ram) : new FlatLookup(c);
        if (w.base == null) {
            page.findConstant(w.low(), w.writes(), miss);
        } else {
            values.makeRepeatable(w.base);
            values.peek(w.base);
            plus(address, w.low());
            page.find(Byte.SIZE * w.span(), w.writes(), miss);
        }
        w.local = locals.allocate(ram.indexType());
        page.offset(ram);
        c.store(ram.indexType(), w.local);
    }

    private boolean longIndex() {
        return ram.indexType() == Type.I64;
    }

    /** Turns the int on the stack into an index, with its sign. */
    private void toIndex() {
        if (longIndex()) {
            c.op(I2L);
        }
    }

    private void or() {
        c.op(longIndex() ? LOR : IOR);
    }

    /** The rule of {@link org.gearshift.ir.FlatMap}: negative if the page is not there or its end comes too early. */
    private void openFlat(MemoryWindows.Window w) {
        c.store(Type.I32, Locals.VA);
        c.loadRef(w.writes() ? Locals.WRITE_MAP : Locals.READ_MAP, Locals.MAP_TYPE);
        c.load(Type.I32, Locals.VA);
        c.constant(PAGE_SHIFT);
        c.op(IUSHR);
        c.op(IALOAD);
        c.load(Type.I32, Locals.VA);
        c.op(IXOR);
        if (longIndex()) {
            FlatLookup.frameOffset(c);
        }
        c.constant(PAGE_SIZE - w.span());
        c.load(Type.I32, Locals.VA);
        c.constant(PAGE_MASK);
        c.op(IAND);
        c.op(ISUB);
        c.constant(SIGN);
        c.op(ISHR);
        toIndex();
        or();
    }

    /** The rule of {@link WideMap}; an offset that is none sets all bits. */
    private void openWide(MemoryWindows.Window w) {
        int map = w.writes() ? Locals.WIDE_WRITE_MAP : Locals.WIDE_READ_MAP;
        if (w.base == null) {
            c.loadRef(map, Locals.WIDE_MAP_TYPE);
            c.constant(WideMap.slot(w.low(), wideShift));
            c.op(LALOAD);
            c.constant(w.low());
        } else {
            c.store(Type.I64, Locals.WIDE_VA);
            c.loadRef(map, Locals.WIDE_MAP_TYPE);
            c.load(Type.I64, Locals.WIDE_VA);
            c.constant(PAGE_SHIFT);
            c.op(LUSHR);
            c.op(L2I);
            c.dup();
            c.constant(wideShift - PAGE_SHIFT);
            c.op(IUSHR);
            c.op(IXOR);
            c.constant((2 << wideShift - PAGE_SHIFT) - 1);
            c.op(IAND);
            c.op(LALOAD);
            c.load(Type.I64, Locals.WIDE_VA);
            if (longIndex()) {
                c.constant((long) -PAGE_SIZE);
                c.op(LAND);
            }
        }
        c.op(LXOR);
        c.dup();
        c.constant(wideShift);
        c.op(LUSHR);
        c.op(LNEG);
        c.constant(Long.SIZE - 1);
        c.op(LSHR);
        c.op(LOR);
        if (longIndex()) {
            // What was found is a frame's number.
            c.constant(PAGE_SHIFT);
            c.op(LSHL);
        } else {
            c.op(L2I);
        }
        if (w.base != null) {
            if (longIndex()) {
                wideOffsetInPage();
                toIndex();
                or();
            }
            c.constant(PAGE_SIZE - w.span());
            wideOffsetInPage();
            c.op(ISUB);
            c.constant(SIGN);
            c.op(ISHR);
            toIndex();
            or();
        }
    }

    private void wideOffsetInPage() {
        c.load(Type.I64, Locals.WIDE_VA);
        c.op(L2I);
        c.constant(PAGE_MASK);
        c.op(IAND);
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
        c.load(ram.indexType(), w.local);
        ram.index(c, (int) (MemoryWindows.offset(i) - w.low()));
    }

    private void address(MemoryWindows.Window w, Insn i) {
        Type type = i.arg(0).resultType();
        long offset = MemoryWindows.offset(i);
        if (w.base == null) {
            c.constant(type, offset);
        } else {
            values.peek(w.base);
            plus(type, offset);
        }
    }

    private void plus(Type type, long offset) {
        if (offset != 0) {
            c.constant(type, offset);
            c.op(type == Type.I64 ? LADD : IADD);
        }
    }
}
