package org.gearshift.vmm.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import org.gearshift.ir.GuestFault;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.Test;

/**
 * A domain that calls every hypercall with whatever comes to mind: frames of its own and of others, pointers to anywhere, structures of its own making. It may end itself or be
 * ended; it never gets at what is not its own, and no request is an error of the hypervisor's. {@code -Dgearshift.hostile.calls=1000000} for the long form.
 */
class HostileDomainTest {
    private static final int CALLS = Integer.getInteger("gearshift.hostile.calls", 60_000);
    private static final long SEED = Long.getLong("gearshift.hostile.seed", 20261129);
    private static final int AUDIT_EVERY = 4_000;
    private static final int[] REGISTERS = {X86State.RDI, X86State.RSI, X86State.RDX, X86State.GPR + 10, X86State.GPR + 8};
    private static final long SCRATCH = MiniKernel.DATA;
    private static final int SCRATCH_PAGES = 12;
    private static final long SELF = 0x7ff0;
    private static final int LAST_NUMBER = 64;

    private final SplittableRandom random = new SplittableRandom(SEED);
    private Domain domain;
    private long hypervisor;
    private int domains;
    private long refused;

    private long hypervisorSum() {
        CRC32 crc = new CRC32();
        byte[] ram = domain.memory.ram().bytes();
        // Not the shared page, which is the guest's to write, nor the parts of the descriptor area and the machine-to-physical table that it fills by hypercalls.
        crc.update(ram, 0, HypervisorSpace.SHARED_INFO_FRAME << 12);
        crc.update(ram, 8 << 12, 3 << 12);
        return crc.getValue();
    }

    private void start() {
        domain = MiniKernel.domain();
        hypervisor = hypervisorSum();
        domains++;
    }

    @Test
    void nothingTheGuestAsksForReachesOutsideIt() {
        start();
        for (int i = 1; i <= CALLS; i++) {
            try {
                oneCall();
            } catch (RuntimeException e) {
                throw new AssertionError("call " + i + ", seed " + SEED + ": " + description(), e);
            }
            if (i % AUDIT_EVERY == 0) {
                audit();
            }
            if (domain.ended()) {
                audit();
                start();
            }
        }
        audit();
        assertTrue(refused > CALLS / 4, "refused: " + refused);
        assertTrue(domains < CALLS / 20, "domains: " + domains);
    }

    private String description() {
        StringBuilder b = new StringBuilder();
        for (int r : REGISTERS) {
            b.append(' ').append(Long.toHexString(domain.vcpu.s[r]));
        }
        return "hypercall " + number + b;
    }

    private long number;

    private void oneCall() {
        if (!readyToCall()) {
            start();
        }
        fillScratch();
        long[] s = domain.vcpu.s;
        for (int r : REGISTERS) {
            s[r] = value();
        }
        number = random.nextInt(20) == 0 ? random.nextLong() & 0xffffffffL : random.nextInt(LAST_NUMBER);
        shape(s);
        if (random.nextInt(8) == 0) {
            store();
            return;
        }
        s[X86State.RAX] = number;
        domain.vcpu.cpu.halted = false;
        domain.hypercalls.enter(domain.vcpu);
        if (s[X86State.RAX] < 0) {
            refused++;
        }
    }

    /** Whether its tables still map what the test works on: the domain may have unmapped it. */
    private boolean readyToCall() {
        try {
            for (int i = 0; i < 2; i++) {
                domain.guest.read64(SCRATCH + i * 0x1000L);
            }
            return domain.vcpu.kernel();
        } catch (GuestPointerFault f) {
            return false;
        }
    }

    /** Makes arguments likely that get past the first check. */
    private void shape(long[] s) {
        if (random.nextInt(4) != 0) {
            switch ((int) number) {
                case 1, 26 -> {
                    s[X86State.RDI] = pointer();
                    s[X86State.RSI] = random.nextInt(1, 6);
                    s[X86State.RDX] = random.nextBoolean() ? 0 : pointer();
                    s[X86State.GPR + 10] = SELF;
                }
                case 13 -> {
                    s[X86State.RDI] = pointer();
                    s[X86State.RSI] = random.nextInt(1, 5);
                }
                case 12, 17, 29, 30, 32, 33 -> {
                    s[X86State.RDI] = random.nextInt(15);
                    s[X86State.RSI] = pointer();
                }
                case 20, 24 -> {
                    s[X86State.RDI] = random.nextInt(14);
                    s[X86State.RSI] = number == 24 ? 0 : pointer();
                    s[X86State.RDX] = number == 24 ? pointer() : random.nextInt(1, 4);
                }
                default -> { }
            }
        }
        // Ending itself, and leaving through iret, are well tried and leave nothing to try.
        if ((number == 29 || number == 24) && s[X86State.RDI] == 2 || number == 23 && random.nextInt(16) != 0) {
            s[X86State.RDI] = 0;
            number = 17;
        }
    }

    /** A store to one of its tables. */
    private void store() {
        int frame = ownFrame();
        long va = MiniKernel.BASE + (domain.space.m2p(frame) << 12) + random.nextInt(512) * 8L;
        try {
            domain.vcpu.cpu.storeSlow(va, value(), random.nextInt(3) == 0 ? 32 : 64);
        } catch (GuestFault f) {
            refused++;
        }
    }

    private void fillScratch() {
        for (int i = 0; i < 12; i++) {
            try {
                domain.guest.write64(SCRATCH + random.nextInt(0x200) * 8L, value());
            } catch (GuestPointerFault f) {
                return;
            }
        }
        if (random.nextInt(3) == 0) {
            // A run of requests that look right.
            for (int i = 0; i < 8; i++) {
                try {
                    domain.guest.write64(SCRATCH + 16L * i, (long) ownFrame() << 12 | random.nextInt(512) * 8L | random.nextInt(3));
                    domain.guest.write64(SCRATCH + 16L * i + 8, entry());
                } catch (GuestPointerFault f) {
                    return;
                }
            }
        }
    }

    private int ownFrame() {
        int first = domain.space.firstDomainFrame();
        return switch (random.nextInt(4)) {
            case 0 -> domain.vcpu.kernelBase();
            case 1 -> domain.vcpu.kernelBase() + random.nextInt(12);
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
        return SCRATCH + random.nextInt(0x200) * 8L;
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
            case 7 -> HypervisorSpace.START + random.nextLong(1L << 40);
            case 8 -> SCRATCH + random.nextInt(SCRATCH_PAGES * 0x1000);
            case 9 -> MiniKernel.BASE + random.nextInt(16 << 20);
            case 10 -> 0;
            default -> pointer();
        };
    }

    /** Everything the hypervisor promises itself about the domain's tables, from the tables alone. */
    private void audit() {
        assertEquals(hypervisor, hypervisorSum(), "the hypervisor's own frames");
        FrameTable frames = domain.frames;
        int[] writable = new int[frames.frames()];
        int[] uses = new int[frames.frames()];
        for (int f = 0; f < frames.frames(); f++) {
            if (!frames.isTable(f)) {
                continue;
            }
            assertTrue(frames.isDomains(f), "table " + f + " is the domain's");
            assertTrue(frames.validated(f), "table " + f + " has been checked");
            int level = frames.use(f);
            for (int i = 0; i < 512; i++) {
                long e = domain.memory.ram().get64(((long) f << 12) + 8L * i);
                if ((e & 1) == 0 || level == FrameTable.L4 && !HypervisorSpace.guestSlot(i)) {
                    continue;
                }
                int target = (int) PageTables.frameOf(e);
                assertTrue(frames.isDomains(target), "what " + f + "[" + i + "] leads to is the domain's");
                if (level > FrameTable.L1) {
                    assertEquals(level - 1, frames.use(target), "level below " + f);
                    uses[target]++;
                } else if ((e & 2) != 0) {
                    writable[target]++;
                }
            }
        }
        for (int f = 0; f < frames.frames(); f++) {
            if (writable[f] > 0) {
                assertFalse(frames.isTable(f), "a writable mapping of table " + f);
                assertEquals(FrameTable.WRITABLE, frames.use(f));
                assertTrue(frames.uses(f) >= writable[f], "uses of " + f);
            }
            assertTrue(frames.uses(f) >= uses[f], "uses of table " + f);
        }
        assertEquals(0, Arrays.stream(writable, 0, HypervisorSpace.SHARED_INFO_FRAME).sum());
    }
}
