package org.gearshift.tools.unwind;

import java.util.function.Function;

/** Registers as they are, or were, where a function stands: as far as they are known. Unchangeable. */
public final class FrameState {
    private final DwarfRegisters machine;
    private final long pc;
    private final boolean exact;
    private final Long[] values;

    /** @param values by number; null where it isn't known */
    FrameState(DwarfRegisters machine, long pc, boolean exact, Long[] values) {
        this.machine = machine;
        this.pc = machine.value(pc);
        this.exact = exact;
        this.values = values;
        values[machine.pc()] = this.pc;
    }

    /**
     * Of registers by name.
     *
     * @param wide whether the function is 64-bit code: its registers are called {@code rax ...}, others {@code eax ...}
     * @param pc address of the instruction it stands at, or behind the call that it has done
     * @param exact whether it stands at an instruction: it is the current one, or it was interrupted
     * @param registers null for one that isn't known
     */
    public static FrameState of(boolean wide, long pc, boolean exact, Function<String, Long> registers) {
        DwarfRegisters machine = DwarfRegisters.of(wide);
        Long[] values = new Long[machine.count()];
        for (int i = 0; i < machine.pc(); i++) {
            Long v = registers.apply(machine.name(i));
            values[i] = v == null ? null : (Long) machine.value(v);
        }
        return new FrameState(machine, pc, exact, values);
    }

    /** Numbers and names of the registers. */
    public DwarfRegisters machine() {
        return machine;
    }

    /** Whether it is 64-bit code. */
    public boolean isWide() {
        return machine.isWide();
    }

    /** Address of the instruction that it goes on with. */
    public long pc() {
        return pc;
    }

    /** Whether it stands at that instruction and not behind a call, which may be the end of the code that rules are for. */
    public boolean isExact() {
        return exact;
    }

    /** An address that is certainly in the function. */
    public long within() {
        return exact ? pc : machine.value(pc - 1);
    }

    /** Value of a register by number, null if it isn't known. */
    Long register(int number) {
        return number < values.length ? values[number] : null;
    }

    /** The same by name. */
    public Long register(String name) {
        for (int i = 0; i < values.length; i++) {
            if (machine.name(i).equals(name)) {
                return values[i];
            }
        }
        return null;
    }

    public Long stackPointer() {
        return values[machine.stackPointer()];
    }

    public Long framePointer() {
        return values[machine.framePointer()];
    }
}
