package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.RAX;
import static org.gearshift.translator.x86.X86State.RCX;
import static org.gearshift.translator.x86.X86State.RDX;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;

/** Model-specific registers: one table of number, reader and writer. SDM vol. 4; AMD K7 and family 10h BIOS guides for the C001_xxxxh ones. */
final class Msrs {
    private static final Logger LOG = System.getLogger(Msrs.class.getName());

    private static final int TSC = 0x10;
    private static final int TSC_ADJUST = 0x3b;
    private static final int PLATFORM_ID = 0x17;
    private static final int APIC_BASE = 0x1b;
    private static final int MICROCODE_REVISION = 0x8b;
    private static final int SYSENTER_CS = 0x174;
    private static final int SYSENTER_ESP = 0x175;
    private static final int SYSENTER_EIP = 0x176;
    private static final int MISC_ENABLE = 0x1a0;
    private static final int DEBUGCTL = 0x1d9;
    private static final int PAT = 0x277;
    private static final int EFER_NUMBER = 0xc0000080;
    private static final int STAR = 0xc0000081;
    private static final int LSTAR = 0xc0000082;
    private static final int CSTAR = 0xc0000083;
    private static final int FMASK = 0xc0000084;
    private static final int FS_BASE = 0xc0000100;
    private static final int GS_BASE = 0xc0000101;
    private static final int KERNEL_GS_BASE = 0xc0000102;
    private static final int TSC_AUX = 0xc0000103;
    private static final int HWCR = 0xc0010015;
    private static final int CLK_CTL = 0xc001001b;

    private static final long PAT_RESET = 0x0007040600070406L;
    /** Bits of APIC_BASE below the base: BSP, enable. */
    private static final long APIC_BASE_FLAGS = 0x900;
    private static final long APIC_BASE_X2APIC = 0x400;
    private static final int TSC_DEADLINE = 0x6e0;
    /** The registers of x2APIC mode: a range of numbers. */
    private static final int X2APIC = 0x800;
    private static final int X2APIC_REGISTERS = 0x100;
    private static final long NO_BITS_VALID = 0;
    private static final long LOW_32 = 0xffffffffL;

    private interface Reader {
        long read();
    }

    private interface Writer {
        void write(long value);
    }

    private record Msr(Reader reader, Writer writer) {
    }

    private final VCpu cpu;
    private final long[] s;
    private final Map<Integer, Msr> table = new HashMap<>();
    /** Values of registers that only remember; sorted, so that saved states compare. */
    private final Map<Integer, Long> stored = new TreeMap<>();
    private final Map<Integer, Long> resetValues = new TreeMap<>();
    private final Set<Integer> logged = new HashSet<>();
    private long tscOffset;

    Msrs(VCpu cpu) {
        this.cpu = cpu;
        this.s = cpu.s;
        table.put(TSC, new Msr(this::tsc, this::setTsc));
        if (cpu.model.has(CpuFeature.TSC_ADJUST)) {
            table.put(TSC_ADJUST, new Msr(() -> tscOffset, this::adjustTsc));
        }
        if (cpu.model.has(CpuFeature.APIC)) {
            localApic();
        }
        if (cpu.model.has(CpuFeature.SEP)) {
            slot(SYSENTER_CS, X86State.SYSENTER_CS);
            if (cpu.model.has(CpuFeature.LM)) {
                address(SYSENTER_ESP, X86State.SYSENTER_ESP);
                address(SYSENTER_EIP, X86State.SYSENTER_EIP);
            } else {
                slot(SYSENTER_ESP, X86State.SYSENTER_ESP);
                slot(SYSENTER_EIP, X86State.SYSENTER_EIP);
            }
        }
        if (cpu.model.has(CpuFeature.PAT)) {
            remembered(PAT, PAT_RESET, this::patValid);
        }
        long efer = (cpu.model.has(CpuFeature.NX) ? ControlRegisters.EFER_NXE : 0) | (cpu.model.has(CpuFeature.SYSCALL) ? ControlRegisters.EFER_SCE : 0)
                | (cpu.model.has(CpuFeature.LM) ? ControlRegisters.EFER_LME | ControlRegisters.EFER_LMA : 0);
        if (efer != 0) {
            table.put(EFER_NUMBER, new Msr(() -> s[X86State.EFER], checked(efer, cpu.control::writeEfer)));
        }
        longMode();
        if (cpu.model.has(CpuFeature.RDTSCP) || cpu.model.has(CpuFeature.RDPID)) {
            table.put(TSC_AUX, new Msr(() -> s[X86State.TSC_AUX], checked(LOW_32, v -> s[X86State.TSC_AUX] = v)));
        }
        // No last-branch records and no branch trace: the bits that would turn them on are reserved.
        table.put(DEBUGCTL, new Msr(() -> 0, checked(NO_BITS_VALID, v -> { })));
        vendorSpecific();
        reset();
    }

    private void localApic() {
        boolean x2apic = cpu.model.has(CpuFeature.X2APIC);
        long valid = (1L << cpu.model.physicalBits()) - 0x1000 | APIC_BASE_FLAGS | (x2apic ? APIC_BASE_X2APIC : 0);
        table.put(APIC_BASE, new Msr(() -> cpu.apic.read(), checked(valid, v -> require(cpu.apic.write(v)))));
        for (int i = 0; x2apic && i < X2APIC_REGISTERS; i++) {
            int register = i;
            table.put(X2APIC + i, new Msr(() -> {
                long value = cpu.apic.readRegister(register);
                require(value != ApicMsrs.FAULT);
                return value;
            }, v -> require(cpu.apic.writeRegister(register, v))));
        }
        if (cpu.model.has(CpuFeature.TSC_DEADLINE)) {
            table.put(TSC_DEADLINE, new Msr(this::deadline, this::setDeadline));
        }
    }

    private void require(boolean possible) {
        if (!possible) {
            cpu.raise(Vector.GP, 0);
        }
    }

    /** The timer compares with the counter as the guest sees it. */
    private long deadline() {
        long due = cpu.apic.deadline();
        return due == 0 ? 0 : due + tscOffset;
    }

    /** Zero disarms; what is past fires at once. */
    private void setDeadline(long value) {
        boolean past = Long.compareUnsigned(value, tsc()) <= 0;
        cpu.apic.setDeadline(value == 0 ? 0 : past ? Math.max(1, cpu.time.tsc()) : value - tscOffset);
    }

    private void setTsc(long value) {
        adjustTsc(value - cpu.time.tsc());
    }

    /** What is written to the counter shows in IA32_TSC_ADJUST, and the other way round: SDM vol. 3B section 18.17.3. */
    private void adjustTsc(long offset) {
        long due = deadline();
        tscOffset = offset;
        if (due != 0) {
            setDeadline(due);
        }
    }

    private void longMode() {
        if (cpu.model.has(CpuFeature.SYSCALL)) {
            table.put(STAR, new Msr(() -> s[X86State.STAR], v -> s[X86State.STAR] = v));
        }
        if (cpu.model.has(CpuFeature.LM)) {
            address(LSTAR, X86State.LSTAR);
            address(CSTAR, X86State.CSTAR);
            table.put(FMASK, new Msr(() -> s[X86State.FMASK], checked(LOW_32, v -> s[X86State.FMASK] = v)));
            address(FS_BASE, X86State.SEG_BASE + X86State.FS);
            address(GS_BASE, X86State.SEG_BASE + X86State.GS);
            address(KERNEL_GS_BASE, X86State.KERNEL_GS_BASE);
        }
    }

    private void vendorSpecific() {
        if (cpu.model.isAmd()) {
            remembered(HWCR, 0, v -> v >>> 32 == 0);
            remembered(CLK_CTL, 0x20000000, v -> v >>> 32 == 0);
        } else {
            table.put(PLATFORM_ID, new Msr(() -> 0, v -> cpu.raise(Vector.GP, 0)));
            // Software writes 0 and executes CPUID to have the revision loaded; there is no microcode, so it stays 0.
            table.put(MICROCODE_REVISION, new Msr(() -> 0, v -> { }));
            // Fast strings enabled; no branch trace storage, no precise event sampling.
            remembered(MISC_ENABLE, 1 | 1 << 11 | 1 << 12, v -> v >>> 39 == 0);
        }
    }

    private interface Validity {
        boolean accepts(long value);
    }

    private void remembered(int number, long initial, Validity validity) {
        resetValues.put(number, initial);
        table.put(number, new Msr(() -> stored.get(number), v -> {
            if (!validity.accepts(v)) {
                cpu.raise(Vector.GP, 0);
            }
            stored.put(number, v);
        }));
    }

    private void slot(int number, int slot) {
        table.put(number, new Msr(() -> s[slot], v -> s[slot] = v & LOW_32));
    }

    /** A register that holds a canonical address. */
    private void address(int number, int slot) {
        table.put(number, new Msr(() -> s[slot], v -> {
            cpu.requireCanonical(v);
            s[slot] = v;
        }));
    }

    private Writer checked(long valid, Writer writer) {
        return v -> {
            if ((v & ~valid) != 0) {
                cpu.raise(Vector.GP, 0);
            }
            writer.write(v);
        };
    }

    private boolean patValid(long v) {
        for (int i = 0; i < 8; i++) {
            int type = (int) (v >>> 8 * i) & 0xff;
            if (type > 7 || type == 2 || type == 3) {
                return false;
            }
        }
        return true;
    }

    void register(ServiceTable services) {
        services.put(X86Service.RDMSR, (a, b, c) -> rdmsr());
        services.put(X86Service.WRMSR, (a, b, c) -> wrmsr());
        services.put(X86Service.RDTSC, (a, b, c) -> rdtsc());
        services.put(X86Service.RDTSCP, (a, b, c) -> rdtscp());
        services.put(X86Service.RDPMC, (a, b, c) -> rdpmc());
    }

    void reset() {
        stored.clear();
        stored.putAll(resetValues);
        tscOffset = 0;
    }

    long tsc() {
        return cpu.time.tsc() + tscOffset;
    }

    private Msr selected(String instruction) {
        cpu.requireCpl0();
        int number = (int) s[RCX];
        Msr msr = table.get(number);
        if (msr == null) {
            if (logged.add(number)) {
                LOG.log(Level.INFO, () -> instruction + " of unknown MSR 0x" + Integer.toHexString(number) + " at 0x"
                        + Long.toHexString(s[X86State.RIP]) + ": #GP");
            }
            cpu.raise(Vector.GP, 0);
        }
        return msr;
    }

    private long rdmsr() {
        requireFeature(CpuFeature.MSR);
        long value = selected("RDMSR").reader().read();
        cpu.put32(RAX, (int) value);
        cpu.put32(RDX, (int) (value >>> 32));
        return 0;
    }

    private long wrmsr() {
        requireFeature(CpuFeature.MSR);
        Msr msr = selected("WRMSR");
        msr.writer().write(s[RDX] << 32 | s[RAX] & LOW_32);
        return 0;
    }

    private long rdtsc() {
        requireFeature(CpuFeature.TSC);
        if ((s[X86State.CR4] & ControlRegisters.CR4_TSD) != 0 && s[X86State.CPL] != 0) {
            cpu.raise(Vector.GP, 0);
        }
        return tsc();
    }

    private long rdtscp() {
        requireFeature(CpuFeature.RDTSCP);
        long now = rdtsc();
        cpu.put32(RCX, (int) s[X86State.TSC_AUX]);
        return now;
    }

    private long rdpmc() {
        // No performance counters exist, so every number in ECX is an invalid one.
        throw cpu.raise(Vector.GP, 0);
    }

    private void requireFeature(CpuFeature feature) {
        if (!cpu.model.has(feature)) {
            cpu.raise(Vector.UD, -1);
        }
    }

    void save(DataOutput out) throws IOException {
        out.writeLong(tscOffset);
        out.writeInt(stored.size());
        for (Map.Entry<Integer, Long> e : stored.entrySet()) {
            out.writeInt(e.getKey());
            out.writeLong(e.getValue());
        }
    }

    void restore(DataInput in) throws IOException {
        tscOffset = in.readLong();
        stored.clear();
        stored.putAll(resetValues);
        for (int n = in.readInt(); n > 0; n--) {
            stored.put(in.readInt(), in.readLong());
        }
    }
}
