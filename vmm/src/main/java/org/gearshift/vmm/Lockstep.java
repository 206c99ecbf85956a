package org.gearshift.vmm;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.gearshift.ir.StateLayout;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.cpu.CpuModel;
import org.gearshift.vmm.device.SerialBackend;
import org.gearshift.vmm.engine.EngineOptions;

/**
 * Runs two machines on the virtual clock, one with compiled code and one interpreted, and compares every state slot after every
 * block and all of RAM at intervals.
 */
public final class Lockstep {
    /** Instructions between comparisons of RAM. */
    private static final long RAM_INTERVAL = 250_000;
    /** Executions after which a block is compiled: early, since compiled code is what is under test. */
    private static final int HOT = 8;

    /** Blocks remembered. */
    private static final int TRAIL = 64;

    private final Machine compiled;
    private final Machine interpreted;
    private final String compiledName;
    private final String interpretedName;
    private final long[] before = new long[X86State.LAYOUT.slotCount()];
    private final Step[] trail = new Step[TRAIL];
    private long steps;
    private long comparisons;
    private long ramComparisons;

    /**
     * A block, single step, delivery of an interrupt, or idle wait.
     *
     * @param pc where it began
     * @param mode processor mode there
     * @param from instructions retired before it
     * @param to and after it
     */
    public record Step(long pc, long mode, long from, long to) {
    }

    /**
     * Where two machines were found to differ.
     *
     * @param what in words
     * @param last the step after which they were
     * @param ramAgreed instructions retired when all of RAM was last found equal
     * @param inRam whether it was RAM that differed; the difference may be older than the last step then
     */
    public record Divergence(String what, Step last, long ramAgreed, boolean inRam) {
    }

    /**
     * How it went.
     *
     * @param divergence null if there was none
     * @param outcome how the compiled machine's run ended
     */
    public record Result(long instructions, long compiledInstructions, long comparisons, long ramComparisons, Divergence divergence, VmOutcome outcome) {
        /** What differed, or null. */
        public String difference() {
            return divergence == null ? null : divergence.what();
        }

        /** One line. */
        public String summary() {
            return String.format("lockstep: %,d instructions (%,d of them compiled), state compared %,d times, RAM %d times: %s", instructions,
                    compiledInstructions, comparisons, ramComparisons, divergence == null ? "0 differences" : divergence.what());
        }
    }

    /** With the default processor for the kernel. */
    public Lockstep(long ramBytes, KernelImage kernel, byte[] initrd, String initrdName, String commandLine, SerialBackend console)
            throws BootException, IOException {
        this(ramBytes, Vm.processorFor(kernel), kernel, initrd, initrdName, commandLine, console);
    }

    /** Plugs devices into a machine before its kernel is loaded. */
    @FunctionalInterface
    public interface Equipment {
        /** None. */
        Equipment NONE = (vm, shown) -> { };

        /**
         * Called for each of the two machines, which must find the same: contents of disks, random numbers ...
         *
         * @param shown whether this is the machine whose output is seen
         */
        void plug(Vm vm, boolean shown) throws IOException;
    }

    /** Without devices of its own. */
    public Lockstep(long ramBytes, CpuModel model, KernelImage kernel, byte[] initrd, String initrdName, String commandLine, SerialBackend console)
            throws BootException, IOException {
        this(ramBytes, model, kernel, initrd, initrdName, commandLine, console, Equipment.NONE);
    }

    /** @param console gets the compiled machine's serial output */
    public Lockstep(long ramBytes, CpuModel model, KernelImage kernel, byte[] initrd, String initrdName, String commandLine, SerialBackend console,
            Equipment equipment) throws BootException, IOException {
        Vm jit = new Vm(new VmConfig(ramBytes, VmConfig.Clock.VIRTUAL, compiledBlocks()), model, console);
        Vm interpreter = new Vm(new VmConfig(ramBytes, VmConfig.Clock.VIRTUAL, EngineOptions.of(EngineOptions.Backend.INTERPRETER)), model, SerialBackend.NONE);
        equipment.plug(jit, true);
        equipment.plug(interpreter, false);
        jit.load(kernel, initrd, initrdName, commandLine);
        interpreter.load(kernel, initrd, initrdName, commandLine);
        compiled = jit;
        interpreted = interpreter;
        compiledName = "compiled";
        interpretedName = "interpreted";
        inStep();
    }

    /** Two machines that should be the same, loaded and not yet run, on the virtual clock and with one processor. @param nameA for messages */
    public Lockstep(Machine a, String nameA, Machine b, String nameB) {
        this.compiled = a;
        this.interpreted = b;
        this.compiledName = nameA;
        this.interpretedName = nameB;
        inStep();
    }

    private void inStep() {
        compiled.engine().setOneBlock(true);
        interpreted.engine().setOneBlock(true);
    }

    /** Two paravirtual domains. @param console gets the console output of the one that is compiled */
    public static Lockstep ofDomains(long ramBytes, CpuModel model, KernelImage kernel, byte[] initrd, String commandLine, SerialBackend console)
            throws BootException {
        return new Lockstep(domain(ramBytes, model, compiledBlocks(), kernel, initrd, commandLine, console), "compiled",
                domain(ramBytes, model, EngineOptions.of(EngineOptions.Backend.INTERPRETER), kernel, initrd, commandLine, SerialBackend.NONE), "interpreted");
    }

    /** Compiled code that can be compared block by block. */
    public static EngineOptions compiledBlocks() {
        return new EngineOptions(EngineOptions.Backend.JVM, HOT, EngineOptions.DEFAULT_REGION_INSNS, EngineOptions.DEFAULT_DOMINANCE, false, true);
    }

    private static Machine domain(long ramBytes, CpuModel model, EngineOptions engine, KernelImage kernel, byte[] initrd, String commandLine,
            SerialBackend console) throws BootException {
        XenVm vm = new XenVm(new VmConfig(ramBytes, VmConfig.Clock.VIRTUAL, engine), model, console);
        vm.load(kernel, initrd, commandLine);
        return vm;
    }

    /** Runs at most {@code limit} instructions, or until the guest ends or the machines differ. */
    public Result run(long limit) {
        return run(limit, RAM_INTERVAL);
    }

    /** The same. @param ramInterval instructions between comparisons of RAM; 1: after every step */
    public Result run(long limit, long ramInterval) {
        String difference = null;
        boolean inRam = false;
        long agreed = compiled.engine().retired();
        long nextRam = agreed + ramInterval;
        VmOutcome outcome = new VmOutcome(VmOutcome.LIMIT, null);
        while (difference == null && compiled.engine().retired() < limit) {
            Step step = remember();
            VmOutcome[] outcomes = step(step);
            outcome = outcomes[0];
            VmOutcome other = outcomes[1];
            long now = compiled.engine().retired();
            difference = compare(outcome, other, step.from);
            if (difference == null && now >= nextRam) {
                nextRam = now + ramInterval;
                difference = compareRam();
                inRam = difference != null;
                agreed = inRam ? agreed : now;
            }
            if (outcome.exitCode() != VmOutcome.LIMIT) {
                break;
            }
        }
        if (difference == null) {
            difference = compareRam();
            inRam = difference != null;
        }
        long n = compiled.engine().retired();
        Divergence d = difference == null ? null : new Divergence(difference, steps == 0 ? new Step(0, 0, 0, 0) : trail[(int) ((steps - 1) % TRAIL)], agreed, inRam);
        return new Result(n, n - compiled.engine().interpreted(), comparisons, ramComparisons, d, outcome);
    }

    /** Runs both until they have retired the same number of instructions: compiled code leaves its block at an access without a fast path. */
    private VmOutcome[] step(Step from) {
        VmOutcome a = compiled.run(Long.MAX_VALUE);
        VmOutcome b = interpreted.run(Long.MAX_VALUE);
        while (a.exitCode() == VmOutcome.LIMIT && b.exitCode() == VmOutcome.LIMIT && compiled.engine().retired() != interpreted.engine().retired()) {
            if (compiled.engine().retired() < interpreted.engine().retired()) {
                a = compiled.run(Long.MAX_VALUE);
            } else {
                b = interpreted.run(Long.MAX_VALUE);
            }
        }
        trail[(int) (steps++ % TRAIL)] = new Step(from.pc, from.mode, from.from, compiled.engine().retired());
        return new VmOutcome[] {a, b};
    }

    private Step remember() {
        long[] s = compiled.cpu().s;
        System.arraycopy(s, 0, before, 0, before.length);
        return new Step(s[X86State.RIP], compiled.cpu().mode(), compiled.engine().retired(), 0);
    }

    /** Runs both, step by step and without comparing, until {@code retired} instructions have been retired: the end of a step, as an earlier run has told. */
    public void advance(long retired) {
        while (compiled.engine().retired() < retired) {
            VmOutcome[] outcomes = step(remember());
            if (outcomes[0].exitCode() != VmOutcome.LIMIT || outcomes[1].exitCode() != VmOutcome.LIMIT) {
                return;
            }
        }
    }

    /** The last steps, oldest first. */
    public List<Step> trail() {
        List<Step> out = new ArrayList<>();
        for (long i = Math.max(0, steps - TRAIL); i < steps; i++) {
            out.add(trail[(int) (i % TRAIL)]);
        }
        return out;
    }

    /** The state slots both had before the last step of {@link #run}. */
    public long[] stateBefore() {
        return before.clone();
    }

    private String compare(VmOutcome a, VmOutcome b, long from) {
        comparisons++;
        long[] x = compiled.cpu().s;
        long[] y = interpreted.cpu().s;
        int slots = X86State.LAYOUT.slotCount();
        int at = Arrays.mismatch(x, 0, slots, y, 0, slots);
        if (at >= 0) {
            StateLayout names = X86State.LAYOUT;
            return String.format("after instruction %,d (block started at %,d): %s is 0x%x %s, 0x%x %s; pc 0x%x", compiled.engine().retired(), from,
                    names.name(at), x[at], compiledName, y[at], interpretedName, y[X86State.RIP]);
        }
        if (compiled.engine().retired() != interpreted.engine().retired()) {
            return "retired " + compiled.engine().retired() + " " + compiledName + ", " + interpreted.engine().retired() + " " + interpretedName;
        }
        if (a.exitCode() != b.exitCode()) {
            return compiledName + ": " + a + ", " + interpretedName + ": " + b;
        }
        return null;
    }

    private String compareRam() {
        ramComparisons++;
        long at = compiled.ram().mismatch(interpreted.ram());
        return at < 0 ? null : String.format("RAM differs at 0x%x after instruction %,d", at, compiled.engine().retired());
    }
}
