package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.GOTO;
import static org.objectweb.asm.Opcodes.I2L;
import static org.objectweb.asm.Opcodes.IADD;
import static org.objectweb.asm.Opcodes.IAND;
import static org.objectweb.asm.Opcodes.IFEQ;
import static org.objectweb.asm.Opcodes.IFNE;
import static org.objectweb.asm.Opcodes.IF_ICMPGT;
import static org.objectweb.asm.Opcodes.IF_ICMPLT;
import static org.objectweb.asm.Opcodes.INVOKESTATIC;
import static org.objectweb.asm.Opcodes.INVOKEVIRTUAL;
import static org.objectweb.asm.Opcodes.ISUB;
import static org.objectweb.asm.Opcodes.LAND;
import static org.objectweb.asm.Opcodes.L2I;
import static org.objectweb.asm.Opcodes.LASTORE;
import static org.objectweb.asm.Opcodes.LCMP;
import static org.objectweb.asm.Opcodes.LSHR;

import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.gearshift.ir.Block;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.StateLayout;
import org.gearshift.ir.Terminator;
import org.gearshift.ir.Type;
import org.objectweb.asm.Label;

/**
 * Bytecode of one block after the other.
 *
 * <p>After a VMCALL the rest of its block works on the state array itself ("direct"): such code is cold, most of it leaves the
 * region next, and storing and fetching every held slot twice would cost more bytes than it saves.
 */
final class BlockEmitter {
    private static final int PAGE_SIZE = 0x1000;

    private final Code c;
    private final StateLayout layout;
    private final BudgetPlan plan;
    private final SlotLocals slots;
    private final Locals locals;
    private final MemoryAccess memory;
    private final Exits exits;
    private final FaultSites sites;
    private final RmwPairs rmw = new RmwPairs();
    private final MemoryWindows windows = new MemoryWindows();
    private final BackendOptions options;
    private final Values values;
    private final Expressions expressions;
    private final WindowAccess windowed;
    private final Misses misses;
    private final DeferredPuts deferred;
    private final Budget budget;

    private Block block;
    private long pc;
    /** Guest instructions of the block begun so far. */
    private int begun;
    /** Site of the current guest instruction, or -1. */
    private int site;
    /** Whether the current guest instruction has changed a slot: from then on it is not abandoned. */
    /** Results of the block's calls of which only the usual case goes on. */
    private final Set<Insn> usualResults = new HashSet<>();
    private boolean committed;
    private boolean direct;
    private Label directFrom;

    BlockEmitter(Code c, StateLayout layout, BackendOptions options, BudgetPlan plan, SlotLocals slots, Locals locals,
            Exits exits, FaultSites sites, RamAccess ram, Misses misses, Budget budget) {
        this.misses = misses;
        this.budget = budget;
        this.c = c;
        this.layout = layout;
        this.plan = plan;
        this.slots = slots;
        this.locals = locals;
        this.exits = exits;
        this.sites = sites;
        this.options = options;
        deferred = new DeferredPuts(slots);
        memory = new MemoryAccess(c, locals, ram, misses, options.wideShift());
        values = new Values(c, locals, slots, memory, rmw);
        windowed = new WindowAccess(c, locals, ram, misses, values, options.wideShift());
        expressions = values.expressions();
        expressions.locals(locals);
        expressions.windows(windows, windowed);
    }

    /**
     * Emits a block, its label included.
     *
     * @param next the block emitted after it, or null
     */
    void emit(Block original, Block next) {
        block = CommitOrder.normalize(original);
        pc = block.pc();
        begun = 0;
        site = -1;
        direct(false);
        windows.begin(block, options.windows());
        usualResults.clear();
        rmw.begin(block, options.reuseRmwLocation(), windows);
        values.begin(block);
        windows.bases().forEach(values::retain);
        c.label(exits.label(block));
        budget();
        for (Insn i : block.insns()) {
            statement(i);
        }
        terminator(block.terminator(), next);
        if (direct) {
            exits.directRange(directFrom, c.here());
        }
        locals.releaseAll();
    }

    private void direct(boolean d) {
        direct = d;
        misses.direct(d);
    }

    private void budget() {
        if (plan.checks(block.pc())) {
            budget.push();
            c.constant(plan.stretch(block.pc()));
            c.jump(IF_ICMPLT, 2, exits.outOfBudget(block));
        }
        if (block.guestInsns() > 0) {
            budget.add(-block.guestInsns());
        }
    }

    private void statement(Insn i) {
        switch (i.op()) {
            case MARK -> mark(i);
            case CONST -> { }
            case GET -> get(i);
            case PUT -> put(i);
            case LOAD, LOAD_RMW -> {
                misses.loaded();
                values.settleBefore(i.arg(0));
                values.defineLoad(i, site());
            }
            case STORE -> {
                store(i);
                misses.stored();
            }
            case SEGCHECK -> segmentCheck(i);
            case CALL -> call(i);
            case VMCALL -> vmcall(i);
            default -> {
                if (values.used(i)) {
                    values.define(i);
                }
            }
        }
    }

    private void mark(Insn i) {
        values.settle();
        pc = i.imm();
        begun++;
        site = -1;
        committed = false;
        misses.instruction();
    }

    /** Guest instructions from the current one to the end of the block. */
    private int refund() {
        return block.guestInsns() - Math.max(begun - 1, 0);
    }

    private int site() {
        if (site < 0) {
            site = sites.add(pc, refund(), deferred.pending());
        }
        return site;
    }

    /** A site for a call that sees the budget as it is at the instruction's start, and leaves it exact when it throws. */
    private int exactSite() {
        return sites.add(pc, 0, deferred.pending());
    }

    private void get(Insn i) {
        if (!values.used(i)) {
            return;
        }
        int slot = (int) i.imm();
        catchUp(slot);
        if (inArray()) {
            values.pushFromArray(slot, i.type());
            values.defineFromStack(i);
        } else if (slots.isDeferred(slot)) {
            values.pushSlot(slot, i.type());
            values.defineFromStack(i);
        } else {
            values.defineAlias(i, slot);
        }
    }

    /** Whether the code that follows finds slots in the state array. */
    private boolean inArray() {
        return direct || options.slotsInPlace();
    }

    private void put(Insn i) {
        int slot = (int) i.imm();
        Insn value = i.arg(0);
        committed = true;
        if (!inArray() && !slots.isDeferred(slot) && deferred.take(i)) {
            values.discard(value);
            return;
        }
        values.settleBefore(value);
        if (inArray()) {
            values.push(value);
            putArray(slot, i.type());
            return;
        }
        if (slots.isDeferred(slot)) {
            slots.defer(c, values, slot, value);
            return;
        }
        if (values.isAliasOf(value, slot) && slots.type(slot) == i.type()) {
            values.release(value);
            return;
        }
        boolean reused = values.pushForPut(value);
        values.overwrite(slot);
        if (i.type() == Type.I32 && slots.type(slot) == Type.I64) {
            c.op(I2L);
        }
        slots.set(c, slot);
        if (reused) {
            values.nowIn(value, slot);
        }
    }

    /** Executes the PUTs that have been put off; a fault site from here on has nothing to make up for. */
    private void catchUp() {
        if (!deferred.isEmpty()) {
            values.settle();
            deferred.flush(this::putKnown);
            site = -1;
        }
    }

    /** The same of one slot, which is read. */
    private void catchUp(int slot) {
        if (deferred.isPending(slot)) {
            values.settle();
            deferred.flush(slot, this::putKnown);
        }
    }

    /** Puts a constant, or what another slot holds. */
    private void putKnown(int slot, Insn value) {
        values.overwrite(slot);
        if (value.isConst()) {
            c.constant(slots.type(slot), value.imm());
        } else {
            values.pushSlot((int) value.imm(), value.type());
            if (slots.type(slot) == Type.I64) {
                c.op(I2L);
            }
        }
        slots.set(c, slot);
    }

    /** Stores the value on the stack to the state array. */
    private void putArray(int slot, Type t) {
        if (t == Type.I32) {
            c.op(I2L);
        }
        c.store(Type.I64, Locals.NEXT_PC);
        c.loadRef(Locals.STATE, Locals.STATE_TYPE);
        c.constant(slot);
        c.load(Type.I64, Locals.NEXT_PC);
        c.op(LASTORE);
    }

    private void store(Insn i) {
        Insn address = i.arg(0);
        Insn value = i.arg(1);
        if (!values.isRepeatable(value)) {
            values.settleBefore(value);
            values.makeRepeatable(value);
        }
        int index = rmw.indexFor(i);
        int bits = (int) i.imm();
        MemoryWindows.Window window = windows.of(i);
        if (window != null) {
            values.settle();
            windowed.store(window, i, site());
        } else if (index != MemoryAccess.NO_INDEX) {
            values.settle();
            values.makeRepeatable(address);
            memory.storeAt(index, address.resultType(), () -> values.peek(address), bits, () -> values.peek(value), site());
            values.release(address);
        } else {
            values.settleBefore(address);
            values.push(address);
            memory.store(address.resultType(), bits, () -> values.peek(value), site());
        }
        values.release(value);
    }

    private void segmentCheck(Insn i) {
        values.settleBefore(i.arg(0));
        values.push(i.arg(0));
        int slot = i.segCheckLimitSlot();
        catchUp(slot);
        Runnable limit = inArray() ? () -> values.pushFromArray(slot, Type.I64) : () -> values.pushSlot(slot, Type.I64);
        memory.segmentCheck(i.arg(0).resultType(), i.segCheckSegment(), i.segCheckBytes(), i.segCheckWrite(), limit, site());
    }

    private void call(Insn i) {
        Helper h = i.helper();
        if (h.isPure()) {
            if (values.used(i)) {
                values.define(i);
            }
            return;
        }
        values.settle();
        if (misses.leave() && !committed && (h.attempt() != null || h.passesSignExtended() != 0 || h.passesAligned() != 0 || h.passesInPage() || h.isExpectation())) {
            attempt(i, h);
            return;
        }
        if (!h.isLocal()) {
            catchUp();
        }
        committed |= !h.writes().isEmpty();
        BitSet observed = (BitSet) h.reads().clone();
        observed.or(h.writes());
        if (!direct) {
            slots.writeBack(c, observed);
        }
        boolean exposed = h.takesContext() && !h.isLocal();
        if (h.mayFault()) {
            memory.site(exposed && options.slotsInPlace() ? exactSite() : site());
        }
        if (h.takesContext()) {
            if (exposed) {
                budget.expose(refund());
            }
            c.loadRef(Locals.CONTEXT, Locals.CONTEXT_TYPE);
        }
        for (Insn a : i.args()) {
            values.push(a);
        }
        boolean fenced = options.ordered() && h.mayFault() && !h.isCheck();
        if (fenced) {
            OrderedRam.beforeStore(c);
        }
        Label from = c.here();
        expressions.call(h);
        Label to = c.here();
        if (fenced) {
            OrderedRam.afterLoad(c);
        }
        if (exposed) {
            budget.conceal(refund());
        }
        if (h.result() != Type.VOID) {
            values.defineFromStack(i);
        }
        if (!direct) {
            for (int s = h.writes().nextSetBit(0); s >= 0; s = h.writes().nextSetBit(s + 1)) {
                values.overwrite(s);
            }
            slots.fetch(c, h.writes());
            if (h.mayFault() && h.writes().intersects(slots.held())) {
                exits.helperRange(from, to, h.writes());
            }
        }
    }

    /** What a helper mostly comes to, without a call; otherwise the region is left. */
    private void attempt(Insn i, Helper h) {
        if (h.isExpectation()) {
            expressions.jumpIf(i.arg(0), false, misses.at(site(), c.stack()));
            return;
        }
        if (h.passesSignExtended() != 0) {
            // All bits from the sign on are alike: 0 or -1 when they are shifted down, and 1 or 0 with one added.
            values.push(i.arg(0));
            c.constant(h.passesSignExtended() - 1);
            c.op(LSHR);
            c.op(L2I);
            c.constant(1);
            c.op(IADD);
            c.constant(~1);
            c.op(IAND);
            c.jump(IFNE, 1, misses.at(site(), belowTop()));
            return;
        }
        if (h.passesAligned() != 0) {
            values.push(i.arg(0));
            c.op(L2I);
            c.constant(h.passesAligned() - 1);
            c.op(IAND);
            c.jump(IFNE, 1, misses.at(site(), belowTop()));
            return;
        }
        if (h.passesInPage()) {
            values.push(i.arg(0));
            c.op(L2I);
            c.constant(PAGE_SIZE - 1);
            c.op(IAND);
            c.constant(PAGE_SIZE);
            values.push(i.arg(1));
            c.op(ISUB);
            List<Object> below = belowTop();
            below.remove(below.size() - 1);
            c.jump(IF_ICMPGT, 2, misses.at(site(), below));
            return;
        }
        Helper.Attempt a = h.attempt();
        i.args().forEach(values::makeRepeatable);
        catchUp(a.slot());
        Label done = new Label();
        // C1 takes none of these methods into a region: one call is what it is to cost there.
        boolean usual = a.usual() != null && !options.slotsInPlace();
        boolean terse = usual && options.breadth() != BackendOptions.Breadth.FULL;
        if (usual) {
            usual(i, h, terse ? null : done);
        }
        if (!terse) {
            pushWide(a.slot());
            i.args().forEach(values::peek);
            c.invoke(INVOKESTATIC, org.objectweb.asm.Type.getInternalName(a.owner()), h.method(), h.attemptType().toMethodDescriptorString(), i.argCount() + 1);
            c.dup();
            c.constant(a.none());
            c.op(LCMP);
            c.jump(IFEQ, 1, misses.at(site(), belowTop()));
        }
        if (usual && !terse) {
            c.label(done);
        }
        i.args().forEach(values::release);
        if (h.result() == Type.I32) {
            c.op(L2I);
        }
        values.defineFromStack(i);
    }

    /** Leaves the result of an attempt's usual case, at a label, and goes on otherwise; without one the region is left then. */
    private void usual(Insn i, Helper h, Label done) {
        Helper.Attempt a = h.attempt();
        String owner = org.objectweb.asm.Type.getInternalName(a.usual());
        Label other = new Label();
        pushWide(a.slot());
        i.args().forEach(values::peek);
        c.constant((isUsual(i.arg(0), h) ? Helper.Attempt.FIRST_KNOWN : 0) | (isUsual(i.arg(1), h) ? Helper.Attempt.SECOND_KNOWN : 0));
        c.invoke(INVOKESTATIC, owner, h.method() + (options.breadth() == BackendOptions.Breadth.ZERO ? "FitsOrZero" : "Fits"), h.fitsType().toMethodDescriptorString(), i.argCount() + 2);
        List<Object> below = belowTop();
        c.jump(IFEQ, 1, done == null ? misses.at(site(), below) : other);
        i.args().forEach(values::peek);
        c.invoke(INVOKESTATIC, owner, h.method(), h.usualType().toMethodDescriptorString(), i.argCount());
        if (done == null) {
            usualResults.add(i);
        } else {
            c.jump(GOTO, 0, done);
            c.stack(below);
            c.label(other);
        }
    }

    /** Whether an operand is what a usual case here has given, with the elements that a helper works on. */
    private boolean isUsual(Insn operand, Helper h) {
        Insn i = operand.op() == Op.TRUNC ? operand.arg(0) : operand;
        return usualResults.contains(i) && h.sharesElements(i.helper());
    }

    private List<Object> belowTop() {
        List<Object> stack = c.stack();
        stack.remove(stack.size() - 1);
        return stack;
    }

    /** Pushes a slot as long, held or not. */
    private void pushWide(int slot) {
        catchUp(slot);
        if (!slots.holds(slot)) {
            values.pushFromArray(slot, Type.I64);
            return;
        }
        values.pushSlot(slot, slots.type(slot));
        if (slots.type(slot) == Type.I32) {
            c.op(I2L);
        }
    }

    private void vmcall(Insn i) {
        values.settle();
        catchUp();
        if (!direct) {
            slots.writeBackAll(c);
        }
        c.loadRef(Locals.STATE, Locals.STATE_TYPE);
        c.constant(layout.pcSlot());
        c.constant(pc);
        c.op(LASTORE);
        memory.site(exactSite());
        budget.expose(refund());
        c.loadRef(Locals.CONTEXT, Locals.CONTEXT_TYPE);
        c.constant((int) i.imm());
        for (int a = 0; a < 3; a++) {
            serviceArgument(i, a);
        }
        Label from = c.here();
        c.invoke(INVOKEVIRTUAL, Locals.CONTEXT_TYPE, "vmcall", "(IJJJ)J", 5);
        exits.serviceRange(from, c.here());
        values.defineFromStack(i);
        budget.adopt(refund());
        if (!direct) {
            values.overwriteAll();
            direct(true);
            directFrom = c.here();
        }
    }

    private void serviceArgument(Insn i, int a) {
        if (a >= i.argCount()) {
            c.constant(0L);
            return;
        }
        values.push(i.arg(a));
        if (i.arg(a).resultType() == Type.I32) {
            c.op(I2L);
        }
    }

    private void terminator(Terminator t, Block next) {
        catchUp();
        values.settleBefore(t.value());
        switch (t.kind()) {
            case GOTO -> jump(t.target(), next);
            case BRANCH -> branch(t, next);
            case INDIRECT -> {
                values.push(t.value());
                if (t.value().resultType() == Type.I32) {
                    c.op(I2L);
                    c.constant(0xffffffffL);
                    c.op(LAND);
                }
                c.store(Type.I64, Locals.NEXT_PC);
                c.jump(GOTO, 0, exits.indirect(direct, t.value().resultType() == Type.I64));
            }
            case EXIT -> c.jump(GOTO, 0, exits.exit(t.target(), direct));
            case EXIT_TO_STATE -> {
                if (!direct && slots.holds(layout.pcSlot())) {
                    values.pushSlot(layout.pcSlot(), Type.I64);
                    c.store(Type.I64, Locals.NEXT_PC);
                }
                c.jump(GOTO, 0, exits.toState(direct));
            }
        }
    }

    private void branch(Terminator t, Block next) {
        if (direct && (exits.isInside(t.target()) || exits.isInside(t.otherwise()))) {
            // The condition first: it may be an alias or wait for its computation from what the array holds now.
            values.push(t.value());
            int condition = Locals.SCRATCH;
            c.store(Type.I32, condition);
            slots.fetchAll(c);
            exits.directRange(directFrom, c.here());
            direct(false);
            c.load(Type.I32, condition);
            c.jump(IFNE, 1, exits.target(t.target(), false));
            jump(t.otherwise(), next);
        } else if (next != null && next.pc() == t.target()) {
            expressions.jumpIf(t.value(), false, exits.target(t.otherwise(), direct));
        } else {
            expressions.jumpIf(t.value(), true, exits.target(t.target(), direct));
            jump(t.otherwise(), next);
        }
    }

    private void jump(long target, Block next) {
        if (!exits.isInside(target)) {
            leave(target);
            return;
        }
        if (direct) {
            slots.fetchAll(c);
            exits.directRange(directFrom, c.here());
            direct(false);
        }
        if (next == null || next.pc() != target) {
            c.jump(GOTO, 0, exits.target(target, false));
        }
    }

    private void leave(long target) {
        c.jump(GOTO, 0, exits.leave(target, returnAddress(), direct));
    }

    /** Pc of an entry of the region that the block has stored, as a call instruction does. */
    private long returnAddress() {
        for (Insn i : block.insns()) {
            if (i.op() == Op.STORE && i.arg(1).isConst()) {
                long pc = i.arg(1).type() == Type.I32 ? i.arg(1).imm() & 0xffffffffL : i.arg(1).imm();
                if (exits.isEntry(pc)) {
                    return pc;
                }
            }
        }
        return LinkedExits.NOWHERE;
    }
}
