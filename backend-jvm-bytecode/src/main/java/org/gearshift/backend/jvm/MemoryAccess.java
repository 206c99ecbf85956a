package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.GOTO;
import static org.objectweb.asm.Opcodes.I2L;
import static org.objectweb.asm.Opcodes.IALOAD;
import static org.objectweb.asm.Opcodes.IAND;
import static org.objectweb.asm.Opcodes.IFLE;
import static org.objectweb.asm.Opcodes.IFLT;
import static org.objectweb.asm.Opcodes.IFNE;
import static org.objectweb.asm.Opcodes.IF_ICMPGT;
import static org.objectweb.asm.Opcodes.INVOKESTATIC;
import static org.objectweb.asm.Opcodes.INVOKEVIRTUAL;
import static org.objectweb.asm.Opcodes.IOR;
import static org.objectweb.asm.Opcodes.ISHL;
import static org.objectweb.asm.Opcodes.IUSHR;
import static org.objectweb.asm.Opcodes.L2I;
import static org.objectweb.asm.Opcodes.LADD;
import static org.objectweb.asm.Opcodes.LAND;
import static org.objectweb.asm.Opcodes.LCMP;
import static org.objectweb.asm.Opcodes.LUSHR;

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
    private static final int PAGE_SHIFT = 12;
    private static final int PAGE_MASK = 0xfff;
    private static final int PAGE_SIZE = 0x1000;

    private final Code c;
    private final Locals locals;
    private final RamAccess ram;

    MemoryAccess(Code c, Locals locals, RamAccess ram) {
        this.c = c;
        this.locals = locals;
        this.ram = ram;
    }

    /**
     * Loads at the address on the stack; leaves the value.
     *
     * @param site fault site
     * @param index local that gets the RAM index for a later {@link #storeAt}, -1 there after a slow path; or {@link #NO_INDEX}
     */
    void load(Type address, int bits, boolean rmw, int site, int index) {
        Label slow = new Label();
        Label join = new Label();
        int wide = translate(address, bits, rmw ? Locals.WRITE_MAP : Locals.READ_MAP, slow);
        List<Object> below = c.stack();
        ram.base(c, bits);
        index();
        if (index != NO_INDEX) {
            c.dup();
            c.store(Type.I32, index);
        }
        ram.index(c);
        ram.load(c, bits);
        c.jump(GOTO, 0, join);
        c.stack(below);
        c.label(slow);
        loadSlow(wide, bits, rmw, site);
        if (index != NO_INDEX) {
            c.constant(-1);
            c.store(Type.I32, index);
            c.declare(index, Code.item(Type.I32));
        }
        releaseWide(wide);
        c.label(join);
    }

    /** Stores {@code value}, which may be pushed more than once, at the address on the stack. */
    void store(Type address, int bits, Runnable value, int site) {
        Label slow = new Label();
        Label join = new Label();
        int wide = translate(address, bits, Locals.WRITE_MAP, slow);
        ram.base(c, bits);
        index();
        ram.index(c);
        value.run();
        ram.store(c, bits);
        c.jump(GOTO, 0, join);
        c.label(slow);
        storeSlow(wide == NO_INDEX, () -> pushAddress(wide), bits, value, site);
        releaseWide(wide);
        c.label(join);
    }

    /** Stores to the location of an earlier load of the same instruction, whose RAM index is in a local. */
    void storeAt(int index, Type address, Runnable pushAddress, int bits, Runnable value, int site) {
        Label slow = new Label();
        Label join = new Label();
        c.load(Type.I32, index);
        c.jump(IFLT, 1, slow);
        ram.base(c, bits);
        c.load(Type.I32, index);
        ram.index(c);
        value.run();
        ram.store(c, bits);
        c.jump(GOTO, 0, join);
        c.label(slow);
        storeSlow(address == Type.I32, pushAddress, bits, value, site);
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

    /**
     * Address on the stack to {@link Locals#VA} and {@link Locals#PAGE}, or to {@code slow}.
     *
     * @return the local of a 64-bit address, or {@link #NO_INDEX} for a 32-bit one
     */
    private int translate(Type address, int bits, int map, Label slow) {
        int wide = NO_INDEX;
        if (address == Type.I64) {
            wide = locals.allocate(Type.I64);
            c.dup();
            c.store(Type.I64, wide);
            c.constant(32);
            c.op(LUSHR);
            c.op(L2I);
            c.jump(IFNE, 1, slow);
            c.load(Type.I64, wide);
            c.op(L2I);
        }
        c.store(Type.I32, Locals.VA);
        c.loadRef(map, Locals.MAP_TYPE);
        c.load(Type.I32, Locals.VA);
        c.constant(PAGE_SHIFT);
        c.op(IUSHR);
        c.op(IALOAD);
        c.dup();
        c.store(Type.I32, Locals.PAGE);
        c.jump(IFLT, 1, slow);
        if (bits > 8) {
            c.load(Type.I32, Locals.VA);
            c.constant(PAGE_MASK);
            c.op(IAND);
            c.constant(PAGE_SIZE - bits / 8);
            c.jump(IF_ICMPGT, 2, slow);
        }
        return wide;
    }

    private void index() {
        c.load(Type.I32, Locals.PAGE);
        c.constant(PAGE_SHIFT);
        c.op(ISHL);
        c.load(Type.I32, Locals.VA);
        c.constant(PAGE_MASK);
        c.op(IAND);
        c.op(IOR);
    }

    private void pushAddress(int wide) {
        if (wide == NO_INDEX) {
            c.load(Type.I32, Locals.VA);
        } else {
            c.load(Type.I64, wide);
        }
    }

    private void releaseWide(int wide) {
        if (wide != NO_INDEX) {
            locals.release(wide);
        }
    }

    private void loadSlow(int wide, int bits, boolean rmw, int site) {
        if (wide == NO_INDEX && bits < 64) {
            c.loadRef(Locals.CONTEXT, Locals.CONTEXT_TYPE);
            pushAddress(wide);
            c.constant(site << 8 | bits);
            c.invoke(INVOKESTATIC, Locals.SELF_TYPE, rmw ? "loadRmwSlow" : "loadSlow", "(L" + Locals.CONTEXT_TYPE + ";II)I", 3);
            return;
        }
        site(site);
        c.loadRef(Locals.CONTEXT, Locals.CONTEXT_TYPE);
        pushAddress(wide);
        if (wide == NO_INDEX) {
            c.op(I2L);
        }
        c.constant(bits);
        c.constant(rmw ? 1 : 0);
        c.invoke(INVOKEVIRTUAL, Locals.CONTEXT_TYPE, "loadSlow", "(JIZ)J", 4);
        if (bits < 64) {
            c.op(L2I);
        }
    }

    private void storeSlow(boolean narrowAddress, Runnable pushAddress, int bits, Runnable value, int site) {
        boolean narrow = narrowAddress && bits < 64;
        if (!narrow) {
            site(site);
        }
        c.loadRef(Locals.CONTEXT, Locals.CONTEXT_TYPE);
        pushAddress.run();
        if (narrow) {
            value.run();
            c.constant(site << 8 | bits);
            c.invoke(INVOKESTATIC, Locals.SELF_TYPE, "storeSlow", "(L" + Locals.CONTEXT_TYPE + ";III)V", 4);
            return;
        }
        if (narrowAddress) {
            c.op(I2L);
        }
        value.run();
        if (bits < 64) {
            c.op(I2L);
        }
        c.constant(bits);
        c.invoke(INVOKEVIRTUAL, Locals.CONTEXT_TYPE, "storeSlow", "(JJI)V", 4);
    }
}
