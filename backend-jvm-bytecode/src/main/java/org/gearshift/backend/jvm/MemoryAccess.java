package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.GOTO;
import static org.objectweb.asm.Opcodes.I2L;
import static org.objectweb.asm.Opcodes.IFGT;
import static org.objectweb.asm.Opcodes.IFLE;
import static org.objectweb.asm.Opcodes.IFLT;
import static org.objectweb.asm.Opcodes.INVOKESTATIC;
import static org.objectweb.asm.Opcodes.INVOKEVIRTUAL;
import static org.objectweb.asm.Opcodes.LADD;
import static org.objectweb.asm.Opcodes.LAND;
import static org.objectweb.asm.Opcodes.LCMP;

import java.util.List;
import org.gearshift.ir.Type;
import org.objectweb.asm.Label;

/**
 * Bytecode of guest memory accesses: translation through the page map inline, the slow path of
 * {@link org.gearshift.ir.GuestContext} otherwise.
 */
final class MemoryAccess {
    /** No local keeps the RAM index of the access. */
    static final int NO_INDEX = -1;

    private final Code c;
    private final Locals locals;
    private final RamAccess ram;
    private final Misses misses;
    private final PageLookup flat;
    private final PageLookup wide;

    /** @param wideShift of the page maps for 64-bit addresses */
    MemoryAccess(Code c, Locals locals, RamAccess ram, Misses misses, int wideShift) {
        this.c = c;
        this.misses = misses;
        this.locals = locals;
        this.ram = ram;
        this.flat = new FlatLookup(c);
        this.wide = new WideLookup(c, wideShift, ram);
    }

    private PageLookup lookup(Type address) {
        return address == Type.I64 ? wide : flat;
    }

    /**
     * Loads at the address on the stack; leaves the value.
     *
     * @param site fault site
     * @param index local that gets the RAM index for a later {@link #storeAt}, -1 there after a slow path; or {@link #NO_INDEX}
     */
    void load(Type address, int bits, boolean rmw, int site, int index) {
        PageLookup page = lookup(address);
        List<Object> below = c.stack();
        below.remove(below.size() - 1);
        if (misses.leave()) {
            page.find(bits, rmw, misses.at(site, below));
            ram.base(c, bits);
            page.index(ram, index);
            ram.load(c, bits);
            if (index != NO_INDEX) {
                c.declare(index, Code.item(ram.indexType()));
            }
            return;
        }
        Label slow = new Label();
        Label join = new Label();
        page.find(bits, rmw, slow);
        ram.base(c, bits);
        page.index(ram, index);
        ram.load(c, bits);
        c.jump(GOTO, 0, join);
        c.stack(below);
        c.label(slow);
        loadSlow(address, page, bits, rmw, site);
        if (index != NO_INDEX) {
            c.constant(ram.indexType(), -1);
            c.store(ram.indexType(), index);
            c.declare(index, Code.item(ram.indexType()));
        }
        c.label(join);
    }

    /** Stores {@code value}, which may be pushed more than once, at the address on the stack. */
    void store(Type address, int bits, Runnable value, int site) {
        PageLookup page = lookup(address);
        if (misses.leaveAtStore()) {
            page.find(bits, true, misses.at(site, List.of()));
            ram.base(c, bits);
            page.index(ram, NO_INDEX);
            value.run();
            ram.store(c, bits);
            return;
        }
        Label slow = new Label();
        Label join = new Label();
        page.find(bits, true, slow);
        ram.base(c, bits);
        page.index(ram, NO_INDEX);
        value.run();
        ram.store(c, bits);
        c.jump(GOTO, 0, join);
        c.label(slow);
        storeSlow(address, page::address, bits, value, site);
        c.label(join);
    }

    /** Local for an index in RAM, to be stored to before the next label. */
    int allocateIndex() {
        return locals.allocate(ram.indexType());
    }

    /** Pushes an int with the sign of the index in a local. */
    static void pushSign(Code c, RamAccess ram, int index) {
        c.load(ram.indexType(), index);
        if (ram.indexType() == Type.I64) {
            c.constant(0L);
            c.op(LCMP);
        }
    }

    /** Stores to the location of an earlier load of the same instruction, whose RAM index is in a local. */
    void storeAt(int index, Type address, Runnable pushAddress, int bits, Runnable value, int site) {
        if (misses.leaveAtStore()) {
            ram.base(c, bits);
            c.load(ram.indexType(), index);
            ram.index(c, 0);
            value.run();
            ram.store(c, bits);
            return;
        }
        Label slow = new Label();
        Label join = new Label();
        pushSign(c, ram, index);
        c.jump(IFLT, 1, slow);
        ram.base(c, bits);
        c.load(ram.indexType(), index);
        ram.index(c, 0);
        value.run();
        ram.store(c, bits);
        c.jump(GOTO, 0, join);
        c.label(slow);
        storeSlow(address, pushAddress, bits, value, site);
        c.label(join);
    }

    /**
     * Checks a segment limit for the offset on the stack.
     *
     * @param limit pushes the limit (long)
     */
    void segmentCheck(Type offsetType, int segment, int bytes, boolean write, Runnable limit, int site) {
        Label ok = new Label();
        int offset = locals.allocate(Type.I64);
        if (offsetType == Type.I32) {
            c.op(I2L);
            c.constant(0xffffffffL);
            c.op(LAND);
        }
        c.dup();
        c.store(Type.I64, offset);
        c.constant((long) (bytes - 1));
        c.op(LADD);
        limit.run();
        c.op(LCMP);
        if (misses.leave()) {
            List<Object> below = c.stack();
            below.remove(below.size() - 1);
            c.jump(IFGT, 1, misses.at(site, below));
            locals.release(offset);
            return;
        }
        c.jump(IFLE, 1, ok);
        site(site);
        c.loadRef(Locals.CONTEXT, Locals.CONTEXT_TYPE);
        c.constant(segment);
        c.load(Type.I64, offset);
        c.constant(bytes);
        c.constant(write ? 1 : 0);
        c.invoke(INVOKEVIRTUAL, Locals.CONTEXT_TYPE, "segmentCheckSlow", "(IJIZ)V", 5);
        locals.release(offset);
        c.label(ok);
    }

    /** Notes which guest instruction is at fault if what follows throws. */
    void site(int site) {
        c.loadRef(Locals.CONTEXT, Locals.CONTEXT_TYPE);
        c.constant(site);
        c.putField(Locals.CONTEXT_TYPE, "faultSite", "I");
    }

    private void loadSlow(Type address, PageLookup page, int bits, boolean rmw, int site) {
        if (address == Type.I64 || bits < 64) {
            c.loadRef(Locals.CONTEXT, Locals.CONTEXT_TYPE);
            page.address();
            c.constant(site << 8 | bits);
            String name = rmw ? "loadRmwSlow" : "loadSlow";
            c.invoke(INVOKESTATIC, Locals.SELF_TYPE, bits == 64 ? name + "64" : name,
                    "(L" + Locals.CONTEXT_TYPE + ";" + letter(address) + "I)" + (bits == 64 ? "J" : "I"), 3);
            return;
        }
        site(site);
        c.loadRef(Locals.CONTEXT, Locals.CONTEXT_TYPE);
        page.address();
        c.op(I2L);
        c.constant(bits);
        c.constant(rmw ? 1 : 0);
        c.invoke(INVOKEVIRTUAL, Locals.CONTEXT_TYPE, "loadSlow", "(JIZ)J", 4);
    }

    private static String letter(Type t) {
        return t == Type.I64 ? "J" : "I";
    }

    private void storeSlow(Type address, Runnable pushAddress, int bits, Runnable value, int site) {
        if (address == Type.I64 || bits < 64) {
            c.loadRef(Locals.CONTEXT, Locals.CONTEXT_TYPE);
            pushAddress.run();
            value.run();
            c.constant(site << 8 | bits);
            c.invoke(INVOKESTATIC, Locals.SELF_TYPE, "storeSlow",
                    "(L" + Locals.CONTEXT_TYPE + ";" + letter(address) + (bits == 64 ? "J" : "I") + "I)V", 4);
            return;
        }
        site(site);
        c.loadRef(Locals.CONTEXT, Locals.CONTEXT_TYPE);
        pushAddress.run();
        c.op(I2L);
        value.run();
        c.constant(bits);
        c.invoke(INVOKEVIRTUAL, Locals.CONTEXT_TYPE, "storeSlow", "(JJI)V", 4);
    }
}
