package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.CR4;
import static org.gearshift.translator.x86.X86State.CS;
import static org.gearshift.translator.x86.X86State.DR;
import static org.gearshift.translator.x86.X86State.EFLAGS_SYS;
import static org.gearshift.translator.x86.X86State.INT_SHADOW;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.gearshift.translator.x86.X86State.SEG_BASE;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;

/** DR0..DR7, breakpoints, single-stepping and the debug exception: SDM vol. 3B chapter 17. */
final class DebugRegisters {
    private static final int DR6 = DR + 6;
    private static final int DR7 = DR + 7;
    private static final int DR6_ONES = 0xffff0ff0;
    private static final int DR6_WRITABLE = 0xe00f;
    private static final int BD = 1 << 13;
    private static final int BS = 1 << 14;
    private static final int BT = 1 << 15;
    private static final int GD = 1 << 13;
    private static final int DR7_ONE = 1 << 10;
    private static final int DR7_ZERO = 0xd800;
    private static final int ENABLES = 0xff;
    /** L0..L3 and LE, which a task switch clears. */
    private static final int LOCAL = 0x155;

    private static final int EXECUTE = 0;
    private static final int WRITE = 1;
    private static final int PORT = 2;
    /** Length by LEN field. */
    private static final int[] LENGTH = {1, 2, 8, 4};

    private final VCpu cpu;
    private final long[] s;
    /** DR6 bits of breakpoints hit by the instruction under way. */
    private int hits;
    /** Those of a load of SS, held back until the instruction after it is done. */
    private int held;
    /** DR6 bits of a trap that comes before the next instruction: of the task just entered, or of SYSCALL and SYSRET. */
    private int pending;
    /** TF when the instruction under way started. */
    private boolean stepping;

    DebugRegisters(VCpu cpu) {
        this.cpu = cpu;
        this.s = cpu.s;
    }

    void register(ServiceTable table) {
        table.put(X86Service.WRITE_DR, (number, value, c) -> write((int) number, value & cpu.addressMask()));
        table.put(X86Service.READ_DR, (number, b, c) -> read((int) number));
    }

    void reset() {
        s[DR6] = DR6_ONES & 0xffffffffL;
        s[DR7] = DR7_ONE;
        hits = 0;
        held = 0;
        pending = 0;
        stepping = false;
    }

    private int checkedNumber(int number) {
        cpu.requireCpl0();
        if ((number & 6) == 4 && (s[CR4] & ControlRegisters.CR4_DE) != 0) {
            cpu.raise(Vector.UD, -1);
        }
        if ((s[DR7] & GD) != 0) {
            s[DR6] |= BD;
            cpu.raise(Vector.DB, -1);
        }
        return (number & 6) == 4 ? number + 2 : number;
    }

    private long read(int number) {
        return s[DR + checkedNumber(number)];
    }

    private long write(int number, long value) {
        int n = checkedNumber(number);
        if (n >= 6 && value >>> 32 != 0) {
            cpu.raise(Vector.GP, 0);
        }
        s[DR + n] = switch (n) {
            case 6 -> (value & DR6_WRITABLE | DR6_ONES) & 0xffffffffL;
            case 7 -> value & ~(long) DR7_ZERO | DR7_ONE;
            default -> value;
        };
        cpu.refreshMode();
        return 0;
    }

    /** Whether each instruction must be run by itself between {@link #before} and {@link #after}. */
    boolean needsSingleStep() {
        return (s[EFLAGS_SYS] & Eflags.TF | s[DR7] & ENABLES | pending | held) != 0;
    }

    /** Whether data accesses must be looked at: the page maps are then empty. */
    boolean watchesData() {
        return (s[DR7] & ENABLES) != 0 && (any(WRITE) || any(3));
    }

    private boolean any(int kind) {
        for (int i = 0; i < 4; i++) {
            if (enabled(i) && kind(i) == kind) {
                return true;
            }
        }
        return false;
    }

    private boolean enabled(int i) {
        return (s[DR7] >>> 2 * i & 3) != 0;
    }

    private int kind(int i) {
        return (int) (s[DR7] >>> 16 + 4 * i) & 3;
    }

    /** Start of an instruction that is run by itself; false if a debug exception was delivered in its place. */
    boolean before() {
        hits = 0;
        if (pending != 0) {
            int bits = pending;
            pending = 0;
            deliver(bits, false);
            return false;
        }
        stepping = (s[EFLAGS_SYS] & Eflags.TF) != 0;
        if ((s[EFLAGS_SYS] & Eflags.RF) == 0 && (s[DR7] & ENABLES) != 0 && s[INT_SHADOW] != X86State.SHADOW_SS) {
            match((cpu.code64() ? 0 : s[SEG_BASE + CS]) + s[RIP] & cpu.addressMask(), 1, 1 << EXECUTE);
            if (hits != 0) {
                deliver(hits, true);
                return false;
            }
        }
        // It holds for one instruction; that one may set it anew (IRET, task switches, a repeated string instruction that is not done).
        s[EFLAGS_SYS] &= ~Eflags.RF;
        return true;
    }

    /** End of an instruction that raised no fault: delivers the traps it caused. */
    void after() {
        int bits = hits | held;
        hits = 0;
        held = 0;
        // Loading SS holds debug traps back so that the stack pointer can follow; a single-step trap is then lost (SDM vol. 3A section 6.8.3).
        if (s[INT_SHADOW] == X86State.SHADOW_SS) {
            held = bits;
            return;
        }
        if (stepping) {
            bits |= BS;
        }
        if (bits != 0) {
            deliver(bits, false);
        }
    }

    private void deliver(int bits, boolean fault) {
        hits = 0;
        s[DR6] |= bits;
        if (cpu.observer != null) {
            cpu.observer.delivering(CpuObserver.Delivery.EXCEPTION, Vector.DB, -1);
        }
        cpu.interrupts.deliver(Vector.DB, -1, true, fault);
    }

    /** The instruction under way ended in a fault, or is a software interrupt: no single-step trap follows it. */
    void suppressSingleStep() {
        stepping = false;
    }

    /**
     * SYSCALL and SYSRET of IA-32e mode trap by TF as they leave it, not as they found it: so a mask for SYSCALL spares the kernel the trap, and the trap of a
     * SYSCALL that is stepped comes behind SYSRET.
     */
    void stepByNewFlags() {
        stepping = false;
        pending = (s[EFLAGS_SYS] & Eflags.TF) != 0 ? BS : 0;
    }

    /** An exception is taken: breakpoint hits of the abandoned instruction are dropped; #DB clears GD. */
    void exceptionTaken(int vector) {
        hits = 0;
        stepping = false;
        if (vector == Vector.DB) {
            s[DR7] &= ~GD;
        }
    }

    /** After IRET or a task switch set RF: kept only where a breakpoint could fire, since nobody else would clear it. */
    void forgetResume() {
        if ((s[DR7] & ENABLES) == 0) {
            s[EFLAGS_SYS] &= ~Eflags.RF;
        }
    }

    void enterTask(boolean trap) {
        s[DR7] &= ~LOCAL;
        pending = trap ? BT : 0;
        forgetResume();
    }

    /** Notes the breakpoints a data access hits. */
    void dataAccess(long va, int bytes, boolean write) {
        if ((s[DR7] & ENABLES) != 0) {
            match(va, bytes, write ? 1 << WRITE | 1 << 3 : 1 << 3);
        }
    }

    /** Notes the breakpoints an I/O access hits. */
    void portAccess(int port, int bytes) {
        if ((s[DR7] & ENABLES) != 0 && (s[CR4] & ControlRegisters.CR4_DE) != 0) {
            match(port, bytes, 1 << PORT);
        }
    }

    /** Address zero-extended, or a port. */
    private void match(long first, int bytes, int kinds) {
        for (int i = 0; i < 4; i++) {
            if (enabled(i) && (kinds >>> kind(i) & 1) != 0) {
                int length = LENGTH[(int) (s[DR7] >>> 18 + 4 * i) & 3];
                long start = s[DR + i] & -(long) length;
                if (first - start < length && start - first < bytes) {
                    hits |= 1 << i;
                }
            }
        }
    }

    void save(DataOutput out) throws IOException {
        out.writeInt(hits);
        out.writeInt(held);
        out.writeInt(pending);
        out.writeBoolean(stepping);
    }

    void restore(DataInput in) throws IOException {
        hits = in.readInt();
        held = in.readInt();
        pending = in.readInt();
        stepping = in.readBoolean();
    }
}
