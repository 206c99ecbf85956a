package org.gearshift.tools.debug;

import java.util.ArrayList;
import java.util.List;
import org.gearshift.tools.symbols.SymbolTable;
import org.gearshift.tools.unwind.FrameState;
import org.gearshift.tools.unwind.StackUnwinder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.vmm.debug.DebuggedCpu;

/** The command that shows who called whom. */
final class StackCommands {
    private static final int MAX_FRAMES = 64;
    private static final int WORDS_SEARCHED = 512;
    private static final int LONGEST_CALL = 7;
    private static final int SHORTEST_CALL = 2;

    /**
     * One function on the stack.
     *
     * @param pc address in it, of the next instruction or a return address
     * @param origin how it was found
     */
    record Frame(long pc, Origin origin) {
        /** Whether it is behind a call. @param number its number in the listing */
        boolean isReturn(int number) {
            return number > 0 && (origin.by == null || !origin.by.isExact());
        }
    }

    /**
     * How a function on the stack was found, and what is behind its place in the listing.
     *
     * @param by what led to it, null if no tables did
     */
    record Origin(StackUnwinder.By by, String mark) {
        /** It is the current one, or frame pointers lead to it. */
        static final Origin CERTAIN = new Origin(null, "");
        /** Something that looks like a return address was on the stack. */
        static final Origin GUESSED = new Origin(null, " ?");

        static Origin of(StackUnwinder.By by) {
            return new Origin(by, by.mark());
        }
    }

    /**
     * A return address on the stack.
     *
     * @param slot where it is
     * @param bytes how long it is
     */
    record ReturnAddress(long slot, int bytes) {
    }

    private StackCommands() {
    }

    static void addTo(CommandSet set) {
        set.add(new Command(List.of("bt", "backtrace"), "[N]", "who called whom: by a kernel's unwind tables (orc), call frames of ELF files (cfi) or frame pointers, else return "
                + "addresses found on the stack (?)",
                (c, a) -> {
            int most = a.isEmpty() ? MAX_FRAMES : (int) Expression.value(a.rest(), c);
            int i = 0;
            Stack stack = stack(c, Math.max(1, Math.min(MAX_FRAMES, most)));
            for (Frame f : stack.frames) {
                c.print("#%-2d %s%s", i, f.isReturn(i) ? c.placeOfReturn(f.pc) : c.place(f.pc), f.origin.mark);
                i++;
            }
            stack.notes.forEach(n -> c.print("note: %s", n));
        }));
    }

    /** What the stack is. @param notes why there may be more */
    record Stack(List<Frame> frames, List<String> notes) {
    }

    /** The current function first. @param most how many at most */
    static List<Frame> frames(DebugContext c, int most) {
        return stack(c, most).frames;
    }

    private static Stack stack(DebugContext c, int most) {
        DebuggedCpu cpu = c.cpu();
        List<Frame> frames = new ArrayList<>();
        frames.add(new Frame(cpu.pc(), Origin.CERTAIN));
        FrameState state = state(cpu);
        StackUnwinder unwinder = c.unwinder();
        StackUnwinder.Trace known = unwinder.trace(state, most);
        List<String> notes = new ArrayList<>(known.notes());
        if (!known.isKnown()) {
            int word = state.isWide() ? Long.BYTES : Integer.BYTES;
            long sp = cpu.cpu().stackPointer();
            SymbolTable.Place here = c.symbols().at(cpu.pc());
            Long caller = here != null && here.offset() == 0 ? cpu.read(sp, word) : null;
            if (caller != null && (isReturnAddress(cpu, caller) || inCode(c, caller))) {
                // Nothing has been pushed yet but the return address.
                frames.add(new Frame(caller, Origin.CERTAIN));
                state = behindCall(state, caller, sp + word, state.framePointer());
                known = unwinder.trace(state, most);
            }
        }
        while (true) {
            known.callers().forEach(k -> frames.add(new Frame(k.pc(), Origin.of(k.by()))));
            known.notes().stream().filter(n -> !notes.contains(n)).forEach(notes::add);
            state = known.last();
            // Code with call frames, and what it calls, need not have frame pointers.
            boolean byFrames = known.callers().stream().anyMatch(k -> k.by().isByFrames());
            FrameState caller = known.complete() || byFrames || frames.size() >= most ? null : byFramePointer(cpu, state);
            if (caller == null) {
                break;
            }
            frames.add(new Frame(caller.pc(), Origin.CERTAIN));
            known = unwinder.trace(caller, most);
        }
        // What a program has on its stack are no return addresses into the kernel, and of its own code there may be no more than was found.
        boolean user = frames.stream().anyMatch(f -> f.origin.by != null && f.origin.by.isUser());
        if (!known.complete() && !user && state.stackPointer() != null) {
            guess(c, frames, state, most);
        }
        return new Stack(frames.subList(0, Math.min(most, frames.size())), notes);
    }

    private static FrameState state(DebuggedCpu cpu) {
        return FrameState.of(cpu.isCode64(), cpu.pc(), true, cpu.registers()::get);
    }

    /** A function of which no more is known than its stack. */
    private static FrameState behindCall(FrameState now, long pc, long sp, Long bp) {
        return FrameState.of(now.isWide(), pc, false, n -> n.endsWith("sp") ? (Long) sp : n.endsWith("bp") ? bp : null);
    }

    /** The caller, if the frame pointer is one and leads to it; otherwise null. */
    private static FrameState byFramePointer(DebuggedCpu cpu, FrameState state) {
        int word = state.isWide() ? Long.BYTES : Integer.BYTES;
        Long bp = state.framePointer();
        Long sp = state.stackPointer();
        if (bp == null || sp == null || Long.compareUnsigned(bp, sp) < 0 || bp - sp >= 1 << 16) {
            return null;
        }
        Long caller = cpu.read(bp + word, word);
        Long outer = cpu.read(bp, word);
        return caller == null || outer == null || !isReturnAddress(cpu, caller) ? null : behindCall(state, caller, bp + 2L * word, outer);
    }

    /** Whatever looks like a return address. */
    private static void guess(DebugContext c, List<Frame> frames, FrameState state, int most) {
        DebuggedCpu cpu = c.cpu();
        int word = state.isWide() ? Long.BYTES : Integer.BYTES;
        for (int i = 0; i < WORDS_SEARCHED && frames.size() < most; i++) {
            Long value = cpu.read(state.stackPointer() + (long) i * word, word);
            if (value == null) {
                break;
            }
            if (isReturnAddress(cpu, value) && (c.symbols().isEmpty() || inCode(c, value))) {
                frames.add(new Frame(value, Origin.GUESSED));
            }
        }
    }

    /** The current function's return address, found as {@link #frames} finds it; null if it is not. */
    static ReturnAddress returnAddress(DebugContext c) {
        DebuggedCpu cpu = c.cpu();
        int word = cpu.isCode64() ? 8 : 4;
        StackUnwinder.Trace known = c.unwinder().trace(state(cpu), 1);
        if (known.isKnown()) {
            return known.callers().isEmpty() || known.callers().get(0).slot() == -1 ? null : new ReturnAddress(known.callers().get(0).slot(), word);
        }
        List<Frame> frames = frames(c, 2);
        if (frames.size() < 2) {
            return null;
        }
        long bp = cpu.registers().get(cpu.isCode64() ? "rbp" : "ebp");
        Long framed = cpu.read(bp + word, word);
        SymbolTable.Place here = c.symbols().at(cpu.pc());
        boolean entered = here != null && here.offset() == 0;
        if (frames.get(1).origin() == Origin.CERTAIN && !entered && framed != null && framed == frames.get(1).pc()) {
            return new ReturnAddress(bp + word, word);
        }
        for (int i = 0; i < WORDS_SEARCHED; i++) {
            long slot = cpu.cpu().stackPointer() + (long) i * word;
            Long value = cpu.read(slot, word);
            if (value == null) {
                return null;
            }
            if (value == frames.get(1).pc()) {
                return new ReturnAddress(slot, word);
            }
        }
        return null;
    }

    private static boolean inCode(DebugContext c, long address) {
        SymbolTable.Place p = c.symbols().at(address - 1);
        return p != null && p.symbol().mayBeCode();
    }

    /** Whether a call ends at an address. */
    private static boolean isReturnAddress(DebuggedCpu cpu, long address) {
        for (int length = SHORTEST_CALL; length <= LONGEST_CALL; length++) {
            Instruction i = MemoryCommands.decode(cpu, address - length);
            if (i != null && i.length() == length && i.mnemonic() == Mnemonic.CALL) {
                return true;
            }
        }
        return false;
    }
}
