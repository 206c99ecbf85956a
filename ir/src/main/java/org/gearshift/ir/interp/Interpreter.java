package org.gearshift.ir.interp;

import org.gearshift.ir.Block;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.GuestFault;
import org.gearshift.ir.StateLayout;

/**
 * Executes IR blocks. {@link #prepare} lowers a block to micro-operations and gives a handle; {@link #run} executes from a handle through linked
 * successors until the chain stops for one of the {@code EXIT_} reasons.
 *
 * <p>Successors are chained in three ways: {@link #link} patches an exit of a block for good (the caller must make sure that the target stays what that
 * exit means: same page, same mode); {@link #cacheJump} enters a pc into a cache that indirect jumps and unlinked exits consult, cleared by
 * {@link #flushJumps} and separated by {@link #setJumpSalt} when mode or address space change; and the caller itself, which gets EXIT_UNLINKED or
 * EXIT_INDIRECT with the pc slot set.
 *
 * <p>Guest pcs of 32-bit code are zero-extended here, in terminators and marks as well as in the pc slot after an exit.
 *
 * <p>One thread at a time. {@link #prepare} must not be called from within {@link #run} (from a monitor service or slow path); {@link #free} may.
 */
public final class Interpreter {
    /** The rest of the budget is shorter than the next block; pc slot: that block. */
    public static final int EXIT_BUDGET = 0;
    /** No successor known; pc slot: where to go on. {@link #lastHandle()} and {@link #lastExit()} name the exit. */
    public static final int EXIT_UNLINKED = 1;
    /** An indirect jump missed the jump cache; pc slot: its target. */
    public static final int EXIT_INDIRECT = 2;
    /** Terminator EXIT or EXIT_TO_STATE; the pc slot is set. Mode, mapping or interrupt state may have changed. */
    public static final int EXIT = 3;
    /** The next block, {@link #lastHandle()}, has used up its executions; it has not been executed. pc slot: that block. */
    public static final int EXIT_HOT = 4;
    /** A guest fault, described by {@link GuestContext#fault}. pc slot: the faulting instruction. The budget counts the instructions before it. */
    public static final int EXIT_FAULT = 5;

    /** Within the interpreter: the next block belongs to the other loop. */
    static final int OTHER_LOOP = 6;

    private static final int COMPACT_ABOVE = 1 << 20;

    private final int pcSlot;
    private final MicroCode micro;
    private final JumpCache jumps = new JumpCache();
    private final RareOps rare;
    private final MicroLoop loop;
    private final WideLoop wideLoop;
    private final ConstantPool constants;
    private final Lowering lowering;
    private final Lowering wideLowering;
    /** Where the loop that ran last stopped: its {@code stopOffset}. */
    private int stopOffset;
    private int defaultThreshold = Integer.MAX_VALUE;
    private int lastHandle = -1;
    private int lastExit = -1;
    private long instructions;

    /**
     * @param layout slots of the guest
     * @param resSlot slot for flag results: an arithmetic operation, a PUT of its result here and a PUT of its carry vector to {@code auxSlot} become one
     *     micro-operation; -1 if the guest has no such pair
     * @param auxSlot slot for carry vectors, or -1
     */
    public Interpreter(StateLayout layout, int resSlot, int auxSlot) {
        this(layout, resSlot, auxSlot, COMPACT_ABOVE, false);
    }

    /** The same; {@code ordered} says that other threads work on the same memory: then all accesses keep their order, but for loads before earlier stores. */
    public Interpreter(StateLayout layout, int resSlot, int auxSlot, boolean ordered) {
        this(layout, resSlot, auxSlot, COMPACT_ABOVE, ordered);
    }

    Interpreter(StateLayout layout, int resSlot, int auxSlot, int compactAbove) {
        this(layout, resSlot, auxSlot, compactAbove, false);
    }

    private Interpreter(StateLayout layout, int resSlot, int auxSlot, int compactAbove, boolean ordered) {
        pcSlot = layout.pcSlot();
        micro = new MicroCode(compactAbove);
        rare = new RareOps(pcSlot, ordered);
        loop = new MicroLoop(micro, rare, jumps, Math.max(resSlot, 0), Math.max(auxSlot, 0), pcSlot);
        wideLoop = new WideLoop(micro, rare, jumps, Math.max(resSlot, 0), Math.max(auxSlot, 0), pcSlot);
        constants = new ConstantPool(layout.slotCount());
        lowering = new Lowering(layout, constants, rare, resSlot, new BlockAnalysis(resSlot, auxSlot, false));
        wideLowering = new WideLowering(layout, constants, rare, resSlot, auxSlot);
    }

    /** Executions after which blocks prepared from now on are reported as EXIT_HOT; {@code Integer.MAX_VALUE} at first. */
    public void setDefaultThreshold(int executions) {
        defaultThreshold = executions;
    }

    /** Lowers a block, best one optimized by {@link org.gearshift.ir.pass.PassPipeline#optimize(Block)}. The block is not kept. */
    public int prepare(Block b) {
        return prepare(b, false);
    }

    /**
     * The same. Any block may be prepared either way; it runs faster as {@code wide} if it addresses memory with 64 bits and keeps 32-bit results
     * zero-extended, and otherwise if not. Chains between the two kinds cost more.
     */
    public int prepare(Block b, boolean wide) {
        if (micro.wantsCompaction()) {
            micro.compact();
            jumps.flush();
        }
        int handle = micro.newHandle();
        Lowering l = wide ? wideLowering : lowering;
        BlockRecord r = l.lower(b, handle, defaultThreshold);
        micro.append(r, l.code(), l.length());
        return handle;
    }

    /**
     * Executes from a block on.
     *
     * @return the {@code EXIT_} reason
     */
    public int run(GuestContext ctx, int handle) {
        constants.load(ctx.s);
        int start = micro.record(handle).start;
        int budget = ctx.budget;
        rare.budgetMoved = 0;
        int exit;
        try {
            exit = chain(ctx, start);
            finish(ctx, exit);
        } catch (GuestFault f) {
            if (f != ctx.fault) {
                throw f;
            }
            exit = EXIT_FAULT;
            fault(ctx);
        }
        instructions += budget - (ctx.budget - rare.budgetMoved);
        return exit;
    }

    private int chain(GuestContext ctx, int start) {
        stopOffset = start;
        while (true) {
            int exit;
            if ((micro.words[stopOffset] & 0xff) == WideOp.WBLOCK) {
                exit = wideLoop.run(ctx, stopOffset);
                stopOffset = wideLoop.stopOffset;
            } else {
                exit = loop.run(ctx, stopOffset);
                stopOffset = loop.stopOffset;
            }
            if (exit != OTHER_LOOP) {
                return exit;
            }
        }
    }

    private void finish(GuestContext ctx, int exit) {
        int at = stopOffset;
        switch (exit) {
            case EXIT_UNLINKED:
                if (at < 0) {
                    lastHandle = -1;
                    lastExit = -1;
                } else {
                    BlockRecord r = micro.recordAt(at);
                    lastHandle = r.live ? r.handle : -1;
                    lastExit = r.exits[0] == at - r.start ? 0 : 1;
                }
                break;
            case EXIT_HOT, EXIT_BUDGET:
                // Where a block begins: its third word is its handle.
                lastHandle = micro.words[at + 2];
                lastExit = -1;
                ctx.s[pcSlot] = micro.record(lastHandle).pc;
                break;
            default:
                lastExit = -1;
                break;
        }
    }

    private void fault(GuestContext ctx) {
        BlockRecord r = micro.recordAt(rare.callOffset);
        int k = r.insnAt(rare.callOffset);
        ctx.budget += r.guestInsns - k;
        ctx.s[pcSlot] = r.insnPcs.length == 0 ? r.pc : r.insnPcs[k];
        lastHandle = r.live ? r.handle : -1;
        lastExit = -1;
    }

    /** Block named by the last {@link #run}'s result, or -1: for EXIT_UNLINKED the one that was left, for EXIT_HOT and EXIT_BUDGET the one not entered. */
    public int lastHandle() {
        return lastHandle;
    }

    /** For EXIT_UNLINKED the number of the exit: 0 GOTO or taken branch, 1 branch not taken. */
    public int lastExit() {
        return lastExit;
    }

    /** Makes an exit of a block continue at another block without coming back here. */
    public void link(int handle, int exit, int target) {
        BlockRecord from = micro.record(handle);
        micro.words[from.start + from.exits[exit]] = micro.record(target).start;
    }

    /** Makes all exits of a block come back again. */
    public void unlink(int handle) {
        BlockRecord r = micro.record(handle);
        for (int e : r.exits) {
            if (e >= 0) {
                micro.words[r.start + e] = -1;
            }
        }
    }

    /** Forgets a block: whoever is linked to it, or has it in the jump cache, comes back with EXIT_UNLINKED. If it is running it finishes. */
    public void free(int handle) {
        micro.free(handle);
    }

    /** Enters the block of a pc into the jump cache. @param stays whether it is there in every address space */
    public void cacheJump(long pc, int handle, boolean stays) {
        jumps.put(pc, micro.record(handle).start, stays);
    }

    /** Empties the jump cache: mappings of code pages changed. */
    public void flushJumps() {
        jumps.flush();
    }

    /** Takes out of the jump cache what is not in every address space. */
    public void flushJumpsOfSpace() {
        jumps.flushPassing();
    }

    /**
     * Tells modes and address spaces apart in the jump cache: entries are found only under the salt they were entered with. For 32-bit guests
     * use bits 32 and up.
     */
    public void setJumpSalt(long salt) {
        jumps.setSalt(salt);
    }

    /** Executions of a block since its threshold was last set. */
    public int executions(int handle) {
        BlockRecord r = micro.record(handle);
        return r.threshold - micro.words[r.start + 1];
    }

    /** Lets a block run {@code executions} more times before EXIT_HOT, counted from now. */
    public void setThreshold(int handle, int executions) {
        BlockRecord r = micro.record(handle);
        r.threshold = executions;
        micro.words[r.start + 1] = executions;
    }

    /** Guest instructions retired in {@link #run} so far. */
    public long instructions() {
        return instructions;
    }

    /** Words of micro-operations held, dead ones included. */
    public int codeWords() {
        return micro.usedWords();
    }

    public int liveBlocks() {
        return micro.liveBlocks();
    }

    /** The micro-operations of a block as text, one a line. */
    public String dump(int handle) {
        BlockRecord r = micro.record(handle);
        return MicroDump.text(micro.words, r.start, r.start + r.length);
    }
}
