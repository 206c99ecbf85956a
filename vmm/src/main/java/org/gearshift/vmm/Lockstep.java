package org.gearshift.vmm;

import java.io.IOException;
import java.util.Arrays;
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

    private final Machine compiled;
    private final Machine interpreted;
    private long comparisons;
    private long ramComparisons;

    /**
     * How it went.
     *
     * @param difference null if there was none
     * @param outcome how the compiled machine's run ended
     */
    public record Result(long instructions, long compiledInstructions, long comparisons, long ramComparisons, String difference, VmOutcome outcome) {
        /** One line. */
        public String summary() {
            return String.format("lockstep: %,d instructions (%,d of them compiled), state compared %,d times, RAM %d times: %s", instructions,
                    compiledInstructions, comparisons, ramComparisons, difference == null ? "0 differences" : difference);
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
        inStep();
    }

    private Lockstep(Machine compiled, Machine interpreted) {
        this.compiled = compiled;
        this.interpreted = interpreted;
        inStep();
    }

    private void inStep() {
        compiled.engine().setOneBlock(true);
        interpreted.engine().setOneBlock(true);
    }

    /** Two paravirtual domains. @param console gets the console output of the one that is compiled */
    public static Lockstep ofDomains(long ramBytes, CpuModel model, KernelImage kernel, byte[] initrd, String commandLine, SerialBackend console)
            throws BootException {
        return new Lockstep(domain(ramBytes, model, compiledBlocks(), kernel, initrd, commandLine, console),
                domain(ramBytes, model, EngineOptions.of(EngineOptions.Backend.INTERPRETER), kernel, initrd, commandLine, SerialBackend.NONE));
    }

    private static EngineOptions compiledBlocks() {
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
        String difference = null;
        long nextRam = RAM_INTERVAL;
        VmOutcome outcome = new VmOutcome(VmOutcome.LIMIT, null);
        while (difference == null && compiled.engine().retired() < limit) {
            long before = compiled.engine().retired();
            outcome = compiled.run(Long.MAX_VALUE);
            VmOutcome other = interpreted.run(Long.MAX_VALUE);
            while (outcome.exitCode() == VmOutcome.LIMIT && compiled.engine().retired() < interpreted.engine().retired()) {
                // Compiled code left its block at an access without a fast path.
                outcome = compiled.run(Long.MAX_VALUE);
            }
            long now = compiled.engine().retired();
            difference = compare(outcome, other, before);
            if (difference == null && now >= nextRam) {
                nextRam = now + RAM_INTERVAL;
                difference = compareRam();
            }
            if (outcome.exitCode() != VmOutcome.LIMIT) {
                break;
            }
        }
        if (difference == null) {
            difference = compareRam();
        }
        long n = compiled.engine().retired();
        return new Result(n, n - compiled.engine().interpreted(), comparisons, ramComparisons, difference, outcome);
    }

    private String compare(VmOutcome a, VmOutcome b, long before) {
        comparisons++;
        long[] x = compiled.cpu().s;
        long[] y = interpreted.cpu().s;
        int slots = X86State.LAYOUT.slotCount();
        int at = Arrays.mismatch(x, 0, slots, y, 0, slots);
        if (at >= 0) {
            StateLayout names = X86State.LAYOUT;
            return String.format("after instruction %,d (block started at %,d): %s is 0x%x compiled, 0x%x interpreted; pc 0x%x", compiled.engine().retired(), before,
                    names.name(at), x[at], y[at], y[X86State.RIP]);
        }
        if (compiled.engine().retired() != interpreted.engine().retired()) {
            return "retired " + compiled.engine().retired() + " compiled, " + interpreted.engine().retired() + " interpreted";
        }
        if (a.exitCode() != b.exitCode()) {
            return "compiled: " + a + ", interpreted: " + b;
        }
        return null;
    }

    private String compareRam() {
        ramComparisons++;
        int at = Arrays.mismatch(compiled.ram().bytes(), interpreted.ram().bytes());
        return at < 0 ? null : String.format("RAM differs at 0x%x after instruction %,d", at, compiled.engine().retired());
    }
}
