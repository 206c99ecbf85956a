package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.ACC_FINAL;
import static org.objectweb.asm.Opcodes.ACC_PUBLIC;
import static org.objectweb.asm.Opcodes.ACC_SUPER;
import static org.objectweb.asm.Opcodes.ALOAD;
import static org.objectweb.asm.Opcodes.GOTO;
import static org.objectweb.asm.Opcodes.INVOKESPECIAL;
import static org.objectweb.asm.Opcodes.RETURN;
import static org.objectweb.asm.Opcodes.V17;

import java.util.List;
import java.util.stream.IntStream;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Region;
import org.gearshift.ir.StateLayout;
import org.gearshift.ir.Type;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** Emits the class of one region: prologue, entry switch, blocks, exits. */
final class RegionEmitter {
    /** Internal name prefix of this package; generated classes live in it. */
    static final String PACKAGE = "org/gearshift/backend/jvm/";
    /** Descriptor of {@link CompiledRegion#run}. */
    static final String RUN = "(L" + Locals.CONTEXT_TYPE + ";I)V";
    /** What the prologue and the exits of a region need at the least, per held slot. */
    private static final int BYTES_PER_SLOT = 16;

    private final StateLayout layout;
    private final BackendOptions options;
    private final BoundArrays bound;
    private final Region region;
    private final BudgetPlan plan;
    private final String className;
    private final FaultSites sites = new FaultSites();

    RegionEmitter(StateLayout layout, BackendOptions options, BoundArrays bound, Region region, BudgetPlan plan, String className) {
        this.bound = bound;
        this.layout = layout;
        this.options = options;
        this.region = region;
        this.plan = plan;
        this.className = className;
    }

    EmittedRegion emit() {
        ClassWriter w = new ClassWriter(0);
        w.visit(V17, ACC_PUBLIC | ACC_FINAL | ACC_SUPER, className, null, Locals.SELF_TYPE, null);
        constructor(w);
        RamAccess ram = RamAccess.of(options, className);
        LinkedExits linked = new LinkedExits(bound.binds(BoundArrays.LINKS) ? className : null);
        int size = runMethod(w, ram, linked);
        initializer(w, ram, linked);
        w.visitEnd();
        return new EmittedRegion(region, plan, w.toByteArray(), size, sites.pcs(), sites.refunds(), sites.deferred());
    }

    private static void constructor(ClassWriter w) {
        MethodVisitor m = w.visitMethod(ACC_PUBLIC, "<init>", "()V", null, null);
        m.visitCode();
        m.visitVarInsn(ALOAD, 0);
        m.visitMethodInsn(INVOKESPECIAL, Locals.SELF_TYPE, "<init>", "()V", false);
        m.visitInsn(RETURN);
        m.visitMaxs(1, 1);
        m.visitEnd();
    }

    private void initializer(ClassWriter w, RamAccess ram, LinkedExits linked) {
        MethodVisitor m = w.visitMethod(Opcodes.ACC_STATIC, "<clinit>", "()V", null, null);
        m.visitCode();
        ram.members(w, m);
        bound.members(w, className, m);
        linked.members(w, m);
        m.visitInsn(RETURN);
        m.visitMaxs(3, 0);
        m.visitEnd();
    }

    private int runMethod(ClassWriter w, RamAccess ram, LinkedExits linked) {
        MethodVisitor m = w.visitMethod(ACC_PUBLIC | ACC_FINAL, "run", RUN, null, null);
        m.visitCode();
        Code c = new Code(m);
        Locals locals = new Locals(c);
        SlotLocals slots = new SlotLocals(layout, region, options);
        Budget budget = new Budget(c, options.slotsInPlace());
        locals.tempsFrom(slots.end());
        Misses misses = new Misses(c, options.missesLeave());
        Exits exits = new Exits(c, layout, region, slots, misses, budget, options.missesLeave(), linked);
        BlockEmitter blocks = new BlockEmitter(c, layout, options, plan, slots, locals, exits, sites, ram, misses, budget);
        List<Block> order = region.blocks();

        prologue(c, slots, budget, hasWideAddresses());
        enter(c, exits, order.get(0));
        Label body = c.here();
        int fixed = BYTES_PER_SLOT * slots.held().cardinality();
        for (int k = 0; k < order.size(); k++) {
            blocks.emit(order.get(k), k + 1 < order.size() ? order.get(k + 1) : null);
            limit(c.size() + fixed);
        }
        exits.emit(body);
        limit(c.size());
        c.end();
        return c.size();
    }

    private void limit(int size) {
        if (size > options.maxMethodBytes()) {
            throw new RegionTooLargeException(size, options.maxMethodBytes());
        }
    }

    /** Parameters to their places, the context's tables and the held slots to locals. */
    private void prologue(Code c, SlotLocals slots, Budget budget, boolean wide) {
        c.loadRef(1, Locals.CONTEXT_TYPE);
        c.storeRef(Locals.CONTEXT);
        c.load(Type.I32, 2);
        c.store(Type.I32, Locals.SCRATCH);
        fromContext(c, "ram", Locals.RAM_TYPE, Locals.RAM);
        fromContext(c, "s", Locals.STATE_TYPE, Locals.STATE);
        fromContext(c, "readMap", Locals.MAP_TYPE, Locals.READ_MAP);
        fromContext(c, "writeMap", Locals.MAP_TYPE, Locals.WRITE_MAP);
        budget.fetch();
        c.constant(0);
        c.store(Type.I32, Locals.VA);
        c.constant(0);
        c.store(Type.I32, Locals.AT);
        c.constant(0L);
        c.store(Type.I64, Locals.NEXT_PC);
        if (wide) {
            fromContext(c, "wideReadMap", Locals.WIDE_MAP_TYPE, Locals.WIDE_READ_MAP);
            fromContext(c, "wideWriteMap", Locals.WIDE_MAP_TYPE, Locals.WIDE_WRITE_MAP);
            for (int local : new int[] {Locals.WIDE_VA, Locals.WIDE_AT}) {
                c.constant(0L);
                c.store(Type.I64, local);
            }
        }
        slots.fetchAll(c);
        declare(c);
        if (wide) {
            c.declare(Locals.WIDE_VA, Opcodes.LONG);
            c.declare(Locals.WIDE_AT, Opcodes.LONG);
        }
        slots.declare(c);
    }

    private boolean hasWideAddresses() {
        for (Block b : region.blocks()) {
            for (Insn i : b.insns()) {
                boolean memory = i.op() == Op.LOAD || i.op() == Op.LOAD_RMW || i.op() == Op.STORE;
                if (memory && i.arg(0).resultType() == Type.I64) {
                    return true;
                }
            }
        }
        return false;
    }

    /** One of the context's arrays to its local, or the constant that it is; code for C1 has that in place of the local. */
    private void fromContext(Code c, String field, String type, int local) {
        if (bound.binds(field) && options.slotsInPlace()) {
            c.bind(local, className, field, type);
            return;
        }
        if (bound.binds(field)) {
            c.getStatic(className, field, type);
        } else {
            c.loadRef(Locals.CONTEXT, Locals.CONTEXT_TYPE);
            c.getField(Locals.CONTEXT_TYPE, field, type);
        }
        c.storeRef(local);
        c.declare(local, type);
    }

    private void declare(Code c) {
        for (int i : new int[] {Locals.VA, Locals.AT, Locals.SCRATCH}) {
            c.declare(i, Opcodes.INTEGER);
        }
        if (!options.slotsInPlace()) {
            c.declare(Locals.BUDGET, Opcodes.INTEGER);
        }
        c.declare(Locals.NEXT_PC, Opcodes.LONG);
        c.declare(Locals.CONTEXT, Locals.CONTEXT_TYPE);
    }

    /** Goes to the block of the entry number, which the prologue keeps in {@link Locals#SITE}. */
    private void enter(Code c, Exits exits, Block first) {
        int n = region.entries().size();
        if (n > 1) {
            Label[] labels = new Label[n];
            for (int k = 0; k < n; k++) {
                labels[k] = exits.entry(k);
            }
            if (options.slotsInPlace()) {
                Search.emit(c, Locals.SCRATCH, IntStream.range(0, n).toArray(), labels, labels[0]);
            } else {
                c.load(Type.I32, Locals.SCRATCH);
                c.tableSwitch(labels, labels[0]);
            }
        } else if (exits.entry(0) != exits.label(first)) {
            c.jump(GOTO, 0, exits.entry(0));
        }
    }
}
