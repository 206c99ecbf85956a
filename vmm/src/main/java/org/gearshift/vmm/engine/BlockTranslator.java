package org.gearshift.vmm.engine;

import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.interp.Interpreter;
import org.gearshift.ir.pass.PassPipeline;
import org.gearshift.paging.CodePages;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.lift.X86Lifter;
import org.gearshift.translator.x86.lift.X87Knowledge;
import org.gearshift.vmm.cpu.VCpu;

/** Turns guest code at a pc into a {@link Translation} the interpreter can run, or back into IR for the compiler. */
final class BlockTranslator {
    /** Most guest instructions in a block. */
    static final int MAX_INSNS = 32;
    /** Looks at whether others have come to a safe point before this processor rests in between. */
    private static final int SPINS = 300;
    /** Marks the mode of single-instruction translations in the cache; no mode bit of the architecture. */
    static final long SINGLE = 1L << 31;

    private final VCpu cpu;
    private final PhysicalMemory memory;
    private final EventTimer timer;
    private final CodePages codePages;
    private final GuestCode code;
    private final X86Lifter lifter;
    private final Interpreter interpreter;
    private final CodeCache cache;
    private final EngineStatistics statistics;
    private final long ramFrames;
    private final PassPipeline passes;
    private final ShadowMmu mmu;
    /** Null without a debugger. */
    private Breakpoints breakpoints;

    BlockTranslator(VCpu cpu, ShadowMmu mmu, PhysicalMemory memory, CodePages codePages, EventTimer timer, PassPipeline passes, Interpreter interpreter,
            CodeCache cache, EngineStatistics statistics, Recipe recipe) {
        this.cpu = cpu;
        this.memory = memory;
        this.timer = timer;
        this.codePages = codePages;
        this.code = new GuestCode(cpu, mmu, memory);
        this.lifter = new X86Lifter(recipe.lifters().get(), cpu.model().extensions(), memory.isShared());
        this.interpreter = interpreter;
        this.cache = cache;
        this.statistics = statistics;
        this.ramFrames = memory.ram().frames();
        this.passes = passes;
        this.mmu = mmu;
    }

    /** From now on blocks end before breakpoints; what was translated earlier is for the caller to drop. @param where null: none */
    void setBreakpoints(Breakpoints where) {
        breakpoints = where;
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
        int version = 0;
        Block block;
        boolean crosses;
        int second;
        boolean settled;
        do {
            if (shared) {
                version = settle(linear);
            }
            long before = memory.settled();
            code.fetchFrom(linear);
            block = lifter.lift(code, pc, mode, single ? 1 : MAX_INSNS);
            if (breakpoints != null && !single) {
                int free = insnsBeforeBreakpoint(block, mode);
                block = free < block.guestInsns() ? lifter.lift(code, pc, mode, free) : block;
            }
            crosses = (linear & 0xfff) + block.guestBytes() > 0x1000;
            second = crosses ? code.secondFrame() : Translation.NONE;
            settled = !shared || !crosses || !inRam(second) || codePages.isProtected(second) && memory.isSettled(second, before);
            if (!settled) {
                codePages.watch(second);
                for (int spins = 0; !memory.isSettled(second, memory.settled()); spins++) {
                    pause(spins);
                }
            }
        } while (!settled);
        int handle = interpreter.prepare(passes.optimize(block), X86Mode.is(mode, X86Mode.CODE64));
        Translation t = new Translation(pc, single ? mode | SINGLE : mode, linear, code.firstFrame(), second,
                block.guestInsns(), block.guestBytes(), handle);
        t.checkedEpoch = mmu.mappingEpoch();
        t.firstX87 = lifter.firstX87();
        t.breakpoint = breakpoints != null && !single && breakpoints.at(linear, t.physical());
        t.cached = inRam(t.frame) && (!crosses || inRam(second)) && block.guestBytes() > 0 && !t.breakpoint;
        cache.setHandle(t);
        if (single) {
            interpreter.setThreshold(handle, Integer.MAX_VALUE);
        }
        if (t.cached) {
            cache.add(t);
            if (shared && memory.codeVersion(t.frame) != version) {
                cache.forget(t);
            }
        }
        if (statistics.listener != null) {
            statistics.listener.translated(linear, block.guestInsns(), block.guestBytes());
        }
        statistics.blocks++;
        statistics.blockInsns += block.guestInsns();
        statistics.translateNanos += System.nanoTime() - start;
        return t;
    }

    /** Instructions from the block's first up to the next one with a breakpoint. */
    private int insnsBeforeBreakpoint(Block block, long mode) {
        int insns = 0;
        for (Insn i : block.insns()) {
            if (i.op() == Op.MARK) {
                long linear = linear(i.imm(), mode);
                if (insns > 0 && breakpoints.at(linear, (long) code.firstFrame() << 12 | linear & 0xfff)) {
                    return insns;
                }
                insns++;
            }
        }
        return insns;
    }

    /**
     * Before code is read that others may be changing: has every store to its frame seen from now on. Waits until that is so, which is when all other vCPUs have been at a safe
     * point, and nobody is storing to code.
     *
     * @return {@link PhysicalMemory#codeVersion} of the frame
     */
    private int settle(long linear) {
        for (int spins = 0; ; spins++) {
            int frame = ShadowMmu.canonical(linear) ? mmu.execFrame(linear, cpu.user()) : Translation.NONE;
            if (!inRam(frame)) {
                return 0;
            }
            codePages.watch(frame);
            int version = memory.codeVersion(frame);
            if (version >= 0 && memory.isSettled(frame, memory.settled())) {
                return version;
            }
            pause(spins);
        }
    }

    /** Others wait in the same way: this processor must not keep them waiting for it. */
    private void pause(int spins) {
        if (spins < SPINS) {
            Thread.onSpinWait();
        } else {
            timer.breathe();
        }
    }

    /** Delivers the fault that {@link #translate} ended with. */
    void deliverFetchFault() {
        code.deliverFault();
    }

    /** The IR of a translation, not optimized. */
    Block lift(Translation t) {
        return lift(t, X87Knowledge.UNKNOWN);
    }

    /** The same for one state of the x87 register stack at its start; the code leaves where there is another. */
    Block lift(Translation t, int x87State) {
        code.readFrom(t);
        return lifter.lift(code, t.pc, t.mode & ~SINGLE, t.guestInsns, x87State);
    }

    /** State of the x87 register stack after the block lifted last. */
    int x87After() {
        return lifter.x87After();
    }

    private boolean inRam(int frame) {
        return frame >= 0 && frame < ramFrames;
    }
}
