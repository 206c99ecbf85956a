package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.GOTO;
import static org.objectweb.asm.Opcodes.IFEQ;
import static org.objectweb.asm.Opcodes.IFNE;
import static org.objectweb.asm.Opcodes.IF_ICMPNE;
import static org.objectweb.asm.Opcodes.L2I;
import static org.objectweb.asm.Opcodes.LALOAD;
import static org.objectweb.asm.Opcodes.LASTORE;
import static org.objectweb.asm.Opcodes.LUSHR;
import static org.objectweb.asm.Opcodes.POP;
import static org.objectweb.asm.Opcodes.RETURN;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.gearshift.ir.Block;
import org.gearshift.ir.Region;
import org.gearshift.ir.StateLayout;
import org.gearshift.ir.Type;
import org.objectweb.asm.Label;

/**
 * Everything that control may go to: block labels, and behind the blocks one stub for each kind of exit, shared by the whole region.
 * Exits marked {@code direct} come from code whose state is in the state array already.
 */
final class Exits {
    private static final String FAULT_TYPE = "org/gearshift/ir/GuestFault";

    private final Code c;
    private final StateLayout layout;
    private final Region region;
    private final SlotLocals slots;
    private final Misses misses;
    private final Budget budget;
    private final boolean callsNoSlowPaths;
    private final LinkedExits linked;

    private final Map<Long, Label> blockLabels = new HashMap<>();
    private final Map<Long, Label> outOfBudget = new LinkedHashMap<>();
    private final Map<Long, Label> stubs = new LinkedHashMap<>();
    private final Map<Long, Label> directStubs = new LinkedHashMap<>();
    /** EXITs for blocks inside. */
    private final Map<Stay, Label> stays = new LinkedHashMap<>();
    private final Label leave = new Label();
    private final Label leaveDirect = new Label();
    private final Label toState = new Label();
    private final Label toStateDirect = new Label();
    private final Label dispatch = new Label();
    private final Label dispatchDirect = new Label();
    private boolean toStateUsed;
    private boolean dispatchUsed;
    private boolean dispatchDirectUsed;
    private boolean dispatchWide;

    private final List<Code.Range> serviceRanges = new ArrayList<>();
    private final List<Code.Range> directRanges = new ArrayList<>();
    private final Map<BitSet, List<Code.Range>> helperRanges = new LinkedHashMap<>();

    /** An EXIT for a pc. @param direct whether the state is in the state array already */
    private record Stay(long pc, boolean direct) { }

    Exits(Code c, StateLayout layout, Region region, SlotLocals slots, Misses misses, Budget budget, boolean missesLeave, LinkedExits linked) {
        this.misses = misses;
        this.budget = budget;
        this.callsNoSlowPaths = missesLeave;
        this.linked = linked;
        this.c = c;
        this.layout = layout;
        this.region = region;
        this.slots = slots;
        for (Block b : region.blocks()) {
            blockLabels.put(b.pc(), new Label());
        }
    }

    Label label(Block b) {
        return blockLabels.get(b.pc());
    }

    Label entry(int number) {
        return blockLabels.get(region.entries().get(number));
    }

    boolean isInside(long pc) {
        return blockLabels.containsKey(pc);
    }

    /** Where a block goes when the budget does not suffice for it. */
    Label outOfBudget(Block b) {
        return outOfBudget.computeIfAbsent(b.pc(), k -> new Label());
    }

    /** A direct jump's target: the block inside, or an exit stub. */
    Label target(long pc, boolean direct) {
        Label inside = blockLabels.get(pc);
        if (inside != null) {
            return inside;
        }
        return leave(pc, LinkedExits.NOWHERE, direct);
    }

    /** Where to leave for a pc, even if it is inside. @param back pc that control comes back to, or {@link LinkedExits#NOWHERE} */
    Label leave(long pc, long back, boolean direct) {
        if (linked.present()) {
            return linked.exit(pc, slots.inPlace() && isEntry(back) ? back : LinkedExits.NOWHERE, direct);
        }
        return (direct ? directStubs : stubs).computeIfAbsent(pc, k -> new Label());
    }

    /** Where to go for an EXIT: if the target is inside, that may go on there when what the region depends on has been looked at. */
    Label exit(long pc, boolean direct) {
        // They are told apart by the lower halves.
        boolean alike = stays.keySet().stream().anyMatch(s -> s.pc() != pc && (int) s.pc() == (int) pc);
        if (!linked.present() || !isInside(pc) || alike) {
            return leave(pc, LinkedExits.NOWHERE, direct);
        }
        return stays.computeIfAbsent(new Stay(pc, direct), s -> new Label());
    }

    /** Whether control may come in at a pc. */
    boolean isEntry(long pc) {
        return region.entries().contains(pc);
    }

    /** The exit, with the next pc in {@link Locals#NEXT_PC}. */
    Label leave(boolean direct) {
        return direct ? leaveDirect : leave;
    }

    /** The exit with the pc slot in the state array already, or its held value in {@link Locals#NEXT_PC}. */
    Label toState(boolean direct) {
        if (direct) {
            return toStateDirect;
        }
        if (slots.holds(layout.pcSlot()) && !linked.present()) {
            return leave;
        }
        toStateUsed = true;
        return toState;
    }

    /** Where a computed jump goes with its target in {@link Locals#NEXT_PC}. */
    Label indirect(boolean direct, boolean wide) {
        dispatchUsed = true;
        dispatchWide |= wide;
        dispatchDirectUsed |= direct;
        return direct ? dispatchDirect : dispatch;
    }

    /** A VMCALL: at a fault the state is as the service left it. */
    void serviceRange(Label from, Label to) {
        serviceRanges.add(new Code.Range(from, to));
    }

    /** Code that works on the state array. */
    void directRange(Label from, Label to) {
        directRanges.add(new Code.Range(from, to));
    }

    /** A call of a helper that may fault after it wrote slots which are held in locals. */
    void helperRange(Label from, Label to, BitSet writes) {
        helperRanges.computeIfAbsent(writes, k -> new ArrayList<>()).add(new Code.Range(from, to));
    }

    /** Emits all stubs and handlers. {@code body} is the start of the first block. */
    void emit(Label body) {
        Label end = c.here();
        targetStubs(outOfBudget, leave);
        targetStubs(stubs, leave);
        targetStubs(directStubs, leaveDirect);
        stays();
        if (toStateUsed) {
            stayInState();
        }
        if (slots.inPlace()) {
            linked.emitInPlace(c, this, this::toState);
        } else {
            linked.emitShared(c, () -> slots.writeBackAll(c), this::toState);
        }
        if (dispatchDirectUsed) {
            c.label(dispatchDirect);
            slots.fetchAll(c);
        }
        if (dispatchUsed) {
            dispatch();
        }
        handlers(body, end);
        leaving();
    }

    private void targetStubs(Map<Long, Label> targets, Label exit) {
        for (Map.Entry<Long, Label> e : targets.entrySet()) {
            c.label(e.getValue());
            c.constant(e.getKey().longValue());
            c.store(Type.I64, Locals.NEXT_PC);
            c.jump(GOTO, 0, exit);
        }
    }

    /** EXITs for blocks inside: on there, or out. */
    private void stays() {
        if (stays.isEmpty()) {
            return;
        }
        if (slots.inPlace()) {
            stays.forEach((s, label) -> {
                c.label(label);
                c.constant(s.pc());
                c.store(Type.I64, Locals.NEXT_PC);
                toState();
                linked.stays(c);
                c.jump(IFNE, 1, blockLabels.get(s.pc()));
                c.jump(GOTO, 0, leave(s.pc(), LinkedExits.NOWHERE, true));
            });
            return;
        }
        Label settle = new Label();
        Label settled = new Label();
        Label out = new Label();
        TreeMap<Integer, Label> on = new TreeMap<>();
        TreeMap<Integer, Label> outside = new TreeMap<>();
        stays.forEach((s, label) -> {
            c.label(label);
            c.constant(s.pc());
            c.store(Type.I64, Locals.NEXT_PC);
            c.jump(GOTO, 0, s.direct() ? settled : settle);
            on.put((int) s.pc(), blockLabels.get(s.pc()));
            outside.put((int) s.pc(), leave(s.pc(), LinkedExits.NOWHERE, true));
        });
        c.label(settle);
        slots.writeBackAll(c);
        c.label(settled);
        toState();
        linked.stays(c);
        c.jump(IFEQ, 1, out);
        slots.fetchAll(c);
        among(on, leaveDirect);
        c.label(out);
        among(outside, leaveDirect);
    }

    /** By the lower half of the next pc. */
    private void among(TreeMap<Integer, Label> targets, Label otherwise) {
        c.load(Type.I64, Locals.NEXT_PC);
        c.op(L2I);
        c.lookupSwitch(keys(targets), labels(targets), otherwise);
    }

    private static int[] keys(TreeMap<Integer, Label> targets) {
        return targets.keySet().stream().mapToInt(Integer::intValue).toArray();
    }

    private static Label[] labels(TreeMap<Integer, Label> targets) {
        return targets.values().toArray(new Label[0]);
    }

    /** Behind an instruction that has set the pc slot and let interrupts in: on at an entry, or out. */
    private void stayInState() {
        c.label(toState);
        if (!slots.holds(layout.pcSlot())) {
            pcSlot();
            c.op(LALOAD);
            c.store(Type.I64, Locals.NEXT_PC);
        }
        if (!linked.present()) {
            c.jump(GOTO, 0, leave);
            return;
        }
        slots.writeBackAll(c);
        toState();
        linked.stays(c);
        c.jump(IFEQ, 1, toStateDirect);
        slots.fetchAll(c);
        dispatchUsed = true;
        dispatchWide |= region.entries().stream().anyMatch(pc -> pc >>> 32 != 0);
        c.jump(GOTO, 0, dispatch);
    }

    /** Computed jumps to entries stay inside; a 32-bit target is zero-extended. Entries that 64-bit targets may lead to are told apart by their upper halves first. */
    private void dispatch() {
        c.label(dispatch);
        TreeMap<Integer, TreeMap<Integer, Label>> byUpper = new TreeMap<>();
        for (long pc : region.entries()) {
            byUpper.computeIfAbsent((int) (pc >>> 32), upper -> new TreeMap<>()).put((int) pc, blockLabels.get(pc));
        }
        if (!dispatchWide) {
            dispatch(byUpper.getOrDefault(0, new TreeMap<>()));
            return;
        }
        c.load(Type.I64, Locals.NEXT_PC);
        c.constant(32);
        c.op(LUSHR);
        c.op(L2I);
        c.store(Type.I32, Locals.SCRATCH);
        byUpper.forEach((upper, targets) -> {
            Label others = new Label();
            c.load(Type.I32, Locals.SCRATCH);
            c.constant(upper);
            c.jump(IF_ICMPNE, 2, others);
            dispatch(targets);
            c.label(others);
        });
        c.jump(GOTO, 0, leave);
    }

    private void dispatch(TreeMap<Integer, Label> targets) {
        if (slots.inPlace()) {
            c.load(Type.I64, Locals.NEXT_PC);
            c.op(L2I);
            c.store(Type.I32, Locals.VA);
            Search.emit(c, Locals.VA, keys(targets), labels(targets), leave);
        } else {
            among(targets, leave);
        }
    }

    private void handlers(Label body, Label end) {
        Label fault = new Label();
        Label faultDirect = new Label();
        if (!serviceRanges.isEmpty()) {
            handlerStart(serviceRanges);
            budget.fetch();
            c.jump(GOTO, 0, faultDirect);
        }
        for (Map.Entry<BitSet, List<Code.Range>> e : helperRanges.entrySet()) {
            handlerStart(e.getValue());
            slots.fetch(c, e.getKey());
            c.jump(GOTO, 0, fault);
        }
        if (!directRanges.isEmpty()) {
            handlerStart(directRanges);
            c.jump(GOTO, 0, faultDirect);
        }
        if (!misses.isEmpty()) {
            Label miss = new Label();
            misses.emit(miss);
            c.label(miss);
            c.loadRef(Locals.CONTEXT, Locals.CONTEXT_TYPE);
            c.load(Type.I32, Locals.SCRATCH);
            c.putField(Locals.CONTEXT_TYPE, "faultSite", "I");
            c.jump(GOTO, 0, fault);
        }
        handlerStart(callsNoSlowPaths ? List.copyOf(c.calls()) : List.of(new Code.Range(body, end)));
        c.label(fault);
        slots.writeBackAll(c);
        c.label(faultDirect);
        c.loadRef(Locals.CONTEXT, Locals.CONTEXT_TYPE);
        c.constant(1);
        c.putField(Locals.CONTEXT_TYPE, "faultPending", "Z");
        c.jump(GOTO, 0, toStateDirect);
    }

    private void handlerStart(List<Code.Range> ranges) {
        Label handler = new Label();
        c.stack(List.of(FAULT_TYPE));
        c.label(handler);
        c.op(POP);
        for (Code.Range r : ranges) {
            if (r.from().getOffset() < r.to().getOffset()) {
                c.handler(r.from(), r.to(), handler, FAULT_TYPE);
            }
        }
    }

    /** The one way out. */
    private void leaving() {
        c.label(leave);
        slots.writeBackAll(c);
        c.label(leaveDirect);
        storePc();
        c.label(toStateDirect);
        budget.writeBack();
        c.op(RETURN);
    }

    private void toState() {
        storePc();
        budget.writeBack();
    }

    private void storePc() {
        pcSlot();
        c.load(Type.I64, Locals.NEXT_PC);
        c.op(LASTORE);
    }

    private void pcSlot() {
        c.loadRef(Locals.STATE, Locals.STATE_TYPE);
        c.constant(layout.pcSlot());
    }
}
