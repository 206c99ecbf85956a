package org.gearshift.tools.unwind;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.gearshift.tools.symbols.OrcUnwinder.Memory;
import org.gearshift.tools.symbols.SymbolTable;
import org.gearshift.tools.unwind.StackUnwinder.By;
import org.gearshift.tools.unwind.StackUnwinder.Caller;

/**
 * Who called whom in a 32-bit Linux kernel that has frame pointers (CONFIG_FRAME_POINTER) and no tables: a function's EBP leads to where the caller's is kept, above which the return address is. What entered the
 * kernel has left all registers on its stack (struct pt_regs, arch/x86/include/asm/ptrace.h): right above the return address into the code that system calls enter by, or where the frame pointer leads whose highest bit
 * is cleared (ENCODE_FRAME_POINTER, arch/x86/entry/entry_32.S). Interrupts may have stacks of their own, whose frame pointers lead on to the interrupted one.
 */
public final class LinuxFrames32 {
    private static final String[] SYSTEM_CALLS = {"entry_INT80_32", "entry_SYSENTER_32"};
    private static final String FIRST_FRAME = "ret_from_fork";
    private static final int WORD = Integer.BYTES;
    private static final long MASK = 0xffffffffL;
    private static final long ENCODED = 0x7fffffffL;
    /** A frame and the next are not farther apart on one stack. */
    private static final long ONE_STACK = 1 << 13;
    private static final int MOST_STACKS = 8;
    /** Offsets in struct pt_regs. */
    private static final Map<String, Integer> SAVED = Map.of("ebx", 0, "ecx", 4, "edx", 8, "esi", 12, "edi", 16, "ebp", 20, "eax", 24, "esp", 60);
    private static final int SAVED_IP = 48;
    private static final int SAVED_CS = 52;
    private static final int SAVED_FLAGS = 56;
    private static final int SELECTOR = 0xffff;
    private static final int PRIVILEGE = 3;
    private static final int VIRTUAL_8086 = 1 << 17;

    /**
     * What was found.
     *
     * @param callers the nearest first
     * @param complete whether the last one is called by nobody, or by a program
     * @param last where others may go on
     * @param user the program that entered the kernel, null if none did or it did not come to that
     */
    record Trace(List<Caller> callers, boolean complete, FrameState last, FrameState user) {
    }

    /**
     * One step.
     *
     * @param slot where the return address is
     * @param outer the caller's EBP
     */
    private record Step(long slot, long pc, long outer) {
    }

    private final SymbolTable symbols;
    private final Memory memory;
    private final FrameScan32 scan;

    private LinuxFrames32(SymbolTable symbols, Memory memory) {
        this.symbols = symbols;
        this.memory = memory;
        this.scan = new FrameScan32(memory);
    }

    /** For a kernel by its symbols where it lies now, and those of its modules. @return null if it is none such */
    public static LinuxFrames32 of(SymbolTable symbols, Memory memory) {
        for (String name : SYSTEM_CALLS) {
            if (symbols.find(name) != null && symbols.find(FIRST_FRAME) != null) {
                return new LinuxFrames32(symbols, memory);
            }
        }
        return null;
    }

    /** The callers of a function of the kernel. @param most how many at most */
    Trace trace(FrameState from, int most) {
        List<Caller> callers = new ArrayList<>();
        FrameState state = from;
        int stacks = 0;
        while (callers.size() < most) {
            Step step = state.isExact() ? current(state) : framed(state);
            if (step == null) {
                break;
            }
            callers.add(new Caller(step.pc, step.slot, By.POINTER));
            long above = step.slot + WORD & MASK;
            if (isSaved(step, above)) {
                FrameState interrupted = registers(above);
                Long cs = word(above + SAVED_CS);
                Long flags = word(above + SAVED_FLAGS);
                if (interrupted == null || cs == null || flags == null) {
                    break;
                }
                if ((cs & SELECTOR & PRIVILEGE) == PRIVILEGE || (flags & VIRTUAL_8086) != 0) {
                    return new Trace(callers, true, state, (flags & VIRTUAL_8086) == 0 ? interrupted : null);
                }
                state = interrupted;
                if (callers.size() < most) {
                    callers.add(new Caller(state.pc(), above + SAVED_IP, By.POINTER_INTERRUPTED));
                }
                continue;
            }
            state = FrameState.of(false, step.pc, false, n -> n.equals("esp") ? (Long) above : n.equals("ebp") ? (Long) step.outer : null);
            if (isNamed(step.pc, FIRST_FRAME) || step.outer == 0) {
                return new Trace(callers, true, state, null);
            }
            if (Long.compareUnsigned(step.outer - above, ONE_STACK) > 0 && ++stacks > MOST_STACKS) {
                break;
            }
        }
        return new Trace(callers, false, state, null);
    }

    /** From an instruction, where the function may have no frame. */
    private Step current(FrameState state) {
        SymbolTable.Place here = symbols.at(state.pc());
        Long sp = state.stackPointer();
        Long bp = state.framePointer();
        FrameScan32.Frame frame = here == null || sp == null || bp == null ? null : scan.at(here.symbol().address(), state.pc());
        if (frame == null) {
            return null;
        }
        if (frame.framed()) {
            return framed(state);
        }
        long slot = sp + frame.depth() & MASK;
        return step(slot, frame.saved() ? word(slot - WORD) : bp);
    }

    private Step framed(FrameState state) {
        Long bp = state.framePointer();
        return bp == null || bp % WORD != 0 ? null : step(bp + WORD & MASK, word(bp));
    }

    private Step step(long slot, Long outer) {
        Long pc = word(slot);
        SymbolTable.Place place = pc == null ? null : symbols.at(pc - 1);
        return outer == null || place == null || !place.symbol().mayBeCode() || !scan.isBehindCall(pc) ? null : new Step(slot, pc, outer);
    }

    /** Whether all registers are above a return address. */
    private boolean isSaved(Step step, long above) {
        return step.outer == (above & ENCODED) || isNamed(step.pc, SYSTEM_CALLS);
    }

    private boolean isNamed(long pc, String... names) {
        SymbolTable.Place place = symbols.at(pc - 1);
        return place != null && List.of(names).contains(place.symbol().name());
    }

    /** Registers as they were saved; null if they are not there. */
    private FrameState registers(long at) {
        Long pc = word(at + SAVED_IP);
        return pc == null ? null : FrameState.of(false, pc, true, n -> SAVED.containsKey(n) ? word(at + SAVED.get(n)) : null);
    }

    private Long word(long at) {
        return memory.read(at & MASK, WORD);
    }
}
