package org.gearshift.ir.pass;

import java.util.ArrayList;
import java.util.List;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;

/** Removes pure instructions whose values nobody uses. */
public final class DeadCode {
    private DeadCode() {
    }

    /** The block without dead code; the very block if there is none. */
    public static Block run(Block b) {
        List<Insn> insns = b.insns();
        int n = insns.size();
        for (int i = 0; i < n; i++) {
            insns.get(i).setIndex(i);
        }
        boolean[] needed = new boolean[n];
        if (b.terminator().value() != null) {
            needed[b.terminator().value().index()] = true;
        }
        int kept = 0;
        for (int i = n - 1; i >= 0; i--) {
            Insn v = insns.get(i);
            if (needed[i] || !v.isPure()) {
                needed[i] = true;
                kept++;
                for (int k = 0; k < v.argCount(); k++) {
                    needed[v.arg(k).index()] = true;
                }
            }
        }
        if (kept == n) {
            return b;
        }
        List<Insn> out = new ArrayList<>(kept);
        for (int i = 0; i < n; i++) {
            if (needed[i]) {
                out.add(insns.get(i));
            }
        }
        return b.with(out, b.terminator());
    }
}
