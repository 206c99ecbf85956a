package org.gearshift.vmm.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** vCPUs of a domain: brought up in the state asked for, taken down, each with its own shared data, descriptors, timers and events. */
class VcpuOperationsTest {
    private static final long AT = MiniKernel.DATA;
    private static final long CONTEXT = MiniKernel.DATA + 0x1000;
    private static final long INFO = MiniKernel.DATA + 0x4000;
    private static final int INITIALISE = 0;
    private static final int UP = 1;
    private static final int DOWN = 2;
    private static final int IS_UP = 3;
    private static final int REGISTER_INFO = 10;

    private Domain domain;

    @BeforeEach
    void build() {
        domain = MiniKernel.domain(3);
    }

    private long operation(int command, long vcpu, long at) {
        try {
            return domain.vcpuOperations.operation(new long[] {command, vcpu, at, 0, 0, 0});
        } catch (GuestPointerFault f) {
            return Errno.EFAULT;
        }
    }

    private long events(int command, long... words) {
        for (int i = 0; i < words.length; i++) {
            domain.guest.write32(AT + 4L * i, words[i]);
        }
        return domain.events.operation(new long[] {command, AT, 0, 0, 0, 0});
    }

    private int frameOf(long va) {
        return (int) domain.tables.mappedFrame(domain.tables.leafEntry(domain.vcpu(0).kernelBase(), va));
    }

    /** A context that begins in the kernel at an address, on the first vCPU's tables, without a GDT of its own. */
    private void context(long rip) {
        domain.guest.write(CONTEXT, new byte[5168]);
        domain.guest.write64(CONTEXT + 512, 1 << 2);
        domain.guest.write64(CONTEXT + 520 + 14 * 8, 77);
        domain.guest.write64(CONTEXT + 520 + 128, rip);
        domain.guest.write16(CONTEXT + 520 + 136, Ring3Kernel.KERNEL_CS);
        domain.guest.write64(CONTEXT + 520 + 144, 1 << 12);
        domain.guest.write64(CONTEXT + 520 + 152, MiniKernel.DATA + 0x800);
        domain.guest.write16(CONTEXT + 520 + 160, Ring3Kernel.KERNEL_SS);
        domain.guest.write64(CONTEXT + 720 + 14 * 16 + 8, MiniKernel.CODE + 14);
        domain.guest.write64(CONTEXT + 4976, MiniKernel.DATA + 0x900);
        domain.guest.write64(CONTEXT + 5008, (long) domain.vcpu(0).kernelBase() << 12);
        domain.guest.write64(CONTEXT + 5112, MiniKernel.CODE + 1);
        domain.guest.write64(CONTEXT + 5128, MiniKernel.CODE + 3);
        domain.guest.write64(CONTEXT + 5152, 0x1234_5000);
    }

    @Test
    void aVcpuBeginsInTheStateAskedFor() {
        context(MiniKernel.CODE + 5);
        assertEquals(0, operation(IS_UP, 1, 0));
        assertEquals(Errno.EINVAL, operation(UP, 1, 0), "nobody has said where it begins");
        int references = domain.frames.uses(domain.vcpu(0).kernelBase());
        assertEquals(0, operation(INITIALISE, 1, CONTEXT));
        assertEquals(references + 1, domain.frames.uses(domain.vcpu(0).kernelBase()), "its tables are in use");
        assertFalse(domain.ready(1));
        assertEquals(0, operation(UP, 1, 0));
        assertEquals(1, operation(IS_UP, 1, 0));
        assertTrue(domain.ready(1));
        VirtualCpu v = domain.vcpu(1);
        assertEquals(MiniKernel.CODE + 5, v.s[X86State.RIP]);
        assertEquals(MiniKernel.DATA + 0x800, v.s[X86State.RSP]);
        assertEquals(77, v.s[X86State.RDI]);
        assertEquals(0x1234_5000, v.s[X86State.SEG_BASE + X86State.GS]);
        assertEquals(MiniKernel.DATA + 0x900, v.kernelStack());
        assertEquals(MiniKernel.CODE + 14, v.traps.handler(14));
        assertEquals(MiniKernel.CODE + 1, v.eventCallback.address);
        assertEquals(MiniKernel.CODE + 3, v.syscall.address);
        assertEquals(HypervisorSpace.gdt(1), v.s[X86State.GDTR_BASE]);
        assertEquals(1, v.info.upcallMask(), "events are held back");
        assertTrue(v.kernel());
        assertEquals(Errno.EEXIST, operation(INITIALISE, 1, CONTEXT));
    }

    @Test
    void aStateThatCannotBeIsRefusedAndTakesNothing() {
        int root = domain.vcpu(0).kernelBase();
        int uses = domain.frames.uses(root);
        context(HypervisorSpace.START);
        assertEquals(Errno.EINVAL, operation(INITIALISE, 1, CONTEXT), "an address in the hypervisor's hole");
        context(MiniKernel.CODE);
        domain.guest.write64(CONTEXT + 5008, (long) HypervisorSpace.GDT_FRAME << 12);
        assertEquals(Errno.EINVAL, operation(INITIALISE, 1, CONTEXT), "tables that are not the domain's");
        context(MiniKernel.CODE);
        domain.guest.write64(CONTEXT + 4960, 16);
        domain.guest.write64(CONTEXT + 4832, root);
        assertEquals(Errno.EINVAL, operation(INITIALISE, 1, CONTEXT), "a page table for descriptors");
        assertEquals(uses, domain.frames.uses(root));
        assertEquals(Errno.EFAULT, operation(INITIALISE, 1, HypervisorSpace.START));
        assertEquals(Errno.ENOENT, operation(INITIALISE, 3, CONTEXT));
        assertEquals(Errno.EINVAL, operation(INITIALISE, -1, CONTEXT));
    }

    @Test
    void eachHasItsOwnInfo() {
        domain.guest.write64(AT, frameOf(INFO));
        domain.guest.write32(AT + 8, 64);
        assertEquals(0, operation(REGISTER_INFO, 1, AT));
        assertEquals(1, domain.guest.read8(INFO + 64), "everything is pending after a move");
        assertEquals(Errno.EINVAL, operation(REGISTER_INFO, 1, AT), "once");
        domain.guest.write32(AT + 8, 65);
        assertEquals(Errno.ENXIO, operation(REGISTER_INFO, 2, AT));
        domain.guest.write32(AT + 8, 0x1000 - 32);
        assertEquals(Errno.ENXIO, operation(REGISTER_INFO, 2, AT));
        assertFalse(domain.vcpu(0).info.upcallPending());
    }

    @Test
    void eventsGoToTheirVcpu() {
        assertEquals(0, events(7, 1));
        int ipi = (int) domain.guest.read32(AT + 4);
        assertEquals(0, events(1, EventChannels.VIRQ_TIMER, 2));
        assertEquals(Errno.ENOENT, events(7, 3));
        assertEquals(Errno.ENOENT, events(1, EventChannels.VIRQ_TIMER, 3));
        assertEquals(0, events(4, ipi));
        assertTrue(domain.vcpu(1).info.upcallPending());
        assertFalse(domain.vcpu(0).info.upcallPending());
        domain.events.raiseVirq(domain.vcpu(2), EventChannels.VIRQ_TIMER);
        assertTrue(domain.vcpu(2).info.upcallPending());
        domain.events.raiseVirq(domain.vcpu(1), EventChannels.VIRQ_TIMER);
        assertEquals(Errno.EINVAL, events(8, ipi, 0), "an IPI stays where it is");
    }

    @Test
    void anOfferedPortMovesToAnotherVcpu() {
        domain.guest.write16(AT, 0x7ff0);
        domain.guest.write16(AT + 2, 0);
        assertEquals(0, domain.events.operation(new long[] {6, AT, 0, 0, 0, 0}));
        int port = (int) domain.guest.read32(AT + 4);
        assertEquals(0, events(8, port, 2));
        domain.events.raise(port);
        assertTrue(domain.vcpu(2).info.upcallPending());
        assertFalse(domain.vcpu(0).info.upcallPending());
    }

    @Test
    void theLastOneDownEndsTheDomain() {
        context(MiniKernel.CODE);
        operation(INITIALISE, 1, CONTEXT);
        operation(UP, 1, 0);
        assertEquals(0, operation(DOWN, 0, 0));
        assertFalse(domain.ended());
        assertEquals(0, operation(IS_UP, 0, 0));
        assertEquals(0, operation(DOWN, 1, 0));
        assertTrue(domain.ended());
    }

    @Test
    void aTimerIsItsOwnersOnly() {
        domain.guest.write64(AT, 1_000_000);
        domain.guest.write32(AT + 8, 0);
        assertEquals(0, operation(8, 0, AT));
        assertEquals(Errno.EINVAL, operation(8, 1, AT));
        assertEquals(Errno.EINVAL, operation(9, 1, AT));
    }
}
