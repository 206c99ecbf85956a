package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.CPL;
import static org.gearshift.translator.x86.X86State.CS;
import static org.gearshift.translator.x86.X86State.SEG_ATTR;
import static org.gearshift.translator.x86.X86State.SEG_BASE;
import static org.gearshift.translator.x86.X86State.SEG_LIMIT;
import static org.gearshift.translator.x86.X86State.SEG_READ_LIMIT;
import static org.gearshift.translator.x86.X86State.SEG_SELECTOR;
import static org.gearshift.translator.x86.X86State.SEG_WRITE_LIMIT;
import static org.gearshift.translator.x86.X86State.SS;

import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;

/** Segment registers, LDTR and TR: loads with their checks, and access checks the limit slots do not decide. SDM vol. 3A chapter 5, MOV and LTR of vol. 2. */
final class SegmentLoads {
    private static final int REAL_MODE_ATTR = Descriptor.PRESENT | Descriptor.SEGMENT | Descriptor.WRITABLE | Descriptor.ACCESSED;
    private static final int V86_ATTR = REAL_MODE_ATTR | 3 << 5;
    private static final long TYPES_LAR = 1L << 1 | 1L << 2 | 1L << 3 | 1L << 4 | 1L << 5 | 1L << 9 | 1L << 11 | 1L << 12;
    /** Those of the types that exist in IA-32e mode. */
    private static final long TYPES_LONG = 1L << 2 | 1L << 9 | 1L << 11 | 1L << 12;
    private static final long TYPES_LSL = 1L << 1 | 1L << 2 | 1L << 3 | 1L << 9 | 1L << 11;

    private final VCpu cpu;
    private final long[] s;

    SegmentLoads(VCpu cpu) {
        this.cpu = cpu;
        this.s = cpu.s;
    }

    void register(ServiceTable table) {
        table.put(X86Service.LOAD_SEGMENT, (seg, selector, unused) -> load((int) seg, (int) selector & 0xffff));
        table.put(X86Service.LLDT, (selector, b, c) -> loadLdt((int) selector & 0xffff));
        table.put(X86Service.LTR, (selector, b, c) -> loadTaskRegister((int) selector & 0xffff));
        table.put(X86Service.SLDT, (a, b, c) -> visibleSelector(X86State.LDTR));
        table.put(X86Service.STR, (a, b, c) -> visibleSelector(X86State.TR));
        table.put(X86Service.LAR_LSL, (kind, selector, c) -> larLsl((int) kind, (int) selector & 0xffff));
        table.put(X86Service.VERR_VERW, (kind, selector, c) -> verify((int) kind, (int) selector & 0xffff));
    }

    private long load(int seg, int selector) {
        boolean flat = X86Mode.isFlat(s, seg);
        if (cpu.segmented()) {
            loadProtected(seg, selector);
        } else {
            loadReal(seg, selector);
        }
        if (seg > X86State.DS || seg != SS && X86Mode.isFlat(s, seg) == flat) {
            // What else the mode tells does not follow from this segment.
            return 0;
        }
        long before = cpu.mode();
        cpu.refreshMode();
        return cpu.mode() == before ? 0 : 1;
    }

    /** A load in real or virtual-8086 mode: real mode keeps limit and size, so that programs that enlarged them keep them. */
    void loadReal(int seg, int selector) {
        long limit = s[SEG_LIMIT + seg];
        int attr = (int) s[SEG_ATTR + seg];
        if (cpu.v86()) {
            attr = V86_ATTR;
            limit = 0xffff;
        } else if (!Descriptor.present(attr)) {
            attr = REAL_MODE_ATTR;
            limit = 0xffff;
        } else {
            attr = attr & (Descriptor.BIG | Descriptor.GRANULAR) | REAL_MODE_ATTR;
        }
        set(seg, selector, (long) selector << 4, limit, attr);
    }

    private void loadProtected(int seg, int selector) {
        if (seg == SS) {
            if (nullStackAllowed(selector, (int) s[CPL], cpu.code64())) {
                setNull(SS, selector);
                return;
            }
            long d = checkedStack(selector, (int) s[CPL], Vector.GP, 0);
            set(SS, selector, d);
            return;
        }
        if ((selector & ~3) == 0) {
            setNull(seg, selector);
            return;
        }
        set(seg, selector, checkedData(selector, Vector.GP, 0));
    }

    /** Checks a selector for DS, ES, FS or GS and marks its descriptor accessed. Faults carry {@code vector} (or #NP) and {@code ext}. */
    long checkedData(int selector, int vector, int ext) {
        long d = descriptor(selector, vector, ext);
        int attr = Descriptor.attributes(d);
        if (!Descriptor.isReadable(attr) || !conformingCode(attr)
                && (Descriptor.dpl(attr) < (selector & 3) || Descriptor.dpl(attr) < s[CPL])) {
            cpu.raise(vector, selector & 0xfffc | ext);
        }
        requirePresent(attr, selector, Vector.NP, ext);
        return accessed(selector, d);
    }

    /** 64-bit code at inner levels may have a null SS, with the level as its RPL. */
    static boolean nullStackAllowed(int selector, int cpl, boolean code64) {
        return code64 && (selector & ~3) == 0 && cpl != 3 && (selector & 3) == cpl;
    }

    /** Checks a selector for SS at privilege level {@code cpl} and marks its descriptor accessed. A null selector faults with code {@code ext}. */
    long checkedStack(int selector, int cpl, int vector, int ext) {
        if ((selector & ~3) == 0) {
            cpu.raise(vector, ext);
        }
        long d = descriptor(selector, vector, ext);
        int attr = Descriptor.attributes(d);
        if ((selector & 3) != cpl || !Descriptor.isWritableData(attr) || Descriptor.dpl(attr) != cpl) {
            cpu.raise(vector, selector & 0xfffc | ext);
        }
        requirePresent(attr, selector, Vector.SS, ext);
        return accessed(selector, d);
    }

    void requirePresent(int attr, int selector, int vector, int ext) {
        if (!Descriptor.present(attr)) {
            cpu.raise(vector, selector & 0xfffc | ext);
        }
    }

    static boolean conformingCode(int attr) {
        return Descriptor.isCode(attr) && Descriptor.isConforming(attr);
    }

    /** Linear address of a selector's descriptor of 8 bytes, or -1 if it lies beyond its table. No table reaches up to -1. */
    long descriptorAddress(int selector) {
        return descriptorAddress(selector, 8);
    }

    private long descriptorAddress(int selector, int bytes) {
        long base;
        long limit;
        if ((selector & 4) != 0) {
            if (!Descriptor.present((int) s[X86State.LDTR + 3])) {
                return -1;
            }
            base = s[X86State.LDTR + 1];
            limit = s[X86State.LDTR + 2];
        } else {
            base = s[X86State.GDTR_BASE];
            limit = s[X86State.GDTR_LIMIT] & 0xffff;
        }
        int offset = selector & 0xfff8;
        return offset + bytes - 1 > limit ? -1 : base + offset & cpu.systemMask();
    }

    /** The descriptor of a selector; raises {@code vector} with the selector where the table has none. */
    long descriptor(int selector, int vector, int ext) {
        long address = descriptorAddress(selector);
        if (address == -1) {
            cpu.raise(vector, selector & 0xfffc | ext);
        }
        return cpu.memory.loadSystem(address, 64);
    }

    /** The upper half of a system descriptor of IA-32e mode, which has 16 bytes; its type field must be 0. */
    long upperHalf(int selector, int vector, int ext) {
        long address = descriptorAddress(selector, 16);
        if (address == -1) {
            cpu.raise(vector, selector & 0xfffc | ext);
        }
        long upper = cpu.memory.loadSystem(address + 8, 64);
        if ((upper >>> 40 & 0x1f) != 0) {
            cpu.raise(vector, selector & 0xfffc | ext);
        }
        return upper;
    }

    /** Base of an LDT or TSS: in IA-32e mode 64 bits, which must be canonical. */
    private long systemBase(int selector, long d, int vector, int ext) {
        if (!cpu.longMode()) {
            return Descriptor.base(d);
        }
        long base = Descriptor.base(d) | upperHalf(selector, vector, ext) << 32;
        if (!ShadowMmu.canonical(base)) {
            cpu.raise(vector, selector & 0xfffc | ext);
        }
        return base;
    }

    /** Sets the accessed bit of a code or data descriptor, in memory and in the value returned. */
    long accessed(int selector, long d) {
        long bit = (long) Descriptor.ACCESSED << 40;
        if ((d & bit) == 0) {
            cpu.memory.storeSystem(descriptorAddress(selector) + 5, (d | bit) >>> 40, 8);
        }
        return d | bit;
    }

    /** Loads a segment register from a descriptor that passed its checks. */
    void set(int seg, int selector, long d) {
        set(seg, selector, Descriptor.base(d), Descriptor.limit(d), Descriptor.attributes(d));
    }

    /** @param base zero-extended */
    void set(int seg, int selector, long base, long limit, int attr) {
        if (seg == CS) {
            cpu.codeChanges(attr);
        }
        s[SEG_SELECTOR + seg] = selector;
        s[SEG_BASE + seg] = base;
        s[SEG_LIMIT + seg] = limit;
        s[SEG_ATTR + seg] = attr;
        boolean plain = Descriptor.present(attr) && (attr & (Descriptor.CODE | Descriptor.EXPAND_DOWN)) != Descriptor.EXPAND_DOWN;
        s[SEG_READ_LIMIT + seg] = plain && Descriptor.isReadable(attr) ? limit : -1;
        s[SEG_WRITE_LIMIT + seg] = plain && Descriptor.isWritableData(attr) ? limit : -1;
    }

    /** Loads a null selector: the base is kept as 0, every access faults. */
    void setNull(int seg, int selector) {
        set(seg, selector, 0, 0, 0);
    }

    /** A code segment whose selector gets the new CPL as its RPL; CPL changes with it. Its descriptor has been marked {@link #accessed}. */
    void setCode(int selector, int cpl, long d) {
        set(CS, selector & 0xfffc | cpl, d);
        s[CPL] = cpl;
    }

    /** After a return to an outer level: data segments the new level may not use become null. */
    void dropInnerSegments() {
        for (int seg = X86State.ES; seg <= X86State.GS; seg++) {
            int attr = (int) s[SEG_ATTR + seg];
            // What is null already stays as it is: FS and GS of 64-bit code have bases of their own.
            if (seg != CS && seg != SS && attr != 0 && !conformingCode(attr) && Descriptor.dpl(attr) < s[CPL]) {
                setNull(seg, 0);
            }
        }
    }

    /** Decides an access that its limit slot did not pass: {@link org.gearshift.ir.GuestContext#segmentCheckSlow}. */
    void check(int seg, long offset, int bytes, boolean write) {
        int attr = (int) s[SEG_ATTR + seg];
        boolean permitted = Descriptor.present(attr) && (write ? Descriptor.isWritableData(attr) : Descriptor.isReadable(attr));
        if (!permitted || !Descriptor.holds(attr, s[SEG_LIMIT + seg], offset & 0xffffffffL, bytes)) {
            cpu.raise(seg == SS ? Vector.SS : Vector.GP, 0);
        }
    }

    private long loadLdt(int selector) {
        cpu.requireSegmented();
        cpu.requireCpl0();
        if ((selector & ~3) == 0) {
            setLdt(selector, 0, 0, 0);
            return 0;
        }
        long d = ldtDescriptor(selector, Vector.GP, Vector.NP, 0);
        setLdt(selector, systemBase(selector, d, Vector.GP, 0), Descriptor.limit(d), Descriptor.attributes(d));
        return 0;
    }

    /** Checks an LDT selector that is not null. */
    long ldtDescriptor(int selector, int vector, int notPresent, int ext) {
        if ((selector & 4) != 0) {
            cpu.raise(vector, selector & 0xfffc | ext);
        }
        long d = descriptor(selector, vector, ext);
        int attr = Descriptor.attributes(d);
        if (Descriptor.isSegment(attr) || Descriptor.type(attr) != Descriptor.LDT) {
            cpu.raise(vector, selector & 0xfffc | ext);
        }
        requirePresent(attr, selector, notPresent, ext);
        return d;
    }

    void setLdt(int selector, long base, long limit, int attr) {
        s[X86State.LDTR] = selector;
        s[X86State.LDTR + 1] = base;
        s[X86State.LDTR + 2] = limit;
        s[X86State.LDTR + 3] = attr;
    }

    private long loadTaskRegister(int selector) {
        cpu.requireSegmented();
        cpu.requireCpl0();
        if ((selector & ~3) == 0) {
            cpu.raise(Vector.GP, 0);
        }
        if ((selector & 4) != 0) {
            cpu.raise(Vector.GP, selector & 0xfffc);
        }
        long d = descriptor(selector, Vector.GP, 0);
        int attr = Descriptor.attributes(d);
        int type = Descriptor.type(attr);
        if (Descriptor.isSegment(attr) || type != Descriptor.TSS32_AVAILABLE && (cpu.longMode() || type != Descriptor.TSS16_AVAILABLE)) {
            cpu.raise(Vector.GP, selector & 0xfffc);
        }
        long base = systemBase(selector, d, Vector.GP, 0);
        requirePresent(attr, selector, Vector.NP, 0);
        d |= (long) Descriptor.BUSY << 40;
        cpu.memory.storeSystem(descriptorAddress(selector) + 5, d >>> 40, 8);
        setTaskRegister(selector, d, base);
        return 0;
    }

    void setTaskRegister(int selector, long d) {
        setTaskRegister(selector, d, Descriptor.base(d));
    }

    private void setTaskRegister(int selector, long d, long base) {
        s[X86State.TR] = selector;
        s[X86State.TR + 1] = base;
        s[X86State.TR + 2] = Descriptor.limit(d);
        s[X86State.TR + 3] = Descriptor.attributes(d);
    }

    private long visibleSelector(int slot) {
        cpu.requireSegmented();
        return s[slot];
    }

    private long larLsl(int kind, int selector) {
        cpu.requireSegmented();
        long address = (selector & ~3) == 0 ? -1 : descriptorAddress(selector);
        if (address == -1) {
            return 0;
        }
        long d = cpu.memory.loadSystem(address, 64);
        int attr = Descriptor.attributes(d);
        long types = (kind == 0 ? TYPES_LAR : TYPES_LSL) & (cpu.longMode() ? TYPES_LONG : -1);
        boolean known = Descriptor.isSegment(attr) || (types >>> Descriptor.type(attr) & 1) != 0;
        if (!known || !visible(attr, selector)) {
            return 0;
        }
        long value = kind == 0 ? d >>> 32 & 0x00f0ff00L : Descriptor.limit(d);
        return value | 1L << 32;
    }

    private long verify(int kind, int selector) {
        cpu.requireSegmented();
        long address = (selector & ~3) == 0 ? -1 : descriptorAddress(selector);
        if (address == -1) {
            return 0;
        }
        int attr = Descriptor.attributes(cpu.memory.loadSystem(address, 64));
        boolean right = kind == 0 ? Descriptor.isReadable(attr) : Descriptor.isWritableData(attr);
        return right && visible(attr, selector) ? 1 : 0;
    }

    private boolean visible(int attr, int selector) {
        return conformingCode(attr) || Descriptor.dpl(attr) >= s[CPL] && Descriptor.dpl(attr) >= (selector & 3);
    }
}
