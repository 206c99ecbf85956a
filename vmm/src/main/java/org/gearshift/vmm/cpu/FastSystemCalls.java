package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.CPL;
import static org.gearshift.translator.x86.X86State.CS;
import static org.gearshift.translator.x86.X86State.EFLAGS_SYS;
import static org.gearshift.translator.x86.X86State.RCX;
import static org.gearshift.translator.x86.X86State.RDX;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.gearshift.translator.x86.X86State.RSP;
import static org.gearshift.translator.x86.X86State.SS;

import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;

/** SYSENTER, SYSEXIT, SYSCALL and SYSRET: SDM vol. 2, and for what AMD processors do outside 64-bit mode, APM vol. 3. */
final class FastSystemCalls {
    private static final int R11 = X86State.GPR + 11;
    private static final long LOW_32 = 0xffffffffL;
    private static final long FLAT_LIMIT = 0xffffffffL;
    private static final int FLAT_CODE = 0xc09b;
    private static final int FLAT_CODE64 = 0xa09b;
    private static final int FLAT_DATA = 0xc093;
    private static final int DPL3 = 3 << 5;
    /** What SYSRET takes from R11: all flags but RF and VM. */
    private static final int RETURNED = Eflags.ALL & ~(Eflags.RF | Eflags.VM);

    private final VCpu cpu;
    private final long[] s;

    FastSystemCalls(VCpu cpu) {
        this.cpu = cpu;
        this.s = cpu.s;
    }

    void register(ServiceTable t) {
        t.put(X86Service.SYSENTER, (next, b, c) -> sysenter());
        t.put(X86Service.SYSEXIT, (bits, b, c) -> sysexit((int) bits));
        t.put(X86Service.SYSCALL, (next, b, c) -> syscall(next & cpu.addressMask()));
        t.put(X86Service.SYSRET, (bits, b, c) -> sysret((int) bits));
    }

    private int sysenterSelector() {
        // AMD processors have the pair in legacy mode only.
        if (!cpu.model.has(CpuFeature.SEP) || cpu.longMode() && cpu.model.isAmd()) {
            cpu.raise(Vector.UD, -1);
        }
        return (int) s[X86State.SYSENTER_CS] & 0xfffc;
    }

    private long sysenter() {
        int selector = sysenterSelector();
        if (!cpu.protectedMode() || selector == 0) {
            cpu.raise(Vector.GP, 0);
        }
        boolean wide = cpu.longMode();
        s[EFLAGS_SYS] &= ~(Eflags.VM | Eflags.IF | Eflags.RF);
        flat(CS, selector, wide ? FLAT_CODE64 : FLAT_CODE);
        flat(SS, selector + 8, FLAT_DATA);
        s[CPL] = 0;
        s[RSP] = wide ? s[X86State.SYSENTER_ESP] : (int) s[X86State.SYSENTER_ESP];
        s[RIP] = wide ? s[X86State.SYSENTER_EIP] : s[X86State.SYSENTER_EIP] & LOW_32;
        cpu.refreshMode();
        return 0;
    }

    private long sysexit(int bits) {
        int selector = sysenterSelector();
        if (!cpu.protectedMode() || s[CPL] != 0 || selector == 0) {
            cpu.raise(Vector.GP, 0);
        }
        boolean wide = bits == 64;
        long pointer = s[RCX];
        long target = s[RDX];
        if (wide) {
            cpu.requireCanonical(pointer);
            cpu.requireCanonical(target);
        }
        flat(CS, selector + (wide ? 32 : 16) | 3, (wide ? FLAT_CODE64 : FLAT_CODE) | DPL3);
        flat(SS, selector + (wide ? 40 : 24) | 3, FLAT_DATA | DPL3);
        s[CPL] = 3;
        s[RSP] = wide ? pointer : (int) pointer;
        s[RIP] = wide ? target : target & LOW_32;
        cpu.refreshMode();
        return 0;
    }

    /** #UD unless SYSCALL and SYSRET are enabled here: Intel processors have them in 64-bit mode only. */
    private void requireSyscall() {
        boolean enabled = (s[X86State.EFER] & ControlRegisters.EFER_SCE) != 0 && cpu.model.has(CpuFeature.SYSCALL);
        if (!enabled || !cpu.segmented() || !cpu.code64() && !cpu.model.isAmd()) {
            cpu.raise(Vector.UD, -1);
        }
    }

    private long syscall(long next) {
        requireSyscall();
        boolean wide = cpu.longMode();
        boolean from64 = cpu.code64();
        int selector = (int) (s[X86State.STAR] >>> 32) & 0xfffc;
        int flags = Eflags.get(s);
        flat(CS, selector, wide ? FLAT_CODE64 : FLAT_CODE);
        flat(SS, selector + 8, FLAT_DATA);
        s[CPL] = 0;
        if (wide) {
            s[RCX] = next;
            s[R11] = flags & LOW_32;
            s[RIP] = s[from64 ? X86State.LSTAR : X86State.CSTAR];
            Eflags.set(s, flags & ~(int) s[X86State.FMASK] & ~Eflags.RF, Eflags.ALL);
            cpu.debug.stepByNewFlags();
        } else {
            s[RCX] = (int) next;
            s[RIP] = s[X86State.STAR] & LOW_32;
            s[EFLAGS_SYS] &= ~(Eflags.VM | Eflags.IF | Eflags.RF);
        }
        cpu.refreshMode();
        return 0;
    }

    private long sysret(int bits) {
        requireSyscall();
        if (s[CPL] != 0) {
            cpu.raise(Vector.GP, 0);
        }
        boolean wide = cpu.longMode();
        boolean to64 = bits == 64;
        long target = s[RCX];
        if (to64) {
            cpu.requireCanonical(target);
        }
        int selector = (int) (s[X86State.STAR] >>> 48);
        int flags = (int) s[R11];
        flat(CS, selector + (to64 ? 16 : 0) | 3, (to64 ? FLAT_CODE64 : FLAT_CODE) | DPL3);
        flat(SS, selector + 8 | 3, FLAT_DATA | DPL3);
        s[CPL] = 3;
        s[RIP] = to64 ? target : target & LOW_32;
        if (wide) {
            Eflags.set(s, flags & RETURNED, Eflags.ALL);
            cpu.debug.forgetResume();
            cpu.debug.stepByNewFlags();
        } else {
            s[EFLAGS_SYS] |= Eflags.IF;
        }
        cpu.refreshMode();
        return 0;
    }

    private void flat(int seg, int selector, int attr) {
        cpu.segments.set(seg, selector & 0xffff, 0, FLAT_LIMIT, attr);
    }
}
