package org.gearshift.tools.unwind;

import org.gearshift.tools.symbols.OrcUnwinder.Memory;

/** From a function to its caller, by the rules of a frame description (DWARF 5, section 6.4.3 and appendix D.6). */
final class CfiUnwinder {
    /**
     * What the rules say of a function.
     *
     * @param caller registers where the caller goes on; null if nobody has called
     * @param slot address on the stack where the return address was found, -1 if it was elsewhere
     */
    record Step(FrameState caller, long slot) {
        boolean isLast() {
            return caller == null;
        }
    }

    private record Found(Long value, long at) {
    }

    private static final Found LOST = new Found(null, -1);

    private final FrameDescription description;
    private final FrameState state;
    private final DwarfRegisters machine;
    private final Memory memory;
    private final long slide;

    private CfiUnwinder(FrameDescription description, FrameState state, Memory memory, long slide) {
        this.description = description;
        this.state = state;
        this.machine = state.machine();
        this.memory = memory;
        this.slide = slide;
    }

    /**
     * The caller of a function.
     *
     * @param slide how far the code is from where it was linked for
     * @return null if nothing is known of the function
     * @throws CallFrameException if what is known is damaged, or leads to what isn't there
     */
    static Step step(CallFrameInformation information, FrameState state, Memory memory, long slide) throws CallFrameException {
        long at = state.machine().value(state.within() - slide);
        FrameDescription d = information.at(at);
        if (d == null || information.bases().wide() != state.isWide()) {
            return null;
        }
        try {
            UnwindRow row = CallFrameProgram.at(d, information.bases(), at);
            return new CfiUnwinder(d, state, memory, slide).step(row);
        } catch (CallFrameException e) {
            throw information.within(d.at(), e);
        }
    }

    private Step step(UnwindRow row) throws CallFrameException {
        int column = description.common().returnColumn();
        UnwindRule back = row.registers().get(column);
        if (back != null && back.kind() == UnwindRule.Kind.UNDEFINED) {
            return new Step(null, -1);
        }
        if (back == null || back.kind() == UnwindRule.Kind.SAME && column == machine.pc()) {
            throw new CallFrameException("no rule for the return address");
        }
        long cfa = frameAddress(row.cfa());
        Found returns = value(back, column, cfa);
        if (returns.value == null) {
            throw new CallFrameException(returns.at == -1 ? "the return address is lost" : "no memory with the return address at " + Long.toHexString(returns.at));
        }
        Long[] values = new Long[machine.count()];
        for (int i = 0; i < machine.pc(); i++) {
            UnwindRule rule = row.registers().get(i);
            values[i] = rule != null ? value(rule, i, cfa).value : i == machine.stackPointer() ? (Long) cfa : machine.isPreserved(i) ? state.register(i) : null;
        }
        if (returns.value == 0) {
            return new Step(null, returns.at);
        }
        Step step = new Step(new FrameState(machine, returns.value, description.common().signal(), values), returns.at);
        requireProgress(step.caller);
        return step;
    }

    private long frameAddress(UnwindRule rule) throws CallFrameException {
        if (rule == null) {
            throw new CallFrameException("no rule for the frame address");
        }
        if (rule.kind() != UnwindRule.Kind.SUM) {
            return FrameExpression.value(rule.expression(), null, state, memory, slide);
        }
        Long base = state.register(rule.register());
        if (base == null) {
            throw new CallFrameException("the frame is found by " + machine.name(rule.register()) + ", which is not known any more");
        }
        return machine.value(base + rule.offset());
    }

    /** A register of the caller's. */
    private Found value(UnwindRule rule, int register, long cfa) throws CallFrameException {
        return switch (rule.kind()) {
            case SAME -> new Found(state.register(register), -1);
            case REGISTER -> new Found(state.register(rule.register()), -1);
            case OFFSET -> saved(cfa + rule.offset());
            case VAL_OFFSET -> new Found(machine.value(cfa + rule.offset()), -1);
            case EXPRESSION -> saved(FrameExpression.value(rule.expression(), cfa, state, memory, slide));
            case VAL_EXPRESSION -> new Found(FrameExpression.value(rule.expression(), cfa, state, memory, slide), -1);
            default -> LOST;
        };
    }

    private Found saved(long at) {
        long address = machine.value(at);
        return new Found(memory.read(address, machine.word()), address);
    }

    /** Stacks grow down: what leads down again, or nowhere, is no caller. Signals may have a stack of their own. */
    private void requireProgress(FrameState caller) throws CallFrameException {
        Long now = state.stackPointer();
        Long next = caller.stackPointer();
        if (!caller.isExact() && now != null && next != null && (Long.compareUnsigned(next, now) < 0 || next.equals(now) && caller.pc() == state.pc())) {
            throw new CallFrameException("the caller's frame should be at " + Long.toHexString(next) + ", which is not above this one");
        }
    }
}
