package org.gearshift.tools.stage;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.gearshift.backend.jvm.BackendOptions;
import org.gearshift.backend.jvm.BudgetPlan;
import org.gearshift.backend.jvm.CompiledRegion;
import org.gearshift.backend.jvm.RegionCompiler;
import org.gearshift.backend.jvm.RegionTooLargeException;
import org.gearshift.ir.Block;
import org.gearshift.ir.GuestFault;
import org.gearshift.ir.Region;
import org.gearshift.ir.interp.Interpreter;
import org.gearshift.translator.x86.X86State;

/** Runs a region on a {@link StageMachine}, from its first entry until control leaves it: by the interpreter or as JVM bytecode. The IR is taken as it is. */
final class RegionRun {
    /** What executes. */
    enum Engine { INTERPRETER, JVM }

    /**
     * How it ended.
     *
     * @param why in words
     * @param retired guest instructions
     * @param machine state and memory afterwards
     */
    record End(String why, long retired, StageMachine machine) {
    }

    private final Region region;
    private final int codeSize;
    private final long limit;

    /** @param limit most guest instructions to retire, 1 to 2^31 - 1 */
    RegionRun(IrText ir, long limit) {
        this.region = ir.region();
        this.codeSize = ir.codeSize();
        this.limit = limit;
    }

    /** Runs it on a machine, whose state changes. */
    End run(StageMachine m, Engine engine) {
        m.budget = (int) limit;
        m.s[X86State.RIP] = region.entries().get(0);
        String why = engine == Engine.JVM ? compiled(m) : interpreted(m);
        return new End(why, limit - m.budget, m);
    }

    private String interpreted(StageMachine m) {
        Interpreter interpreter = new Interpreter(X86State.LAYOUT, X86State.FLAG_RES, X86State.FLAG_AUX);
        Map<Long, Integer> handles = new HashMap<>();
        while (true) {
            Block b = region.blockAt(m.s[X86State.RIP]);
            if (b == null) {
                return left(m);
            }
            int handle = handles.computeIfAbsent(b.pc(), pc -> interpreter.prepare(b, codeSize == 64));
            int why = interpreter.run(m, handle);
            if (why == Interpreter.EXIT_FAULT) {
                return fault(m);
            }
            if (why == Interpreter.EXIT_BUDGET) {
                return limited(m);
            }
            if (why == Interpreter.EXIT) {
                return left(m);
            }
        }
    }

    private String compiled(StageMachine m) {
        CompiledRegion code;
        List<Long> entries = new ArrayList<>(region.entries());
        region.blocks().stream().map(Block::pc).filter(pc -> !entries.contains(pc)).forEach(entries::add);
        Region r = new Region(region.blocks(), entries);
        try {
            code = new RegionCompiler(X86State.LAYOUT, BackendOptions.defaults().withWideShift(m.wideShift)).compile(r, BudgetPlan.everyBlock(r), "region");
        } catch (RegionTooLargeException e) {
            throw new InputException("the region is too large for one JVM method; lift less of it (--block, --length)");
        }
        while (true) {
            int entry = code.entryAt(m.s[X86State.RIP]);
            if (entry < 0) {
                return left(m);
            }
            int before = m.budget;
            code.runAndSettle(m, entry);
            if (m.faultPending) {
                m.faultPending = false;
                return fault(m);
            }
            if (before == m.budget) {
                return limited(m);
            }
            Block at = region.blockAt(m.s[X86State.RIP]);
            if (at != null && m.budget < at.guestInsns()) {
                return limited(m);
            }
            if (at != null && region.blocks().stream().anyMatch(b -> b.terminator().kind() == org.gearshift.ir.Terminator.Kind.EXIT && b.terminator().target() == at.pc())) {
                return left(m);
            }
        }
    }

    private static String left(StageMachine m) {
        return "left the region for 0x" + Long.toHexString(m.s[X86State.RIP]);
    }

    private String limited(StageMachine m) {
        return "the limit of " + limit + " instructions left too few for the block at 0x" + Long.toHexString(m.s[X86State.RIP]);
    }

    private static String fault(StageMachine m) {
        String at = " at 0x" + Long.toHexString(m.s[X86State.RIP]);
        GuestFault f = m.fault;
        if (f.vector == StageMachine.NO_VECTOR) {
            return "stopped" + at + ": the instruction asks the monitor for " + m.stoppedAt() + ", which only a whole machine answers";
        }
        String error = f.errorCode >= 0 ? ", error code " + f.errorCode : "";
        return "exception " + ExceptionNames.of(f.vector) + at + error
                + (f.vector == 14 ? ": no memory at 0x" + Long.toHexString(m.faultAddress()) + " (--memory gives some)" : "");
    }
}
