package org.gearshift.vmm.debug;

import org.gearshift.paging.PhysicalMemory;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.cpu.VCpu;
import org.gearshift.vmm.engine.Engine;

/** A processor as debuggers see it: state and memory. To be used while it stands, or by conditions on its own thread. */
public final class DebuggedCpu {
    private static final int PAGE = 0x1000;

    private final int number;
    private final VCpu cpu;
    private final ShadowMmu mmu;
    private final PhysicalMemory memory;
    private final Engine engine;
    private final Registers registers;
    /** What it does when the machine is resumed; guarded by the {@link Debugger}. */
    volatile Debugger.Action action = Debugger.Action.CONTINUE;
    /** Why it stopped, where that has not been reported. */
    Stop unreported;
    /** Breakpoints here are not for the instruction it stands at, while so many have been retired. */
    long resumedAt;
    long resumedRetired = -1;
    /** A step has been interrupted: where it goes on, and the stack pointer there. */
    long interruptedAt;
    long interruptedStack;
    boolean interrupted;
    private Runnable onChange = () -> { };

    /** @param number 0.. */
    public DebuggedCpu(int number, VCpu cpu, ShadowMmu mmu, PhysicalMemory memory, Engine engine) {
        this.number = number;
        this.cpu = cpu;
        this.mmu = mmu;
        this.memory = memory;
        this.engine = engine;
        this.registers = new Registers(cpu, () -> onChange.run());
    }

    /** What to call when somebody changes registers or memory. */
    void onChange(Runnable action) {
        onChange = action;
    }

    public int number() {
        return number;
    }

    public VCpu cpu() {
        return cpu;
    }

    public ShadowMmu mmu() {
        return mmu;
    }

    public Engine engine() {
        return engine;
    }

    public PhysicalMemory memory() {
        return memory;
    }

    /** Its registers by name. */
    public Registers registers() {
        return registers;
    }

    /** Whether it executes 64-bit code. */
    public boolean isCode64() {
        return X86Mode.is(cpu.mode(), X86Mode.CODE64);
    }

    /** What its mode is called. */
    public String modeName() {
        return CpuTraps.name(cpu.mode());
    }

    /** Linear address of the next instruction. */
    public long pc() {
        long linear = X86Mode.csBase(cpu.mode()) + cpu.s[X86State.RIP];
        return isCode64() ? linear : linear & 0xffffffffL;
    }

    /** Where a linear address leads to, whatever the rights of its page, or -1. Nothing notices: no accessed bit is set, no shadow is filled. */
    public long physical(long linear) {
        if (!ShadowMmu.canonical(linear)) {
            return -1;
        }
        long p = mmu.probe(linear, ShadowMmu.READ, false);
        return p >= 0 ? p : mmu.probe(linear, ShadowMmu.READ, true);
    }

    /**
     * Reads memory by linear address.
     *
     * @return how many bytes could be read, from the first on: what is not mapped, or no RAM, ends it
     */
    public int read(long linear, byte[] to, int offset, int length) {
        int done = 0;
        while (done < length) {
            long physical = physical(linear + done);
            int n = Math.min(length - done, PAGE - ((int) (linear + done) & PAGE - 1));
            if (physical < 0 || readPhysical(physical, to, offset + done, n) < n) {
                break;
            }
            done += n;
        }
        return done;
    }

    /** The same by physical address. Device registers are not read, since that can change devices. */
    public int readPhysical(long physical, byte[] to, int offset, int length) {
        int done = 0;
        while (done < length && memory.isRam(physical + done)) {
            int n = Math.min(length - done, PAGE - ((int) (physical + done) & PAGE - 1));
            n = memory.isRam(physical + done + n - 1) ? n : 1;
            memory.copyOut(physical + done, to, offset + done, n);
            done += n;
        }
        return done;
    }

    /** An integer of 1, 2, 4 or 8 bytes, zero-extended; null if it cannot be read. */
    public Long read(long linear, int bytes) {
        byte[] b = new byte[bytes];
        return read(linear, b, 0, bytes) == bytes ? integer(b) : null;
    }

    private static long integer(byte[] b) {
        long v = 0;
        for (int i = b.length - 1; i >= 0; i--) {
            v = v << 8 | b[i] & 0xff;
        }
        return v;
    }

    /**
     * Writes memory by linear address, read-only pages as well. Translated code follows.
     *
     * @return how many bytes were written, from the first on
     */
    public int write(long linear, byte[] from, int offset, int length) {
        int done = 0;
        while (done < length) {
            long physical = physical(linear + done);
            int n = Math.min(length - done, PAGE - ((int) (linear + done) & PAGE - 1));
            if (physical < 0 || writePhysical(physical, from, offset + done, n) < n) {
                break;
            }
            done += n;
        }
        return done;
    }

    /** The same by physical address. */
    public int writePhysical(long physical, byte[] from, int offset, int length) {
        onChange.run();
        int done = 0;
        while (done < length && memory.isWritableRam(physical + done)) {
            memory.copyIn(physical + done, from, offset + done, 1);
            done++;
        }
        return done;
    }
}
