package org.gearshift.vmm.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Event channels: binding, pending and mask bits, and when the upcall is due. */
class EventChannelsTest {
    private static final long AT = MiniKernel.DATA;

    private Domain domain;

    @BeforeEach
    void build() {
        domain = MiniKernel.domain();
    }

    private long operation(int command, long... words) {
        for (int i = 0; i < words.length; i++) {
            domain.guest.write32(AT + 4L * i, words[i]);
        }
        return domain.events.operation(new long[] {command, AT, 0, 0, 0, 0});
    }

    private int bindTimer() {
        assertEquals(0, operation(1, EventChannels.VIRQ_TIMER, 0));
        return (int) domain.guest.read32(AT + 8);
    }

    @Test
    void anEventIsPendingUntilUnmasked() {
        int port = bindTimer();
        domain.memory.write(domain.shared.address() + 0xa00, -1, 64);
        domain.events.raiseVirq(domain.vcpu, EventChannels.VIRQ_TIMER);
        assertTrue(domain.shared.pending(port));
        assertFalse(domain.vcpu.info.upcallPending());
        assertEquals(0, operation(9, port));
        assertTrue(domain.vcpu.info.upcallPending());
        assertFalse(domain.vcpu.pending(), "events are masked as a whole");
        domain.vcpu.info.setUpcallMask(0);
        domain.vcpu.checkUpcall();
        assertTrue(domain.vcpu.pending());
    }

    @Test
    void aVirtualInterruptIsBoundOnce() {
        bindTimer();
        assertEquals(Errno.EEXIST, operation(1, EventChannels.VIRQ_TIMER, 0));
        assertEquals(Errno.EINVAL, operation(1, 24, 0));
        assertEquals(Errno.ENOENT, operation(1, 1, 1));
        assertEquals(Errno.EINVAL, operation(1, 2, 1), "one of the domain's, for another than the first vCPU");
    }

    @Test
    void portsAreThosesOfTheDomainOnly() {
        assertEquals(Errno.EINVAL, operation(3, 0));
        assertEquals(Errno.EINVAL, operation(3, 4096));
        assertEquals(Errno.EINVAL, operation(4, 0xffffffffL));
        assertEquals(Errno.ESRCH, operation(6, 7));
        assertEquals(Errno.EPERM, operation(6, 0));
        assertEquals(Errno.ENOSYS, operation(11, 0), "2-level channels only");
    }

    @Test
    void aBackendTakesTheOtherEnd() {
        assertEquals(0, operation(6, 0x7ff0));
        int port = (int) domain.guest.read32(AT + 4);
        int[] notified = {0};
        assertTrue(domain.events.bind(port, () -> notified[0]++));
        assertFalse(domain.events.bind(port, () -> { }), "once");
        assertEquals(0, operation(4, port));
        assertEquals(1, notified[0]);
        assertEquals(0, operation(3, port));
        assertEquals(Errno.EINVAL, operation(4, port));
    }

    @Test
    void aPollEndsWithOneOfItsPorts() {
        int port = bindTimer();
        domain.memory.write(domain.shared.address() + 0xa00, -1, 64);
        domain.guest.write32(AT + 64, port);
        assertEquals(0, domain.events.poll(AT + 64, 1, 0));
        assertTrue(domain.vcpu.cpu.halted);
        domain.events.raiseVirq(domain.vcpu, EventChannels.VIRQ_TIMER);
        assertFalse(domain.vcpu.cpu.halted);
        assertEquals(0, domain.events.poll(AT + 64, 1, 0), "pending already");
        assertFalse(domain.vcpu.cpu.halted);
    }

    @Test
    void blockingTakesEventsAgain() {
        domain.vcpu.info.setUpcallMask(1);
        assertEquals(0, domain.sched.operation(new long[] {1, 0, 0, 0, 0, 0}));
        assertEquals(0, domain.vcpu.info.upcallMask());
        assertTrue(domain.vcpu.cpu.halted);
        bindTimer();
        domain.events.raiseVirq(domain.vcpu, EventChannels.VIRQ_TIMER);
        assertFalse(domain.vcpu.cpu.halted);
    }
}
