package org.gearshift.vmm.engine;

import org.gearshift.ir.Block;
import org.gearshift.ir.interp.Interpreter;
import org.gearshift.ir.pass.PassPipeline;
import org.gearshift.paging.CodePages;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.lift.X86Lifter;
import org.gearshift.vmm.cpu.VCpu;

/** Turns guest code at a pc into a {@link Translation} the interpreter can run, or back into IR for the compiler. */
final class BlockTranslator {
    /** Most guest instructions in a block. */
    static final int MAX_INSNS = 32;
    /** Marks the mode of single-instruction translations in the cache; no mode bit of the architecture. */
    static final long SINGLE = 1L << 31;

    private final VCpu cpu;
    private final PhysicalMemory memory;
    private final CodePages codePages;
    private final GuestCode code;
    private final X86Lifter lifter;
    private final Interpreter interpreter;
    private final CodeCache cache;
    private final EngineStatistics statistics;
    private final long ramFrames;
    private final PassPipeline passes;
    private final ShadowMmu mmu;

    BlockTranslator(VCpu cpu, ShadowMmu mmu, PhysicalMemory memory, CodePages codePages, PassPipeline passes, Interpreter interpreter, CodeCache cache,
            EngineStatistics statistics) {
        this.cpu = cpu;
        this.memory = memory;
        this.codePages = codePages;
        this.code = new GuestCode(cpu, mmu, memory);
        this.lifter = new X86Lifter(cpu.model().extensions(), memory.isShared());
        this.interpreter = interpreter;
        this.cache = cache;
        this.statistics = statistics;
        this.ramFrames = memory.ram().frames();
        this.passes = passes;
        this.mmu = mmu;
    }

    /** Linear address of a pc in a mode, zero-extended. */
    static long linear(long pc, long mode) {
        long l = X86Mode.csBase(mode) + pc;
        return X86Mode.is(mode, X86Mode.CODE64) ? l : l & 0xffffffffL;
    }

    /** Linear address of the page after that of an address. */
    static long nextPage(long linear, long mode) {
        long next = (linear | 0xfff) + 1;
        return X86Mode.is(mode, X86Mode.CODE64) ? next : next & 0xffffffffL;
    }

    /**
     * Translates the block at a pc of the current address space and enters it into the cache. Code outside RAM gives a translation that is not
     * cached and must be used once only.
     *
     * @throws org.gearshift.ir.GuestFault if the first instruction cannot be fetched
     */
    Translation translate(long pc, long mode, boolean single) {
        long start = System.nanoTime();
        long linear = linear(pc, mode);
        boolean shared = memory.isShared();
        int frame = shared ? mmu.execFrame(linear, cpu.user()) : Translation.NONE;
        boolean settled = !shared || watch(frame);
        int version = shared && inRam(frame) ? memory.codeVersion(frame) : 0;
        long settledBefore = memory.settled();
        code.fetchFrom(linear);
        Block block = lifter.lift(code, pc, mode, single ? 1 : MAX_INSNS);
        boolean crosses = (linear & 0xfff) + block.guestBytes() > 0x1000;
        int second = crosses ? code.secondFrame() : Translation.NONE;
        int handle = interpreter.prepare(passes.optimize(block));
        Translation t = new Translation(pc, single ? mode | SINGLE : mode, linear, code.firstFrame(), second,
                block.guestInsns(), block.guestBytes(), handle);
        t.checkedEpoch = mmu.mappingEpoch();
        t.cached = inRam(t.frame) && (!crosses || inRam(second)) && block.guestBytes() > 0 && settled
                && (!shared || frame == t.frame && (!crosses || codePages.isProtected(second) && memory.isSettled(second, settledBefore)));
        if (shared && crosses && !t.cached) {
            watch(second);
        }
        cache.setHandle(t);
        if (single) {
            interpreter.setThreshold(handle, Integer.MAX_VALUE);
        }
        if (t.cached) {
            cache.add(t);
            if (shared && (version < 0 || memory.codeVersion(frame) != version)) {
                cache.forget(t);
            }
        }
        statistics.blocks++;
        statistics.blockInsns += block.guestInsns();
        statistics.translateNanos += System.nanoTime() - start;
        return t;
    }

    /** Delivers the fault that {@link #translate} ended with. */
    void deliverFetchFault() {
        code.deliverFault();
    }

    /** The IR of a translation, not optimized. */
    Block lift(Translation t) {
        code.readFrom(t);
        return lifter.lift(code, t.pc, t.mode & ~SINGLE, t.guestInsns);
    }

    /** Has a frame's stores seen from now on, before its bytes are read. @return whether all are seen already */
    private boolean watch(int frame) {
        if (!inRam(frame)) {
            return true;
        }
        codePages.watch(frame);
        return memory.isSettled(frame, memory.settled());
    }

    private boolean inRam(int frame) {
        return frame >= 0 && frame < ramFrames;
    }
}
