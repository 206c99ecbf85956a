package org.gearshift.vmm.xen;

import java.util.SplittableRandom;
import org.gearshift.ir.GuestFault;
import org.gearshift.translator.x86.X86State;

/** A vCPU whose kernel asks for what comes to mind: seeded, so that it can be asked again. */
final class HostileVcpu {
    private static final int[] REGISTERS_64 = {X86State.RDI, X86State.RSI, X86State.RDX, X86State.GPR + 10, X86State.GPR + 8};
    private static final int[] REGISTERS_32 = {X86State.RBX, X86State.RCX, X86State.RDX, X86State.RSI, X86State.RDI};
    private static final int SCRATCH_PAGES = 12;
    private static final long SELF = 0x7ff0;
    private static final int LAST_NUMBER = 64;
    private static final int MULTICALL = 13;

    private final Domain domain;
    private final VirtualCpu v;
    private final SplittableRandom random;
    private final Abi abi;
    /** Registers of arguments, the first five. */
    private final int[] registers;
    private final long scratch;
    private final long base;
    private long number;
    private long refused;

    HostileVcpu(Domain domain, VirtualCpu v, long seed) {
        this.domain = domain;
        this.v = v;
        random = new SplittableRandom(seed);
        abi = domain.abi;
        registers = abi.is32() ? REGISTERS_32 : REGISTERS_64;
        base = MiniKernel.in(domain, MiniKernel.BASE);
        scratch = MiniKernel.in(domain, MiniKernel.DATA);
        // As in front of an instruction that may wait for others.
        v.cpu.exact = true;
    }

    long refused() {
        return refused;
    }

    @Override
    public String toString() {
        StringBuilder b = new StringBuilder("vCPU " + v.number + ", hypercall " + number);
        for (int r : registers) {
            b.append(' ').append(Long.toHexString(v.s[r]));
        }
        return b.toString();
    }

    /** Brings another vCPU up, in the kernel, on this one's tables. */
    void bringUp(int other) {
        v.guest.write(scratch, new byte[5168]);
        context();
        for (int command = 0; command < 2; command++) {
            call(24, command, other, scratch);
            if (v.s[X86State.RAX] != 0) {
                throw new AssertionError("vcpu_op " + command + ": " + v.s[X86State.RAX]);
            }
        }
        domain.ready(other);
    }

    /** The parts of a struct vcpu_guest_context that must be right. */
    private void context() {
        long entry = MiniKernel.in(domain, MiniKernel.CODE);
        v.guest.writeWord(scratch + 512, 4);
        if (abi.is32()) {
            v.guest.write32(scratch + 516 + 32, entry);
            v.guest.write16(scratch + 516 + 36, Ring1Kernel.KERNEL_CS);
            v.guest.write16(scratch + 516 + 48, Ring1Kernel.KERNEL_DS);
            v.guest.write32(scratch + 2728, abi.baseOfFrame(v.kernelBase()));
            return;
        }
        v.guest.write64(scratch + 520 + 128, entry);
        v.guest.write16(scratch + 520 + 136, Ring3Kernel.KERNEL_CS);
        v.guest.write16(scratch + 520 + 160, Ring3Kernel.KERNEL_SS);
        v.guest.write64(scratch + 5008, (long) v.kernelBase() << 12);
    }

    private void call(long nr, long... arguments) {
        number = nr;
        for (int i = 0; i < registers.length; i++) {
            v.s[registers[i]] = i < arguments.length ? arguments[i] : 0;
        }
        v.s[X86State.RAX] = nr;
        domain.hypercalls.enter(v);
    }

    /** Whether it is up, in its kernel, and its tables still map what is worked on: the domain may have unmapped it. */
    boolean ready() {
        try {
            if (!domain.ready(v.number) || !v.kernel() || v.kernelBase() == 0) {
                return false;
            }
            for (int i = 0; i < 2; i++) {
                v.guest.read64(scratch + i * 0x1000L);
            }
            return true;
        } catch (GuestPointerFault f) {
            return false;
        }
    }

    void rest() {
        v.mmu.rest();
    }

    void runOn(Thread thread) {
        v.mmu.runOn(thread);
        if (thread == null) {
            v.mmu.wake();
        }
    }

    /** Acts so often, or until it cannot go on. On the thread of {@link #runOn}. @return how often it has */
    int actUpTo(int times) {
        int done = 0;
        v.mmu.wake();
        try {
            while (done < times && !domain.ended() && ready()) {
                if (v.mmu.hasNews()) {
                    v.mmu.takeNews();
                }
                act();
                done++;
            }
        } finally {
            v.mmu.rest();
        }
        return done;
    }

    /** Makes one call, or one store to what may be a table. */
    void act() {
        fillScratch();
        long[] s = v.s;
        for (int r : registers) {
            s[r] = value();
        }
        number = random.nextInt(20) == 0 ? random.nextLong() & 0xffffffffL : random.nextInt(LAST_NUMBER);
        shape(s);
        if (random.nextInt(8) == 0) {
            store();
            return;
        }
        s[X86State.RAX] = number;
        v.cpu.halted = false;
        domain.hypercalls.enter(v);
        if (s[X86State.RAX] < 0) {
            refused++;
        }
    }

    /** Makes arguments likely that get past the first check. */
    private void shape(long[] s) {
        if (random.nextInt(4) != 0) {
            switch ((int) number) {
                case 1, 26 -> {
                    s[registers[0]] = pointer();
                    s[registers[1]] = random.nextInt(1, 6);
                    s[registers[2]] = random.nextBoolean() ? 0 : pointer();
                    s[registers[3]] = SELF;
                }
                case MULTICALL -> calls(s);
                case 12, 17, 29, 30, 32, 33 -> {
                    s[registers[0]] = random.nextInt(15);
                    s[registers[1]] = pointer();
                }
                case 20 -> {
                    s[registers[0]] = random.nextInt(14);
                    s[registers[1]] = pointer();
                    s[registers[2]] = random.nextInt(1, 4);
                }
                case 24 -> vcpuOperation(s);
                default -> { }
            }
        }
        // Ending itself, and leaving through iret, are well tried and leave nothing to try.
        if (number == 29 && s[registers[0]] == 2 || number == 24 && s[registers[0]] == 2 && random.nextInt(64) != 0 || number == 23 && random.nextInt(16) != 0) {
            s[registers[0]] = 0;
            number = 17;
        }
    }

    /** A list of calls, each with arguments of its own, some of them lists again. */
    private void calls(long[] s) {
        int count = random.nextInt(1, 6);
        long list = scratch + 0x200;
        try {
            for (int i = 0; i < count; i++) {
                long[] op = {random.nextInt(4) == 0 ? MULTICALL : random.nextInt(LAST_NUMBER), 0, random.nextBoolean() ? pointer() : value(), random.nextInt(6), value(), SELF};
                // It would end the domain.
                op[0] = op[0] == 29 || op[0] == 24 ? 14 : op[0];
                for (int k = 0; k < op.length; k++) {
                    v.guest.writeWord(list + abi.word() * (8L * i + k), op[k]);
                }
            }
        } catch (GuestPointerFault f) {
            return;
        }
        s[registers[0]] = list;
        s[registers[1]] = count;
    }

    private void vcpuOperation(long[] s) {
        s[registers[0]] = random.nextInt(14);
        s[registers[1]] = random.nextInt(5);
        s[registers[2]] = pointer();
        if (s[registers[0]] == 0 && random.nextBoolean()) {
            try {
                context();
                v.guest.write64(scratch + 8L * random.nextInt(646), value());
                s[registers[2]] = scratch;
            } catch (GuestPointerFault f) {
                s[registers[2]] = value();
            }
        }
    }

    /** A store to one of its tables, by itself or as the second half of a locked operation, or half of 16 bytes. */
    private void store() {
        int frame = ownFrame();
        long va = base + (domain.space.m2p(frame) << 12) + random.nextInt(512) * 8L;
        int bits = random.nextInt(3) == 0 ? 32 : 64;
        try {
            switch (domain.memory.isShared() ? random.nextInt(4) : 0) {
                case 1 -> v.cpu.compareAndSwapSlow(va, v.cpu.loadSlow(va, bits, true), value(), bits);
                case 2 -> v.cpu.compareAndSwapPair(va & ~15L, v.cpu.loadSlow(va & ~15L, 64, false), v.cpu.loadSlow(va | 8, 64, false), value(), value());
                default -> v.cpu.storeSlow(va, value(), bits);
            }
        } catch (GuestFault f) {
            refused++;
        }
    }

    private void fillScratch() {
        for (int i = 0; i < 12; i++) {
            try {
                v.guest.write64(scratch + random.nextInt(0x200) * 8L, value());
            } catch (GuestPointerFault f) {
                return;
            }
        }
        if (random.nextInt(3) == 0) {
            // A run of requests that look right.
            for (int i = 0; i < 8; i++) {
                try {
                    v.guest.write64(scratch + 16L * i, (long) ownFrame() << 12 | random.nextInt(512) * 8L | random.nextInt(3));
                    v.guest.write64(scratch + 16L * i + 8, entry());
                } catch (GuestPointerFault f) {
                    return;
                }
            }
        }
    }

    private int ownFrame() {
        int first = domain.space.firstDomainFrame();
        return switch (random.nextInt(4)) {
            case 0 -> v.kernelBase();
            case 1 -> v.kernelBase() + random.nextInt(12);
            default -> first + random.nextInt(domain.frames.frames() - first);
        };
    }

    private long entry() {
        return switch (random.nextInt(6)) {
            case 0 -> 0;
            case 1 -> (long) random.nextInt(domain.frames.frames() + 4) << 12 | random.nextInt(8);
            case 2 -> (long) random.nextInt(12) << 12 | 1 | random.nextInt(2) * 2;
            default -> (long) ownFrame() << 12 | 1 | random.nextInt(4) * 2 | random.nextInt(2) * 0x60L;
        };
    }

    private long pointer() {
        return scratch + random.nextInt(0x200) * 8L;
    }

    private long value() {
        return switch (random.nextInt(12)) {
            case 0 -> random.nextLong();
            case 1 -> random.nextInt();
            case 2 -> random.nextInt(40);
            case 3 -> SELF;
            case 4 -> ownFrame();
            case 5 -> (long) ownFrame() << 12 | random.nextInt(512) * 8L;
            case 6 -> entry();
            case 7 -> abi.is32() ? Abi.HOLE_32 + random.nextLong(1L << 27) : HypervisorSpace.START + random.nextLong(1L << 40);
            case 8 -> scratch + random.nextInt(SCRATCH_PAGES * 0x1000);
            case 9 -> base + random.nextInt(16 << 20);
            case 10 -> 0;
            default -> pointer();
        };
    }
}
