package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.I2L;
import static org.objectweb.asm.Opcodes.IALOAD;
import static org.objectweb.asm.Opcodes.IAND;
import static org.objectweb.asm.Opcodes.IFLT;
import static org.objectweb.asm.Opcodes.IF_ICMPGT;
import static org.objectweb.asm.Opcodes.IUSHR;
import static org.objectweb.asm.Opcodes.IXOR;
import static org.objectweb.asm.Opcodes.LOR;
import static org.objectweb.asm.Opcodes.LSHL;

import org.gearshift.ir.Type;
import org.objectweb.asm.Label;

/** 32-bit addresses: {@link org.gearshift.ir.FlatMap}, whose rule this is as bytecode. */
final class FlatLookup implements PageLookup {
    private static final int PAGE_SHIFT = 12;
    private static final int PAGE_MASK = 0xfff;
    private static final int PAGE_SIZE = 0x1000;

    private final Code c;

    FlatLookup(Code c) {
        this.c = c;
    }

    @Override
    public void find(int bits, boolean write, Label slow) {
        c.store(Type.I32, Locals.VA);
        c.loadRef(write ? Locals.WRITE_MAP : Locals.READ_MAP, Locals.MAP_TYPE);
        c.load(Type.I32, Locals.VA);
        c.constant(PAGE_SHIFT);
        c.op(IUSHR);
        c.op(IALOAD);
        c.load(Type.I32, Locals.VA);
        c.op(IXOR);
        c.dup();
        c.store(Type.I32, Locals.AT);
        c.jump(IFLT, 1, slow);
        if (bits > 8) {
            c.load(Type.I32, Locals.VA);
            c.constant(PAGE_MASK);
            c.op(IAND);
            c.constant(PAGE_SIZE - bits / 8);
            c.jump(IF_ICMPGT, 2, slow);
        }
    }

    @Override
    public void findConstant(long va, boolean write, Label slow) {
        c.constant((int) va);
        c.store(Type.I32, Locals.VA);
        c.loadRef(write ? Locals.WRITE_MAP : Locals.READ_MAP, Locals.MAP_TYPE);
        c.constant((int) va >>> PAGE_SHIFT);
        c.op(IALOAD);
        c.constant((int) va);
        c.op(IXOR);
        c.dup();
        c.store(Type.I32, Locals.AT);
        c.jump(IFLT, 1, slow);
    }

    @Override
    public void offset(RamAccess ram) {
        c.load(Type.I32, Locals.AT);
        if (ram.indexType() == Type.I64) {
            frameOffset(c);
        }
    }

    @Override
    public void index(RamAccess ram, int keep) {
        offset(ram);
        if (keep != MemoryAccess.NO_INDEX) {
            c.dup();
            c.store(ram.indexType(), keep);
        }
        ram.index(c, 0);
    }

    /** Turns what was found, with a frame's number in it, into the offset in RAM, a long that keeps its sign. */
    static void frameOffset(Code c) {
        c.load(Type.I32, Locals.VA);
        c.constant(PAGE_MASK);
        c.op(IAND);
        c.op(IXOR);
        c.op(I2L);
        c.constant(PAGE_SHIFT);
        c.op(LSHL);
        c.load(Type.I32, Locals.VA);
        c.constant(PAGE_MASK);
        c.op(IAND);
        c.op(I2L);
        c.op(LOR);
    }

    @Override
    public void address() {
        c.load(Type.I32, Locals.VA);
    }
}
