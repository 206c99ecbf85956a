package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.IAND;
import static org.objectweb.asm.Opcodes.IFNE;
import static org.objectweb.asm.Opcodes.IF_ICMPGT;
import static org.objectweb.asm.Opcodes.IUSHR;
import static org.objectweb.asm.Opcodes.IXOR;
import static org.objectweb.asm.Opcodes.L2I;
import static org.objectweb.asm.Opcodes.LALOAD;
import static org.objectweb.asm.Opcodes.LAND;
import static org.objectweb.asm.Opcodes.LCMP;
import static org.objectweb.asm.Opcodes.LOR;
import static org.objectweb.asm.Opcodes.LSHL;
import static org.objectweb.asm.Opcodes.LUSHR;
import static org.objectweb.asm.Opcodes.LXOR;

import org.gearshift.ir.Type;
import org.gearshift.ir.WideMap;
import org.objectweb.asm.Label;

/** 64-bit addresses: {@link org.gearshift.ir.WideMap}, whose rule this is as bytecode. */
final class WideLookup implements PageLookup {
    private static final int PAGE_SHIFT = 12;
    private static final int PAGE_MASK = 0xfff;
    private static final int PAGE_SIZE = 0x1000;

    private final Code c;
    private final int shift;
    /** Entries have numbers of frames. */
    private final boolean frames;

    WideLookup(Code c, int shift, RamAccess ram) {
        this.c = c;
        this.shift = shift;
        this.frames = ram.indexType() == Type.I64;
    }

    @Override
    public void find(int bits, boolean write, Label slow) {
        c.store(Type.I64, Locals.WIDE_VA);
        c.loadRef(write ? Locals.WIDE_WRITE_MAP : Locals.WIDE_READ_MAP, Locals.WIDE_MAP_TYPE);
        c.load(Type.I64, Locals.WIDE_VA);
        c.constant(PAGE_SHIFT);
        c.op(LUSHR);
        c.op(L2I);
        c.dup();
        c.constant(shift - PAGE_SHIFT);
        c.op(IUSHR);
        c.op(IXOR);
        c.constant((2 << shift - PAGE_SHIFT) - 1);
        c.op(IAND);
        c.op(LALOAD);
        c.load(Type.I64, Locals.WIDE_VA);
        if (frames) {
            c.constant((long) -PAGE_SIZE);
            c.op(LAND);
        }
        hit(slow);
        if (bits > 8) {
            c.load(Type.I64, Locals.WIDE_VA);
            c.op(L2I);
            c.constant(PAGE_MASK);
            c.op(IAND);
            c.constant(PAGE_SIZE - bits / 8);
            c.jump(IF_ICMPGT, 2, slow);
        }
    }

    @Override
    public void findConstant(long va, boolean write, Label slow) {
        if (frames) {
            c.constant(va);
            c.store(Type.I64, Locals.WIDE_VA);
        }
        c.loadRef(write ? Locals.WIDE_WRITE_MAP : Locals.WIDE_READ_MAP, Locals.WIDE_MAP_TYPE);
        c.constant(WideMap.slot(va, shift));
        c.op(LALOAD);
        c.constant(frames ? va & -PAGE_SIZE : va);
        hit(slow);
    }

    /** Compares the entry and the address on the stack. */
    private void hit(Label slow) {
        c.op(LXOR);
        c.dup();
        c.store(Type.I64, Locals.WIDE_AT);
        // Against an immediate operand of the host's test instruction; a shift takes two more.
        c.constant(-1L << shift);
        c.op(LAND);
        c.constant(0L);
        c.op(LCMP);
        c.jump(IFNE, 1, slow);
    }

    @Override
    public void offset(RamAccess ram) {
        c.load(Type.I64, Locals.WIDE_AT);
        if (!frames) {
            c.op(L2I);
            return;
        }
        c.constant(PAGE_SHIFT);
        c.op(LSHL);
        c.load(Type.I64, Locals.WIDE_VA);
        c.constant((long) PAGE_MASK);
        c.op(LAND);
        c.op(LOR);
    }

    @Override
    public void index(RamAccess ram, int keep) {
        if (frames) {
            offset(ram);
            if (keep != MemoryAccess.NO_INDEX) {
                c.dup();
                c.store(Type.I64, keep);
            }
        } else {
            if (keep != MemoryAccess.NO_INDEX) {
                c.load(Type.I64, Locals.WIDE_AT);
                c.op(L2I);
                c.store(Type.I32, keep);
            }
            c.load(Type.I64, Locals.WIDE_AT);
        }
        ram.wideIndex(c);
    }

    @Override
    public void address() {
        c.load(Type.I64, Locals.WIDE_VA);
    }
}
