package org.gearshift.tools.unwind;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.gearshift.tools.symbols.OrcUnwinder;
import org.gearshift.tools.symbols.OrcUnwinder.Memory;

/**
 * Who called whom, by all tables there are: a kernel's own in memory (ORC) as far as they lead, and from there, or in its place, the call frames of files; from the kernel into the program that
 * entered it.
 */
public final class StackUnwinder {
    /** What led to a caller, and what is behind its place in a listing. */
    public enum By {
        ORC(" [orc]", false),
        /** The same, but it was interrupted. */
        ORC_INTERRUPTED(" [orc, interrupted]", true),
        /** The registers that the kernel saved when a program entered it. */
        ORC_USER(" [orc, user]", true),
        /** A frame pointer, of a kernel whose entry code is known. */
        POINTER("", false),
        /** The registers that an interrupt or exception of such a kernel has saved. */
        POINTER_INTERRUPTED(" [interrupted]", true),
        /** The same of a program. */
        POINTER_USER(" [user]", true),
        CFI(" [cfi]", false),
        /** What a signal's handler returns to. */
        CFI_SIGNAL(" [cfi, signal]", true),
        CFI_INTERRUPTED(" [cfi, interrupted]", true);

        private final String mark;
        private final boolean exact;

        By(String mark, boolean exact) {
            this.mark = mark;
            this.exact = exact;
        }

        /** Whether it was call frame information. */
        public boolean isByFrames() {
            return ordinal() >= CFI.ordinal();
        }

        /** Whether it is a program, as it entered the kernel. */
        public boolean isUser() {
            return this == ORC_USER || this == POINTER_USER;
        }

        public String mark() {
            return mark;
        }

        /** Whether the function stands at an instruction, and not behind a call, which may be the end of a function: it has not called but was interrupted, or nobody has called it. */
        public boolean isExact() {
            return exact;
        }
    }

    /**
     * A caller.
     *
     * @param pc where it goes on
     * @param slot address on the stack where that was found, -1 if it was not on the stack
     */
    public record Caller(long pc, long slot, By by) {
    }

    /**
     * What was found.
     *
     * @param callers the nearest first
     * @param complete whether the last one is called by nobody
     * @param last registers of the last one: where others may go on
     * @param notes what was wrong with tables
     */
    public record Trace(List<Caller> callers, boolean complete, FrameState last, List<String> notes) {
        /** Whether tables say something of the current function. */
        public boolean isKnown() {
            return complete || !callers.isEmpty();
        }
    }

    private final OrcUnwinder orc;
    private final LinuxFrames32 pointers;
    private final List<ProgramFrames> kernel;
    private final long slide;
    private final List<UserProgram> programs;
    private final Memory memory;
    private final LoadedImages images;

    /**
     * For a guest.
     *
     * @param orc null if its kernel has no such tables
     * @param pointers null if its kernel is not a 32-bit one with frame pointers
     * @param kernel files that know call frames of its kernel, or of what runs in its place
     * @param slide how far that is from where it was linked for
     */
    public StackUnwinder(OrcUnwinder orc, LinuxFrames32 pointers, List<ProgramFrames> kernel, long slide, List<UserProgram> programs, Memory memory) {
        this.orc = orc;
        this.pointers = pointers;
        this.kernel = kernel;
        this.slide = slide;
        this.programs = programs;
        this.memory = memory;
        this.images = new LoadedImages(memory);
    }

    /** The callers of a function. @param most how many at most */
    public Trace trace(FrameState from, int most) {
        List<Caller> callers = new ArrayList<>();
        Set<String> notes = new LinkedHashSet<>();
        Kernel kernelPart = orc != null && from.isWide() && from.isExact() ? byTables(from, most, callers)
                : pointers != null && !from.isWide() ? byPointers(from, most, callers) : new Kernel(from, false);
        if (kernelPart.complete) {
            return new Trace(callers, true, from, List.of());
        }
        FrameState state = kernelPart.next;
        boolean complete = false;
        while (callers.size() < most) {
            CfiUnwinder.Step step = step(state, notes);
            if (step == null) {
                break;
            }
            if (step.isLast()) {
                complete = true;
                break;
            }
            state = step.caller();
            int last = callers.size() - 1;
            if (state.isExact() && last >= 0 && callers.get(last).by() == By.CFI) {
                callers.set(last, new Caller(callers.get(last).pc(), callers.get(last).slot(), By.CFI_SIGNAL));
            }
            callers.add(new Caller(state.pc(), step.slot(), state.isExact() ? By.CFI_INTERRUPTED : By.CFI));
        }
        return new Trace(callers, complete, state, List.copyOf(notes));
    }

    /**
     * Where the kernel's own means have led.
     *
     * @param complete whether there is nobody behind that
     */
    private record Kernel(FrameState next, boolean complete) {
    }

    private Kernel byTables(FrameState from, int most, List<Caller> callers) {
        OrcUnwinder.Trace t = orc.trace(from.pc(), n -> known(from, n), most);
        t.callers().forEach(c -> callers.add(new Caller(c.pc(), c.slot(), c.interrupted() ? By.ORC_INTERRUPTED : By.ORC)));
        FrameState user = t.user() == null ? null : user(t.user());
        if (goesOn(user, most, callers)) {
            callers.add(new Caller(user.pc(), -1, By.ORC_USER));
            return new Kernel(user, false);
        }
        FrameState last = callers.isEmpty() ? from : FrameState.of(true, callers.get(callers.size() - 1).pc(), callers.get(callers.size() - 1).by().isExact(),
                n -> n.equals("rsp") ? (Long) t.sp() : n.equals("rbp") ? (Long) t.bp() : null);
        return new Kernel(last, t.complete());
    }

    private Kernel byPointers(FrameState from, int most, List<Caller> callers) {
        LinuxFrames32.Trace t = pointers.trace(from, most);
        callers.addAll(t.callers());
        if (goesOn(t.user(), most, callers)) {
            callers.add(new Caller(t.user().pc(), -1, By.POINTER_USER));
            return new Kernel(t.user(), false);
        }
        return new Kernel(t.last(), t.complete());
    }

    private boolean goesOn(FrameState user, int most, List<Caller> callers) {
        return user != null && callers.size() < most && isOfProgram(user);
    }

    /** Whether code is of a program that was given, or of what Linux gives to each. */
    public boolean isOfProgram(FrameState user) {
        return programs.stream().anyMatch(p -> p.holds(user, memory)) || !programs.isEmpty() && images.at(user) != null;
    }

    private static long known(FrameState state, String name) {
        Long v = state.register(name);
        return v == null ? 0 : v;
    }

    private static FrameState user(OrcUnwinder.User user) {
        return FrameState.of(user.wide(), user.pc(), true, n -> user.registers().apply(user.wide() ? n : "r" + n.substring(1)));
    }

    /** The caller by the first file that knows the function. */
    private CfiUnwinder.Step step(FrameState state, Set<String> notes) {
        try {
            for (ProgramFrames f : kernel) {
                CfiUnwinder.Step step = f.step(state, memory, slide);
                if (step != null) {
                    return step;
                }
                note(f, notes);
            }
            for (UserProgram p : programs) {
                CfiUnwinder.Step step = p.holds(state, memory) ? p.frames().step(state, memory, p.slide()) : null;
                if (step != null) {
                    return step;
                }
                note(p.frames(), notes);
            }
            LoadedImages.Image image = programs.isEmpty() ? null : images.at(state);
            if (image != null) {
                return image.step(state, memory);
            }
        } catch (CallFrameException e) {
            notes.add(e.getMessage());
        }
        return null;
    }

    private static void note(ProgramFrames f, Set<String> notes) {
        if (f.problem() != null) {
            notes.add(f.problem());
        }
    }
}
