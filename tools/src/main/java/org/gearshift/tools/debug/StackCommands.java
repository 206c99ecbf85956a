package org.gearshift.tools.debug;

import java.util.ArrayList;
import java.util.List;
import org.gearshift.tools.symbols.OrcUnwinder;
import org.gearshift.tools.symbols.SymbolTable;
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
            return number > 0 && origin != Origin.INTERRUPTED;
        }
    }

    /** How a function on the stack was found, and what is behind its place in the listing. */
    enum Origin {
        /** It is the current one, or frame pointers lead to it. */
        CERTAIN(""),
        /** The kernel's unwind tables lead to it. */
        TABLES(" [orc]"),
        /** The same, but it was interrupted. */
        INTERRUPTED(" [orc, interrupted]"),
        /** Something that looks like a return address was on the stack. */
        GUESSED(" ?");

        private final String mark;

        Origin(String mark) {
            this.mark = mark;
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
        set.add(new Command(List.of("bt", "backtrace"), "[N]", "who called whom: by a kernel's unwind tables (orc) or frame pointers, else return addresses found on the stack (?)",
                (c, a) -> {
            int most = a.isEmpty() ? MAX_FRAMES : (int) Expression.value(a.rest(), c);
            int i = 0;
            for (Frame f : frames(c, Math.max(1, Math.min(MAX_FRAMES, most)))) {
                c.print("#%-2d %s%s", i, f.isReturn(i) ? c.placeOfReturn(f.pc) : c.place(f.pc), f.origin.mark);
                i++;
            }
        }));
    }

    /** The current function first. @param most how many at most */
    static List<Frame> frames(DebugContext c, int most) {
        DebuggedCpu cpu = c.cpu();
        List<Frame> frames = new ArrayList<>();
        frames.add(new Frame(cpu.pc(), Origin.CERTAIN));
        OrcUnwinder.Trace known = tables(c, most);
        if (known != null) {
            known.callers().forEach(k -> frames.add(new Frame(k.pc(), k.interrupted() ? Origin.INTERRUPTED : Origin.TABLES)));
            if (!known.complete()) {
                walk(c, frames, known.sp(), known.bp(), most);
            }
        } else {
            int word = cpu.isCode64() ? 8 : 4;
            long sp = cpu.cpu().stackPointer();
            SymbolTable.Place here = c.symbols().at(cpu.pc());
            if (here != null && here.offset() == 0) {
                // Nothing has been pushed yet but the return address.
                Long caller = cpu.read(sp, word);
                if (caller != null && (isReturnAddress(cpu, caller) || inCode(c, caller))) {
                    frames.add(new Frame(caller, Origin.CERTAIN));
                    sp += word;
                }
            }
            walk(c, frames, sp, framePointer(cpu), most);
        }
        return frames.subList(0, Math.min(most, frames.size()));
    }

    /** What the kernel's unwind tables say; null if they say nothing of the current function. */
    private static OrcUnwinder.Trace tables(DebugContext c, int most) {
        DebuggedCpu cpu = c.cpu();
        OrcUnwinder orc = cpu.isCode64() ? OrcUnwinder.of(c.symbols(), c.types(), cpu::read) : null;
        OrcUnwinder.Trace t = orc == null ? null : orc.trace(cpu.pc(), cpu.registers()::get, most);
        return t == null || t.callers().isEmpty() && !t.complete() ? null : t;
    }

    private static long framePointer(DebuggedCpu cpu) {
        return cpu.registers().get(cpu.isCode64() ? "rbp" : "ebp");
    }

    /** Frames by frame pointers, and then whatever looks like a return address. */
    private static void walk(DebugContext c, List<Frame> frames, long stack, long framePointer, int most) {
        DebuggedCpu cpu = c.cpu();
        int word = cpu.isCode64() ? 8 : 4;
        long sp = stack;
        long bp = framePointer;
        while (frames.size() < most && Long.compareUnsigned(bp, sp) >= 0 && bp - sp < 1 << 16) {
            Long caller = cpu.read(bp + word, word);
            Long outer = cpu.read(bp, word);
            if (caller == null || outer == null || !isReturnAddress(cpu, caller)) {
                break;
            }
            frames.add(new Frame(caller, Origin.CERTAIN));
            sp = bp + 2L * word;
            bp = outer;
        }
        for (int i = 0; i < WORDS_SEARCHED && frames.size() < most; i++) {
            Long value = cpu.read(sp + (long) i * word, word);
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
        OrcUnwinder.Trace known = tables(c, 1);
        if (known != null) {
            return known.callers().isEmpty() ? null : new ReturnAddress(known.callers().get(0).slot(), word);
        }
        List<Frame> frames = frames(c, 2);
        if (frames.size() < 2) {
            return null;
        }
        long bp = framePointer(cpu);
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
