package org.gearshift.tools.stage;

import java.util.List;
import org.gearshift.ir.Block;
import org.gearshift.ir.Printer;
import org.gearshift.ir.Region;
import org.gearshift.translator.x86.X86State;

/** Runs one block from a given state on a copy of memory, by one engine, as often as one likes. */
public final class BlockTrial {
    /** Where memory comes from that has not been touched. */
    @FunctionalInterface
    public interface Pages {
        /** A copy of the page that holds a linear address, or null. */
        byte[] page(long address);
    }

    /** What a run left. */
    public static final class Result {
        private final RegionRun.End end;
        private final int codeSize;

        private Result(RegionRun.End end, int codeSize) {
            this.end = end;
            this.codeSize = codeSize;
        }

        /** Where this and another result differ, a line each. */
        public List<String> differences(Result other, String name, String otherName) {
            return StateText.differences(end, name, other.end, otherName, codeSize);
        }
    }

    private final int codeSize;
    private final StageMachine start;

    /** @param state slots of {@link X86State} */
    public BlockTrial(boolean wide, long[] state, Pages pages) {
        codeSize = wide ? 64 : 32;
        start = new StageMachine(codeSize);
        System.arraycopy(state, 0, start.s, 0, X86State.LAYOUT.slotCount());
        start.setBackground(pages::page);
    }

    /** Runs a block. @param compiled as JVM bytecode, otherwise by the interpreter */
    public Result run(Block b, boolean compiled) {
        RegionRun r = new RegionRun(new IrText(Region.of(b), codeSize, java.util.Map.of()), b.guestInsns());
        return new Result(r.run(start.copy(), compiled ? RegionRun.Engine.JVM : RegionRun.Engine.INTERPRETER), codeSize);
    }

    /** A block's IR as text. */
    public static String text(Block b) {
        return Printer.print(b, X86State.LAYOUT);
    }
}
