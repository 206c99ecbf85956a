package org.gearshift.tools.debug;

import java.util.ArrayList;
import java.util.List;
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
     * @param guessed whether it was only found on the stack
     */
    record Frame(long pc, boolean guessed) {
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
        set.add(new Command(List.of("bt", "backtrace"), "[N]", "who called whom: by frame pointers where code keeps them, else return addresses found on the stack (?)",
                (c, a) -> {
            int most = a.isEmpty() ? MAX_FRAMES : (int) Expression.value(a.rest(), c);
            int i = 0;
            for (Frame f : frames(c, Math.max(1, Math.min(MAX_FRAMES, most)))) {
                c.print("#%-2d %s%s", i++, c.place(f.pc), f.guessed ? " ?" : "");
            }
        }));
    }

    /** The current function first. @param most how many at most */
    static List<Frame> frames(DebugContext c, int most) {
        DebuggedCpu cpu = c.cpu();
        int word = cpu.isCode64() ? 8 : 4;
        List<Frame> frames = new ArrayList<>();
        frames.add(new Frame(cpu.pc(), false));
        SymbolTable.Place here = c.symbols().at(cpu.pc());
        long sp = cpu.cpu().stackPointer();
        if (here != null && here.offset() == 0) {
            // Nothing has been pushed yet but the return address.
            Long caller = cpu.read(sp, word);
            if (caller != null && (isReturnAddress(cpu, caller) || inCode(c, caller))) {
                frames.add(new Frame(caller, false));
                sp += word;
            }
        }
        long bp = cpu.registers().get(cpu.isCode64() ? "rbp" : "ebp");
        while (frames.size() < most && Long.compareUnsigned(bp, sp) >= 0 && bp - sp < 1 << 16) {
            Long caller = cpu.read(bp + word, word);
            Long outer = cpu.read(bp, word);
            if (caller == null || outer == null || !isReturnAddress(cpu, caller)) {
                break;
            }
            frames.add(new Frame(caller, false));
            sp = bp + 2L * word;
            bp = outer;
        }
        for (int i = 0; i < WORDS_SEARCHED && frames.size() < most; i++) {
            Long value = cpu.read(sp + (long) i * word, word);
            if (value == null) {
                break;
            }
            if (isReturnAddress(cpu, value) && (c.symbols().isEmpty() || inCode(c, value))) {
                frames.add(new Frame(value, true));
            }
        }
        return frames.subList(0, Math.min(most, frames.size()));
    }

    /** The current function's return address, found as {@link #frames} finds it; null if it is not. */
    static ReturnAddress returnAddress(DebugContext c) {
        List<Frame> frames = frames(c, 2);
        if (frames.size() < 2) {
            return null;
        }
        DebuggedCpu cpu = c.cpu();
        int word = cpu.isCode64() ? 8 : 4;
        long bp = cpu.registers().get(cpu.isCode64() ? "rbp" : "ebp");
        Long framed = cpu.read(bp + word, word);
        SymbolTable.Place here = c.symbols().at(cpu.pc());
        boolean entered = here != null && here.offset() == 0;
        if (!frames.get(1).guessed() && !entered && framed != null && framed == frames.get(1).pc()) {
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
