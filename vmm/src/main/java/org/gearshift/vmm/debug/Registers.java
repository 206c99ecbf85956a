package org.gearshift.vmm.debug;

import static org.gearshift.translator.x86.X86State.SEG_BASE;
import static org.gearshift.translator.x86.X86State.SEG_SELECTOR;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.cpu.Eflags;
import org.gearshift.vmm.cpu.VCpu;

/** A processor's registers by the names that debuggers have for them; values are zero-extended. x87 and vector registers, which are wider, are got in halves. */
public final class Registers {
    private static final long LOW_32 = 0xffffffffL;
    private static final String[] NAMES_64 = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"};
    private static final String[] SEGMENTS = {"es", "cs", "ss", "ds", "fs", "gs"};
    private static final String[] X87 = {"fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop"};
    private static final int REGISTERS_87 = 8;
    private static final int TAG_EMPTY = 3;
    private static final int TAG_SPECIAL = 2;
    private static final int TAG_ZERO = 1;
    private static final int EXPONENT = 0x7fff;
    private static final int TOP_SHIFT = 11;

    private record Register(LongSupplier get, LongConsumer set) {
    }

    private final VCpu cpu;
    private final long[] s;
    private final Runnable onChange;
    private final Map<String, Register> byName = new LinkedHashMap<>();

    /** @param onChange called when one is set */
    Registers(VCpu cpu, Runnable onChange) {
        this.cpu = cpu;
        this.onChange = onChange;
        this.s = cpu.s;
        for (int i = 0; i < NAMES_64.length; i++) {
            int slot = X86State.GPR + i;
            Register r = new Register(() -> code64() ? s[slot] : s[slot] & LOW_32, v -> s[slot] = code64() ? v : (int) v);
            byName.put(NAMES_64[i], r);
            if (i < 8) {
                byName.put("e" + NAMES_64[i].substring(1), new Register(() -> s[slot] & LOW_32, v -> s[slot] = code64() ? v & LOW_32 : (int) v));
            }
        }
        Register pc = new Register(() -> s[X86State.RIP], v -> s[X86State.RIP] = code64() ? v : v & LOW_32);
        byName.put("rip", pc);
        byName.put("eip", pc);
        byName.put("eflags", new Register(() -> cpu.eflags() & LOW_32, v -> {
            cpu.setEflags((int) v, Eflags.ALL & ~Eflags.VM);
            cpu.refreshMode();
        }));
        for (int i = 0; i < SEGMENTS.length; i++) {
            readOnly(SEGMENTS[i], SEG_SELECTOR + i);
            readOnly(SEGMENTS[i] + "_limit", X86State.SEG_LIMIT + i);
            readOnly(SEGMENTS[i] + "_attr", X86State.SEG_ATTR + i);
            int base = SEG_BASE + i;
            boolean settable = i >= X86State.FS;
            byName.put(SEGMENTS[i] + "_base", new Register(() -> s[base], settable ? v -> setBase(base, v) : null));
        }
        byName.put("k_gs_base", new Register(() -> s[X86State.KERNEL_GS_BASE], v -> s[X86State.KERNEL_GS_BASE] = v));
        systemRegisters();
        for (int i = 0; i < X87.length; i++) {
            int number = i;
            byName.put(X87[i], new Register(() -> x87Control(number), v -> setX87Control(number, (int) v)));
        }
        byName.put("mxcsr", new Register(() -> s[X86State.MXCSR] & LOW_32, v -> s[X86State.MXCSR] = v & 0xffff));
    }

    private void systemRegisters() {
        readOnly("cr0", X86State.CR0);
        byName.put("cr2", new Register(() -> s[X86State.CR2], v -> s[X86State.CR2] = v));
        readOnly("cr3", X86State.CR3);
        readOnly("cr4", X86State.CR4);
        readOnly("cr8", X86State.CR8);
        readOnly("efer", X86State.EFER);
        readOnly("cpl", X86State.CPL);
        readOnly("xcr0", X86State.XCR0);
        for (int i = 0; i < 8; i++) {
            readOnly("dr" + i, X86State.DR + i);
        }
        String[] tables = {"gdtr_base", "gdtr_limit", "idtr_base", "idtr_limit"};
        for (int i = 0; i < tables.length; i++) {
            readOnly(tables[i], X86State.GDTR_BASE + i);
        }
        String[] parts = {"", "_base", "_limit", "_attr"};
        for (int i = 0; i < parts.length; i++) {
            readOnly("ldtr" + parts[i], X86State.LDTR + i);
            readOnly("tr" + parts[i], X86State.TR + i);
        }
        String[] calls = {"sysenter_cs", "sysenter_esp", "sysenter_eip", "star", "lstar", "cstar", "fmask"};
        for (int i = 0; i < calls.length; i++) {
            readOnly(calls[i], X86State.SYSENTER_CS + i);
        }
        readOnly("tsc_aux", X86State.TSC_AUX);
    }

    private void readOnly(String name, int slot) {
        byName.put(name, new Register(() -> s[slot], null));
    }

    private boolean code64() {
        return X86Mode.is(cpu.mode(), X86Mode.CODE64);
    }

    private void setBase(int slot, long value) {
        s[slot] = code64() ? value : value & LOW_32;
        cpu.refreshMode();
    }

    /** All names. */
    public List<String> names() {
        return new ArrayList<>(byName.keySet());
    }

    /** Whether there is one of that name. */
    public boolean has(String name) {
        return byName.containsKey(name);
    }

    /** @throws IllegalArgumentException if there is no such register */
    public long get(String name) {
        return register(name).get.getAsLong();
    }

    /**
     * Changes a register.
     *
     * @return false if it cannot be changed from outside and would be: selectors, descriptor tables, control registers that choose the mode
     * @throws IllegalArgumentException if there is no such register
     */
    public boolean set(String name, long value) {
        Register r = register(name);
        if (r.get.getAsLong() == value) {
            return true;
        }
        if (r.set == null) {
            return false;
        }
        onChange.run();
        r.set.accept(value);
        return true;
    }

    private Register register(String name) {
        Register r = byName.get(name);
        if (r == null) {
            throw new IllegalArgumentException("no register " + name);
        }
        return r;
    }

    private int physical87(int i) {
        return (int) s[X86State.X87_TOP] + i & REGISTERS_87 - 1;
    }

    /** Significand of ST(i). */
    public long significand(int i) {
        return s[X86State.X87_MANTISSA + physical87(i)];
    }

    /** Sign and exponent of ST(i). */
    public int exponent(int i) {
        return (int) s[X86State.X87_EXPONENT + physical87(i)] & 0xffff;
    }

    /** Changes ST(i). */
    public void setX87(int i, long significand, int exponent) {
        if (significand(i) != significand || exponent(i) != (exponent & 0xffff)) {
            onChange.run();
        }
        s[X86State.X87_MANTISSA + physical87(i)] = significand;
        s[X86State.X87_EXPONENT + physical87(i)] = exponent & 0xffff;
    }

    /** 64 bits of YMM register {@code i}, from bit {@code 64 * part} on; parts 0 and 1 are the XMM register. */
    public long vector(int i, int part) {
        return s[vectorSlot(i, part)];
    }

    /** Changes 64 bits of a vector register. */
    public void setVector(int i, int part, long value) {
        if (vector(i, part) != value) {
            onChange.run();
        }
        s[vectorSlot(i, part)] = value;
    }

    private static int vectorSlot(int i, int part) {
        return part < 2 ? X86State.XMM + 2 * i + part : X86State.YMM_HIGH + 2 * i + part - 2;
    }

    private long x87Control(int number) {
        return switch (number) {
            case 0 -> s[X86State.X87_CONTROL] & 0xffff;
            case 1 -> s[X86State.X87_STATUS] & 0xffff | s[X86State.X87_TOP] << TOP_SHIFT;
            case 2 -> tags();
            case 3 -> s[X86State.X87_FCS] & 0xffff;
            case 4 -> s[X86State.X87_FIP] & LOW_32;
            case 5 -> s[X86State.X87_FDS] & 0xffff;
            case 6 -> s[X86State.X87_FDP] & LOW_32;
            default -> s[X86State.X87_FOP] & 0x7ff;
        };
    }

    /** The tag word, two bits a physical register (SDM vol. 1 section 8.1.7). */
    private int tags() {
        int tags = 0;
        for (int i = 0; i < REGISTERS_87; i++) {
            long mantissa = s[X86State.X87_MANTISSA + i];
            int exponent = (int) s[X86State.X87_EXPONENT + i] & EXPONENT;
            int tag = 0;
            if ((s[X86State.X87_EMPTY] >>> i & 1) != 0) {
                tag = TAG_EMPTY;
            } else if (exponent == 0 && mantissa == 0) {
                tag = TAG_ZERO;
            } else if (exponent == 0 || exponent == EXPONENT || mantissa >= 0) {
                tag = TAG_SPECIAL;
            }
            tags |= tag << 2 * i;
        }
        return tags;
    }

    private void setX87Control(int number, int value) {
        switch (number) {
            case 0 -> s[X86State.X87_CONTROL] = value & 0x1f7f | 0x40;
            case 1 -> {
                s[X86State.X87_TOP] = value >>> TOP_SHIFT & 7;
                s[X86State.X87_STATUS] = value & 0xffff & ~(7 << TOP_SHIFT);
            }
            case 2 -> {
                int empty = 0;
                for (int i = 0; i < REGISTERS_87; i++) {
                    empty |= (value >>> 2 * i & 3) == TAG_EMPTY ? 1 << i : 0;
                }
                s[X86State.X87_EMPTY] = empty;
            }
            case 3 -> s[X86State.X87_FCS] = value & 0xffff;
            case 4 -> s[X86State.X87_FIP] = value & LOW_32;
            case 5 -> s[X86State.X87_FDS] = value & 0xffff;
            case 6 -> s[X86State.X87_FDP] = value & LOW_32;
            default -> s[X86State.X87_FOP] = value & 0x7ff;
        }
    }
}
