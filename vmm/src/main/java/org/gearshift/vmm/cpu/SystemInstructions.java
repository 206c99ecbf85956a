package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.CPL;
import static org.gearshift.translator.x86.X86State.CS;
import static org.gearshift.translator.x86.X86State.EFLAGS_SYS;
import static org.gearshift.translator.x86.X86State.INT_SHADOW;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.gearshift.translator.x86.X86State.SEG_BASE;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashSet;
import java.util.Set;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Mnemonic;

/** The remaining system instructions: flags, descriptor-table registers, caches, waiting. SDM vol. 2. */
final class SystemInstructions {
    /** Types of INVPCID. */
    private static final long INVPCID_ADDRESS = 0;
    private static final long INVPCID_CONTEXT = 1;
    private static final long INVPCID_ALL = 2;
    private static final long INVPCID_ALL_BUT_GLOBAL = 3;
    private static final int PCID_BITS = 12;
    private static final Logger LOG = System.getLogger(SystemInstructions.class.getName());
    private static final Mnemonic[] MNEMONICS = Mnemonic.values();
    private static final int LONGEST_INSTRUCTION = 15;

    private final VCpu cpu;
    private final long[] s;
    private final NumericErrorLine numericError;
    private final Set<Integer> logged = new HashSet<>();

    SystemInstructions(VCpu cpu, NumericErrorLine numericError) {
        this.cpu = cpu;
        this.s = cpu.s;
        this.numericError = numericError;
    }

    void register(ServiceTable t) {
        t.put(X86Service.UNIMPLEMENTED, (mnemonic, b, c) -> unimplemented((int) mnemonic));
        t.put(X86Service.HLT, (next, b, c) -> halt(next));
        t.put(X86Service.LGDT, (base, limit, c) -> loadTable(X86State.GDTR_BASE, X86State.GDTR_LIMIT, base, limit));
        t.put(X86Service.LIDT, (base, limit, c) -> loadTable(X86State.IDTR_BASE, X86State.IDTR_LIMIT, base, limit));
        t.put(X86Service.REQUIRE_CPL0, (a, b, c) -> {
            cpu.requireCpl0();
            return 0;
        });
        t.put(X86Service.REQUIRE_NO_UMIP, (a, b, c) -> {
            if ((s[X86State.CR4] & ControlRegisters.CR4_UMIP) != 0) {
                cpu.requireCpl0();
            }
            return 0;
        });
        t.put(X86Service.INVLPG, (address, b, c) -> {
            cpu.requireCpl0();
            cpu.mmu.invlpg(address & cpu.addressMask());
            cpu.refreshMode();
            return 0;
        });
        t.put(X86Service.INVPCID, this::invpcid);
        t.put(X86Service.CACHE_CONTROL, (kind, b, c) -> {
            // Memory is coherent; there is nothing to write back.
            cpu.requireCpl0();
            return 0;
        });
        t.put(X86Service.CLI_STI, (enable, b, c) -> setInterruptFlag(enable != 0));
        t.put(X86Service.CLAC_STAC, (set, b, c) -> setAccessControl(set != 0));
        t.put(X86Service.PUSHF_V86, (bits, b, c) -> pushf());
        t.put(X86Service.POPF, (value, bits, c) -> popf((int) value, (int) bits));
        t.put(X86Service.PAUSE, (next, b, c) -> {
            cpu.exit = CpuExit.PAUSE;
            return 0;
        });
        t.put(X86Service.X87_ERROR, (vector, b, c) -> numericError((int) vector));
        t.put(X86Service.X87_ERROR_GONE, (a, b, c) -> {
            numericError.lower();
            return 0;
        });
        t.put(X86Service.CACHE_LINE, (address, bytes, c) -> {
            // Checked as a load of one byte is: SDM vol. 2 under CLFLUSH.
            cpu.memory.check(address & cpu.addressMask(), 1, ShadowMmu.READ, cpu.user());
            return 0;
        });
        for (X86Service absent : new X86Service[] {X86Service.MONITOR, X86Service.MWAIT, X86Service.HYPERCALL}) {
            t.put(absent, (a, b, c) -> {
                // Not claimed by any model of this processor.
                throw cpu.raise(Vector.UD, -1);
            });
        }
    }

    /** SDM vol. 2 under INVPCID. What is derived from guest tables is true to them in any case, but for global pages; so only those need be flushed. */
    private long invpcid(long type, long descriptor, long address) {
        cpu.requireCpl0();
        boolean oneContext = type == INVPCID_ADDRESS || type == INVPCID_CONTEXT;
        boolean noPcids = (s[X86State.CR4] & ControlRegisters.CR4_PCIDE) == 0;
        if (Long.compareUnsigned(type, INVPCID_ALL_BUT_GLOBAL) > 0 || descriptor >>> PCID_BITS != 0 || oneContext && noPcids && descriptor != 0
                || type == INVPCID_ADDRESS && !ShadowMmu.canonical(address)) {
            cpu.raise(Vector.GP, 0);
        }
        cpu.mmu.invalidateContext(type == INVPCID_ALL);
        if (type == INVPCID_ADDRESS) {
            cpu.mmu.invlpg(address);
        }
        cpu.refreshMode();
        return 0;
    }

    private long unimplemented(int mnemonic) {
        if (logged.add(mnemonic)) {
            String name = mnemonic >= 0 && mnemonic < MNEMONICS.length ? MNEMONICS[mnemonic].name() : "number " + mnemonic;
            LOG.log(Level.WARNING, () -> "instruction " + name + " at 0x" + Long.toHexString(s[RIP]) + " does not exist on this processor: #UD; bytes " + codeBytes());
        }
        throw cpu.raise(Vector.UD, -1);
    }

    /** Bytes at the current instruction as far as they can be read without side effects. */
    private String codeBytes() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < LONGEST_INSTRUCTION; i++) {
            long p = cpu.mmu.probe((cpu.code64() ? 0 : s[SEG_BASE + CS]) + s[RIP] + i & cpu.addressMask(), ShadowMmu.READ, cpu.user());
            if (p < 0 || !cpu.physical.isRam(p)) {
                break;
            }
            text.append(String.format("%02x ", cpu.physical.read(p, 8)));
        }
        return text.toString().trim();
    }

    private long halt(long next) {
        cpu.requireCpl0();
        cpu.halted = true;
        cpu.exit = CpuExit.HALT;
        s[RIP] = next & cpu.addressMask();
        return 0;
    }

    private long loadTable(int baseSlot, int limitSlot, long base, long limit) {
        cpu.requireCpl0();
        cpu.requireCanonical(base & cpu.addressMask());
        s[baseSlot] = base & cpu.addressMask();
        s[limitSlot] = limit & 0xffff;
        return 0;
    }

    private long setInterruptFlag(boolean enable) {
        // Without VME and PVI there is no virtual interrupt flag to fall back to.
        if (cpu.protectedMode() && s[CPL] > Eflags.iopl(s)) {
            cpu.raise(Vector.GP, 0);
        }
        if (enable) {
            if ((s[EFLAGS_SYS] & Eflags.IF) == 0) {
                s[INT_SHADOW] = X86State.SHADOW_STI;
            }
            s[EFLAGS_SYS] |= Eflags.IF;
        } else {
            s[EFLAGS_SYS] &= ~Eflags.IF;
        }
        return 0;
    }

    private long setAccessControl(boolean set) {
        if (!cpu.model.has(CpuFeature.SMAP) || s[CPL] != 0) {
            cpu.raise(Vector.UD, -1);
        }
        s[EFLAGS_SYS] = set ? s[EFLAGS_SYS] | Eflags.AC : s[EFLAGS_SYS] & ~Eflags.AC;
        cpu.refreshMode();
        return 0;
    }

    private long pushf() {
        if (cpu.v86() && Eflags.iopl(s) < 3) {
            cpu.raise(Vector.GP, 0);
        }
        return Eflags.get(s) & ~(Eflags.VM | Eflags.RF);
    }

    private long popf(int value, int bits) {
        int mask = Eflags.USER;
        if (cpu.v86()) {
            if (Eflags.iopl(s) < 3) {
                cpu.raise(Vector.GP, 0);
            }
            mask |= Eflags.IF;
        } else if (!cpu.protectedMode() || s[CPL] == 0) {
            mask |= Eflags.IF | Eflags.IOPL | Eflags.VIF | Eflags.VIP;
            value &= ~(Eflags.VIF | Eflags.VIP);
        } else if (s[CPL] <= Eflags.iopl(s)) {
            mask |= Eflags.IF;
        }
        Eflags.set(s, value, bits == 16 ? mask & 0xffff : mask);
        cpu.refreshMode();
        return 0;
    }

    private long numericError(int vector) {
        if (vector == Vector.MF && (s[X86State.CR0] & ControlRegisters.CR0_NE) == 0) {
            if (numericError.ignored()) {
                return 0;
            }
            numericError.raise();
            throw cpu.waitForInterrupt();
        }
        throw cpu.raise(vector, -1);
    }
}
