package org.gearshift.tools.conformance;

import java.util.Arrays;
import org.gearshift.ir.GuestContext;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.cpu.Eflags;

/** 64-bit code at CPL 3 with the pages of a trial, and the services a user program can ask for. */
final class LongModeProcessor extends UserProcessor {
    private static final int RAM = 2 << 20;
    private static final long EFER = 1 << 8 | 1 << 10 | 1 << 11 | 1;
    /** Descriptor attributes as X86State has them: 64-bit user code, and data. */
    private static final int CODE = 0xfb | 1 << 13 | 1 << 15;
    private static final int DATA = 0xf3 | 1 << 14 | 1 << 15;
    private static final int UD = 6;
    private static final int GP = 13;
    private static final int PF = 14;
    // Page-fault error code: SDM vol. 3A 4.7.
    private static final int PF_PRESENT = 1;
    private static final int PF_WRITE = 2;
    private static final int PF_USER = 4;
    private static final int PF_FETCH = 16;
    private static final int USER_FLAGS = Eflags.ARITHMETIC | Eflags.TF | Eflags.DF | Eflags.NT | Eflags.AC | Eflags.ID;

    private final Machine machine;

    private LongModeProcessor(Machine machine, long exitPointer) {
        super(machine, 64, exitPointer);
        this.machine = machine;
    }

    /** @param oracle whose selectors the user segments have */
    static LongModeProcessor create(NativeOracle oracle) {
        LongModeProcessor p = new LongModeProcessor(new Machine(), oracle.exitPointer());
        int[] selectors = oracle.selectors();
        long[] s = p.s;
        for (int seg = X86State.ES; seg <= X86State.GS; seg++) {
            s[X86State.SEG_SELECTOR + seg] = selectors[seg];
            s[X86State.SEG_ATTR + seg] = seg == X86State.CS ? CODE : DATA;
        }
        s[X86State.SEG_BASE + X86State.FS] = Layout.FS_BASE;
        s[X86State.SEG_BASE + X86State.GS] = Layout.GS_BASE_64;
        s[X86State.CR0] = 0x80050033L;
        s[X86State.CR4] = 1 << 5 | 1 << 9 | 1 << 10 | 1 << 18;
        s[X86State.EFER] = EFER;
        s[X86State.XCR0] = 7;
        s[X86State.CPL] = 3;
        p.rememberInitialState();
        return p;
    }

    @Override
    long mode() {
        return X86Mode.of(s);
    }

    @Override
    void refresh() {
        machine.trap = null;
    }

    @Override
    int fetch(long linear) {
        long page = linear - Layout.CODE >>> 12;
        if (linear >>> 47 != 0 && linear >> 47 != -1) {
            throw machine.raise(GP, 0);
        }
        if (page >= CODE_FRAMES.length) {
            s[X86State.CR2] = linear;
            throw machine.raise(PF, PF_USER | PF_FETCH | (linear >>> 32 == 0 && machine.readMap[(int) (linear >>> 12)] >= 0 ? PF_PRESENT : 0));
        }
        return machine.ram[CODE_FRAMES[(int) page] << 12 | (int) linear & 0xfff] & 0xff;
    }

    @Override
    Outcome interrupted(Trial t) {
        if (machine.trap == null) {
            return null;
        }
        return new Outcome(Outcome.Kind.FAULT, machine.trap, 0, 0, s[X86State.RIP], registers(t.start()));
    }

    @Override
    boolean singleStep() {
        return (s[X86State.EFLAGS_SYS] & Eflags.TF) != 0;
    }

    @Override
    boolean beforeSingleStep() {
        return true;
    }

    @Override
    void afterSingleStep() {
        if (machine.trap == null) {
            machine.trap = 1;
        }
    }

    /** Memory and services. */
    private static final class Machine extends GuestContext {
        /** Vector of the trap the program was left with, or null. */
        private Integer trap;

        Machine() {
            super(X86State.LAYOUT);
            ram = new byte[RAM];
            readMap = new int[1 << 20];
            writeMap = new int[1 << 20];
            Arrays.fill(readMap, -1);
            Arrays.fill(writeMap, -1);
            readMap[(int) (Layout.READ_ONLY >>> 12)] = READ_ONLY_FRAME;
            for (int i = 0; i < 2; i++) {
                readMap[(int) (Layout.SCRATCH >>> 12) + i] = SCRATCH_FRAMES[i];
                writeMap[(int) (Layout.SCRATCH >>> 12) + i] = SCRATCH_FRAMES[i];
                readMap[(int) (Layout.CODE >>> 12) + i] = CODE_FRAMES[i];
            }
        }

        /** RAM index of a byte, or the page fault. */
        private int index(long va, boolean write) {
            if (va >>> 47 != 0 && va >> 47 != -1) {
                throw raise(GP, 0);
            }
            int[] map = write ? writeMap : readMap;
            if (va >>> 32 != 0 || map[(int) (va >>> 12)] < 0) {
                boolean present = va >>> 32 == 0 && readMap[(int) (va >>> 12)] >= 0;
                s[X86State.CR2] = va;
                throw raise(PF, PF_USER | (write ? PF_WRITE : 0) | (present ? PF_PRESENT : 0));
            }
            return map[(int) (va >>> 12)] << 12 | (int) va & 0xfff;
        }

        @Override
        public long loadSlow(long va, int bits, boolean rmw) {
            long v = 0;
            for (int k = 0; k < bits / 8; k++) {
                v |= (ram[index(va + k, rmw)] & 0xffL) << 8 * k;
            }
            return bits == 32 ? (int) v : v;
        }

        @Override
        public void storeSlow(long va, long value, int bits) {
            for (int k = 0; k < bits / 8; k++) {
                index(va + k, true);
            }
            for (int k = 0; k < bits / 8; k++) {
                ram[index(va + k, true)] = (byte) (value >> 8 * k);
            }
        }

        @Override
        public void segmentCheckSlow(int segment, long offset, int bytes, boolean write) {
            throw new IllegalStateException("64-bit code checked a segment limit");
        }

        @Override
        public long vmcall(int number, long a, long b, long c) {
            X86Service service = X86Service.of(number);
            switch (service) {
                case RAISE -> throw raise((int) a, (int) b);
                case X87_ERROR -> throw raise((int) a, -1);
                case UNIMPLEMENTED, HYPERCALL, CLAC_STAC -> throw raise(UD, -1);
                case REQUIRE_CPL0, HLT, CLI_STI, IN, OUT, INS, OUTS, READ_CR, WRITE_CR, READ_DR, WRITE_DR, CLTS, LMSW, RDMSR, WRMSR, RDPMC,
                        XSETBV, CACHE_CONTROL, INVLPG, SWAPGS -> throw raise(GP, 0);
                case POPF -> {
                    Eflags.set(s, (int) a, b == 16 ? USER_FLAGS & 0xffff : USER_FLAGS);
                    return 0;
                }
                case CACHE_LINE -> {
                    index(a, false);
                    return 0;
                }
                case PAUSE, REQUIRE_NO_UMIP -> {
                    return 0;
                }
                case INTERRUPT -> {
                    return interrupt((int) a, (int) b & 0xff, c);
                }
                default -> throw new IllegalStateException("a user program asked for " + service);
            }
        }

        /** Linux lets programs through the gates of #BP and #OF only. INT1 is no software interrupt: SDM vol. 2 under INT n. */
        private long interrupt(int kind, int vector, long next) {
            if (kind == 0 && vector != 3 && vector != 4) {
                throw raise(GP, vector << 3 | 2);
            }
            s[X86State.RIP] = next;
            trap = vector;
            return 0;
        }
    }
}
