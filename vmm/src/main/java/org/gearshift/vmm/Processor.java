package org.gearshift.vmm;

import org.gearshift.paging.CodePages;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.vmm.cpu.InterruptSource;
import org.gearshift.vmm.cpu.VCpu;
import org.gearshift.vmm.engine.Engine;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.engine.EventTimer;
import org.gearshift.vmm.engine.RegionLibrary;

/**
 * One processor of a machine with all that is its own: state, shadow page tables, translated code, the loop that runs it. Memory and devices are the machine's. How it is started and stopped
 * depends on the gear.
 */
abstract class Processor {
    /** 0 is the one the machine begins with. */
    final int number;
    final CodePages code;
    final ShadowMmu mmu;
    final VCpu cpu;
    private final InterruptSource interrupts;
    private Engine engine;

    Processor(int number, CodePages code, ShadowMmu mmu, InterruptSource interrupts, VCpu cpu) {
        this.number = number;
        this.code = code;
        this.mmu = mmu;
        this.interrupts = interrupts;
        this.cpu = cpu;
    }

    /** Gives it the loop that runs it. @param library what all processors compile; null for a lone one */
    void attach(PhysicalMemory memory, EventTimer timer, EngineOptions options, RegionLibrary library) {
        engine = new Engine(cpu, mmu, memory, code, interrupts, timer, options, library);
        code.setListener(engine::codeWritten);
    }

    final Engine engine() {
        return engine;
    }

    /** Whether it has no code to run before another starts it. Any thread. */
    abstract boolean waitsForStart();

    /** Whether its run must end for {@link #ready} to be asked. Any thread. */
    abstract boolean isSignalled();

    /** Acts on what others have told it. On the thread that runs it. @return whether it has code to run */
    abstract boolean ready();
}
