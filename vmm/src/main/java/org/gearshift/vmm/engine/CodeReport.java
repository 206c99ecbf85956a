package org.gearshift.vmm.engine;

import org.gearshift.ir.Region;
import org.gearshift.backend.jvm.BudgetPlan;

/**
 * What has become of the guest code at an address: one translated block, and the compiled region that executes it, if any; for debuggers.
 *
 * @param pc of the block's first instruction
 * @param linear its linear address
 * @param mode mode it was translated for, an X86Mode
 * @param instructions of the block
 * @param executions of the block in the interpreter that are still counted; -1 if none are
 * @param threshold executions that make a block hot
 * @param failedPromotions how often compiling it was given up
 * @param members blocks of the region, 0 if the block is interpreted
 * @param regionInstructions guest instructions in the region
 * @param bytecode bytes of the region's method
 * @param entered how often the region was entered, and guest instructions retired in it
 * @param retired see {@code entered}
 * @param entry whether the block is an entry of the region
 * @param optimizing whether C2 has been asked for it
 * @param lifted the region as IR, as it would be formed now; without a region, the block
 * @param optimized the same after all passes
 * @param plan where it checks its budget
 */
public record CodeReport(long pc, long linear, long mode, int instructions, int executions, int threshold, int failedPromotions, int members, int regionInstructions,
        int bytecode,
        long entered, long retired, boolean entry, boolean optimizing, Region lifted, Region optimized, BudgetPlan plan) {
    /** Why the block is interpreted, or how it is executed, in a sentence. */
    public String why() {
        if (members > 0 && entry) {
            return "compiled" + (optimizing ? " by C2" : "") + ", and an entry of its region";
        }
        if (members > 0) {
            return "part of a compiled region, interpreted only where it is reached from outside";
        }
        if (failedPromotions > 0) {
            return "interpreted: compiled alone it would pass what HotSpot compiles";
        }
        if (threshold == Integer.MAX_VALUE) {
            return "interpreted: this machine compiles nothing";
        }
        return String.format("interpreted: executed %,d times, compiled from %,d on", Math.max(0, executions), threshold);
    }
}
