package org.gearshift.vmm.engine;

import org.gearshift.paging.PhysicalMemory;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.lift.CodeSource;
import org.gearshift.vmm.cpu.VCpu;

/**
 * Code bytes for the lifter. Either fetched through the current address space, raising page faults as instruction fetches do, or
 * read from two known frames, for code that was translated before.
 */
final class GuestCode implements CodeSource {
    private final VCpu cpu;
    private final ShadowMmu mmu;
    private final PhysicalMemory memory;
    private static final int GENERAL_PROTECTION = 13;
    private static final int PAGE_FAULT = 14;

    private boolean fixed;
    private long faultAddress;
    private int faultCode;
    private long page;
    private long frameAddress;
    private long firstFrame;
    private long firstPage;
    private long secondFrame;

    GuestCode(VCpu cpu, ShadowMmu mmu, PhysicalMemory memory) {
        this.cpu = cpu;
        this.mmu = mmu;
        this.memory = memory;
    }

    /** Starts fetching through the current address space at a linear address. */
    void fetchFrom(long linear) {
        fixed = false;
        page = -1;
        firstPage = linear >>> 12;
        firstFrame = Translation.NONE;
        secondFrame = Translation.NONE;
    }

    /** Starts reading the bytes a translation was made from. */
    void readFrom(Translation t) {
        fixed = true;
        page = -1;
        firstPage = t.linear >>> 12;
        firstFrame = t.frame;
        secondFrame = t.secondFrame;
    }

    /** Frame of the first page touched since {@link #fetchFrom}. */
    int firstFrame() {
        return (int) firstFrame;
    }

    /** Frame of the page after it. */
    int secondFrame() {
        return (int) secondFrame;
    }

    /** Delivers the fault that a fetch was abandoned with. */
    void deliverFault() {
        if (ShadowMmu.canonical(faultAddress)) {
            cpu.deliverFetchFault(faultAddress, faultCode);
        } else {
            cpu.deliverFetchLimitFault();
        }
    }

    @Override
    public int fetch(long linear) {
        if (linear >>> 12 != page) {
            turnTo(linear);
        }
        return (int) memory.read(frameAddress + (linear & 0xfff), 8) & 0xff;
    }

    private void turnTo(long linear) {
        long p = linear >>> 12;
        if (!fixed) {
            if (!ShadowMmu.canonical(linear)) {
                faultAddress = linear;
                throw cpu.raise(GENERAL_PROTECTION, 0);
            }
            long physical = mmu.translate(linear, ShadowMmu.EXECUTE, cpu.user());
            if (physical < 0) {
                faultAddress = linear;
                faultCode = mmu.faultErrorCode();
                throw cpu.raise(PAGE_FAULT, faultCode);
            }
            if (p == firstPage) {
                firstFrame = physical >>> 12;
            } else {
                secondFrame = physical >>> 12;
            }
        }
        frameAddress = (p == firstPage ? firstFrame : secondFrame) << 12;
        page = p;
    }
}
