package org.gearshift.tools.diverge;

import java.util.ArrayList;
import java.util.List;
import org.gearshift.tools.stage.Code;
import org.gearshift.tools.stage.CodeImage;
import org.gearshift.tools.symbols.SymbolTable;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.vmm.Lockstep;
import org.gearshift.vmm.Machine;

/**
 * Where two engines came apart.
 *
 * @param what the first difference, in words
 * @param step the step in which it came about
 * @param history instructions before and in that step, oldest first, as assembly
 * @param culprit the instruction and what is to blame, or null if the step does not differ when it is run by itself: an event, a device or the engine's bookkeeping is
 *     behind it then
 */
public record Finding(String what, Lockstep.Step step, List<Line> history, Culprit culprit) {
    private static final int HISTORY = 50;
    private static final int LONGEST = 15;

    /** An instruction that was executed. */
    public record Line(long pc, String text) {
    }

    static Finding of(Gear a, Gear b, Lockstep.Divergence d, List<Lockstep.Step> trail, long[] state, Machine before) {
        GuestMemory memory = new GuestMemory(before);
        List<Line> history = new ArrayList<>();
        for (Lockstep.Step s : trail) {
            history.addAll(instructions(memory, s));
        }
        Lockstep.Step last = d.last();
        int insns = (int) (last.to() - last.from());
        Culprit c = insns > 0 ? new Isolation(a, b, memory, state, last.pc(), last.mode(), insns).culprit() : null;
        return new Finding(d.what(), last, history.subList(Math.max(0, history.size() - HISTORY), history.size()), c);
    }

    private static List<Line> instructions(GuestMemory memory, Lockstep.Step s) {
        List<Line> out = new ArrayList<>();
        if (s.to() == s.from()) {
            out.add(new Line(s.pc(), "(an event is delivered, a fault, or nothing)"));
        }
        long at = s.pc();
        for (long n = s.from(); n < s.to(); n++) {
            Code.Line l = line(memory, at, s.mode());
            if (l == null) {
                break;
            }
            out.add(new Line(at, l.text()));
            at += l.bytes().length;
        }
        return out;
    }

    static Code.Line line(GuestMemory memory, long pc, long mode) {
        byte[] bytes = memory.read(pc + X86Mode.csBase(mode), LONGEST);
        int size = X86Mode.is(mode, X86Mode.CODE64) ? 64 : X86Mode.is(mode, X86Mode.CODE32) ? 32 : 16;
        return bytes.length == 0 ? null : new Code(CodeImage.of("guest", pc, bytes), pc, pc + bytes.length, size).line(pc);
    }

    /** The finding in words. @param symbols names, as far as there are */
    public String print(SymbolTable symbols) {
        StringBuilder out = new StringBuilder("first difference: ").append(what).append('\n');
        out.append("last ").append(history.size()).append(" instructions:\n");
        String place = "";
        for (Line l : history) {
            SymbolTable.Place p = symbols.at(l.pc());
            String now = p == null ? "" : p.symbol().name();
            if (!now.equals(place)) {
                out.append("  ").append(now).append(":\n");
                place = now;
            }
            out.append(String.format("    %8x:  %s%n", l.pc(), l.text()));
        }
        if (culprit == null) {
            out.append("run by themselves, the last instructions do not differ: look at the event, the device or the engine behind them\n");
        } else {
            out.append(culprit.print(symbols));
        }
        return out.toString().replace("\r\n", "\n");
    }
}
