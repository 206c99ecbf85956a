package org.gearshift.tools.stage;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.gearshift.backend.jvm.BudgetPlan;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Printer;
import org.gearshift.ir.Region;
import org.gearshift.ir.Type;
import org.gearshift.ir.Verifier;
import org.gearshift.ir.pass.Pass;
import org.gearshift.translator.x86.X86State;

/** Passes over a region one by one, as for compiled code; each result is verified. */
public final class Optimization {
    private final List<Pass> passes;

    public Optimization(List<Pass> passes) {
        this.passes = List.copyOf(passes);
    }

    /** Passes by name, separated by commas; {@code none} for none at all. */
    public static List<Pass> named(String names) {
        List<Pass> out = new ArrayList<>();
        for (String n : names.equals("none") ? new String[0] : names.split(",")) {
            Pass p = Pass.named(n.strip());
            if (p == null) {
                throw new InputException("no pass '" + n.strip() + "'; there are " + Pass.COMPILED.stream().map(Pass::name).collect(Collectors.joining(", "))
                        + ", and 'none'");
            }
            out.add(p);
        }
        return out;
    }

    /** Where the budget is checked, and so state is exact: as the engine has it for regions, and at every block of a single one. */
    static BudgetPlan plan(Region r) {
        return r.blocks().size() > 1 ? BudgetPlan.of(r) : BudgetPlan.everyBlock(r);
    }

    /** The region after all passes. */
    public IrText run(IrText in) {
        IrText x = in;
        BudgetPlan plan = plan(in.region());
        for (Pass p : passes) {
            x = step(x, p, plan);
        }
        return x;
    }

    private static IrText step(IrText in, Pass p, BudgetPlan plan) {
        Region r = p.onRegion().run(in.region(), plan::checks, X86State.LAYOUT);
        r.blocks().forEach(b -> Verifier.verify(b, X86State.LAYOUT, p.name()));
        return in.with(r);
    }

    /**
     * What each pass changes, line by line: lines that begin with {@code -} were there before, those with {@code +} are there afterwards. Values keep their names for as
     * long as they are the same.
     *
     * @param context unchanged lines to show around changes
     */
    public String diff(IrText in, int context) {
        StringBuilder out = new StringBuilder();
        IrText x = in;
        BudgetPlan plan = plan(in.region());
        Map<Long, Map<Insn, Integer>> names = new HashMap<>();
        Map<Long, List<String>> before = lines(x, names, null);
        for (Pass p : passes) {
            IrText next = step(x, p, plan);
            Map<Long, List<String>> after = lines(next, names, x);
            int removed = operations(x) - operations(next);
            out.append("; ").append(p.name()).append(": ").append(p.what()).append("; ").append(operations(x)).append(" operations, now ").append(operations(next))
                    .append(removed == 0 && before.equals(after) ? ": nothing to do" : "").append('\n');
            for (Block b : next.region().blocks()) {
                out.append(LineDiff.of(before.get(b.pc()), after.get(b.pc()), context));
            }
            x = next;
            before = after;
        }
        return out.toString();
    }

    private static int operations(IrText t) {
        return t.region().blocks().stream().mapToInt(b -> b.insns().size()).sum();
    }

    private static Map<Long, List<String>> lines(IrText t, Map<Long, Map<Insn, Integer>> names, IrText previous) {
        Map<Long, List<String>> out = new HashMap<>();
        for (Block b : t.region().blocks()) {
            Map<Insn, Integer> known = names.computeIfAbsent(b.pc(), pc -> new IdentityHashMap<>());
            if (previous != null) {
                inherit(previous.region().blockAt(b.pc()), b, known);
            }
            out.put(b.pc(), List.of(Printer.print(b, X86State.LAYOUT, known, t.comments()::get).split("\n")));
        }
        return out;
    }

    /** Gives values of a block that was built anew the names of those they are equal to. */
    private static void inherit(Block before, Block after, Map<Insn, Integer> names) {
        Map<String, List<Integer>> free = new HashMap<>();
        for (Insn v : before.insns()) {
            if (v.resultType() != Type.VOID && !after.insns().contains(v)) {
                free.computeIfAbsent(shape(v, names), k -> new ArrayList<>()).add(names.get(v));
            }
        }
        int next = names.values().stream().mapToInt(n -> n + 1).max().orElse(0);
        for (Insn v : after.insns()) {
            if (v.resultType() != Type.VOID && !names.containsKey(v)) {
                List<Integer> same = free.get(shape(v, names));
                names.put(v, same == null || same.isEmpty() ? next++ : same.remove(0));
            }
        }
    }

    private static String shape(Insn v, Map<Insn, Integer> names) {
        return v.op() + "/" + v.type() + "/" + v.imm() + "/" + v.helper() + v.args().stream().map(a -> String.valueOf(names.get(a))).toList();
    }
}
