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

    private final Vm compiled;
    private final Vm interpreted;
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
        EngineOptions jit = new EngineOptions(EngineOptions.Backend.JVM, HOT, EngineOptions.DEFAULT_REGION_INSNS, EngineOptions.DEFAULT_DOMINANCE,
                false, true);
        compiled = new Vm(new VmConfig(ramBytes, VmConfig.Clock.VIRTUAL, jit), model, console);
        interpreted = new Vm(new VmConfig(ramBytes, VmConfig.Clock.VIRTUAL, EngineOptions.of(EngineOptions.Backend.INTERPRETER)), model, b -> { });
        equipment.plug(compiled, true);
        equipment.plug(interpreted, false);
        compiled.load(kernel, initrd, initrdName, commandLine);
        interpreted.load(kernel, initrd, initrdName, commandLine);
        compiled.engine().setOneBlock(true);
        interpreted.engine().setOneBlock(true);
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
