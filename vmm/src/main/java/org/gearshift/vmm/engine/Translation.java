package org.gearshift.vmm.engine;

import java.util.ArrayList;
import java.util.List;
import org.gearshift.backend.jvm.CompiledRegion;
import org.gearshift.translator.x86.lift.X87Knowledge;

/**
 * One basic block of guest code in the cache: for a pc, a processor mode and the physical page or pages its bytes were read from.
 * Valid in any address space that maps those pages at that pc.
 */
final class Translation {
    /** No second page; no interpreter code. */
    static final int NONE = -1;

    final long pc;
    final long mode;
    /** Linear address of the first byte, zero-extended. */
    final long linear;
    /** Frame of the first byte, and of the last if that is another page, else {@link #NONE}. */
    final int frame;
    final int secondFrame;
    final int guestInsns;
    final int guestBytes;
    /** Interpreter handle, or {@link #NONE} when freed. */
    int handle;
    /** The region that executes this block when it is an entry of one, and its entry number there. */
    CompiledRegion code;
    RegionRecord region;
    int entry;
    /** The way in for those who come from other regions; null or closed until somebody has come. */
    private Gate gate;
    /** Regions this block is part of, as entry or not. */
    final List<RegionRecord> memberOf = new ArrayList<>(1);
    /** How often promotion was tried and given up: the next attempt waits longer. */
    int failedPromotions;
    boolean valid = true;
    /** False for code outside RAM: used once and thrown away, since nothing tells when such code changes. */
    boolean cached = true;
    /** A debugger has a breakpoint on the first instruction: never cached, so that the loop sees it each time. */
    boolean breakpoint;
    /** {@code ShadowMmu.mappingEpoch()}, or {@code globalEpoch()} where that says enough, at which the mapping of the page or pages was last found right. */
    int checkedEpoch;
    /** Pc of the block's first x87 instruction, or -1. */
    long firstX87 = -1;
    /** State of the x87 register stack that has been seen there, as {@link X87Knowledge} has it. */
    int x87State = X87Knowledge.UNKNOWN;
    /** {@link TranslationCache#key}, if an earlier run has compiled a region with this entry; else 0. */
    long known;
    /** Chain in the cache's hash table. */
    Translation next;

    Translation(long pc, long mode, long linear, int frame, int secondFrame, int guestInsns, int guestBytes, int handle) {
        this.pc = pc;
        this.mode = mode;
        this.linear = linear;
        this.frame = frame;
        this.secondFrame = secondFrame;
        this.guestInsns = guestInsns;
        this.guestBytes = guestBytes;
        this.handle = handle;
    }

    /** The gate to this block's code, which there is, for the mapping as it was checked last. */
    Gate openGate(Crossings crossings) {
        if (gate == null || gate.closed()) {
            gate = new Gate(this, crossings);
        }
        gate.epoch = checkedEpoch;
        return gate;
    }

    /** What the gate leads to has changed, or is gone. */
    void closeGate() {
        if (gate != null && !gate.closed()) {
            gate.close();
        }
    }

    /** Linear address of the page after that of the first byte. */
    long nextPage() {
        return BlockTranslator.nextPage(linear, mode);
    }

    /** Physical address of the first byte. */
    long physical() {
        return ((long) frame << 12) + (linear & 0xfff);
    }

    /** True if any of {@code bytes} bytes at {@code address} belong to this block. */
    boolean overlaps(long address, int bytes) {
        int inFirst = (int) Math.min(guestBytes, 0x1000 - (linear & 0xfff));
        long first = physical();
        if (address < first + inFirst && address + bytes > first) {
            return true;
        }
        long second = (long) secondFrame << 12;
        return secondFrame != NONE && address < second + (guestBytes - inFirst) && address + bytes > second;
    }
}
