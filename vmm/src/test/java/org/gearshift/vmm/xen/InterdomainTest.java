package org.gearshift.vmm.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.CRC32;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.XenVm;
import org.gearshift.vmm.policy.IsolationPolicy;
import org.gearshift.vmm.policy.Label;
import org.gearshift.vmm.policy.ReferenceMonitor;
import org.gearshift.vmm.policy.Sharing;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Event channels and grants between two domains, and what a policy leaves of them. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InterdomainTest {
    private static final long SELF = 0x7ff0;
    private static final long AT = MiniKernel.DATA;
    /** A page of the owner's that is granted, and where the other maps it. */
    private static final long PAGE = MiniKernel.DATA + 0x5000;
    private static final int REFERENCE = 8;
    private static final int GENERAL_ERROR = -1;
    private static final int PERMISSION_DENIED = -8;
    private static final int HOST_MAP = 2;
    private static final int READ_ONLY = 4;
    private static final long LIMIT = 50_000_000;

    private final ReferenceMonitor monitor = new ReferenceMonitor(new IsolationPolicy.Builder().type("red", EnumSet.allOf(Sharing.class))
            .type("blue", EnumSet.allOf(Sharing.class)).type("ring", EnumSet.of(Sharing.EVENT_CHANNEL))
            .machine("red-1", label("red")).machine("red-2", label("red", "ring")).machine("blue-1", label("blue", "ring")).build());
    private final DomainGroup group = new DomainGroup(monitor);

    private static Label label(String... types) {
        return new Label(Set.of(types), Set.of());
    }

    private static long events(Domain d, int command, long... words) {
        for (int i = 0; i < words.length; i++) {
            d.guest.write32(AT + 4L * i, words[i]);
        }
        return d.events.operation(new long[] {command, AT, 0, 0, 0, 0});
    }

    /** {domain, remote} in one word: alloc_unbound. @return the port */
    private static int offer(Domain d, int to) {
        assertEquals(0, events(d, 6, SELF | (long) to << 16));
        return (int) d.guest.read32(AT + 4);
    }

    private static long bind(Domain d, Domain other, long port) {
        return events(d, 0, other.id, port);
    }

    private static long frameOf(Domain d, long va) {
        return d.tables.mappedFrame(d.tables.leafEntry(d.vcpu.kernelBase(), va));
    }

    private static void grant(Domain d, int reference, int to, long frame, boolean readOnly) {
        d.guest.write16(AT, SELF);
        d.guest.write32(AT + 4, 1);
        d.guest.write64(AT + 16, AT + 64);
        d.grants.operation(new long[] {2, AT, 1});
        long table = d.guest.read64(AT + 64) << 12;
        d.memory.write(table + 8L * reference + 4, frame, 32);
        d.memory.write(table + 8L * reference, 1 | (readOnly ? 4 : 0) | (long) to << 16, 32);
    }

    private static int flags(Domain d, int reference) {
        return (int) d.memory.read((d.guest.read64(AT + 64) << 12) + 8L * reference, 16);
    }

    /** @return the status */
    private static int map(Domain d, long va, int flags, int reference, int owner) {
        d.guest.write64(AT + 128, va);
        d.guest.write32(AT + 136, flags);
        d.guest.write32(AT + 140, reference);
        d.guest.write16(AT + 144, owner);
        assertEquals(0, d.grants.operation(new long[] {0, AT + 128, 1}));
        return (short) d.guest.read16(AT + 146);
    }

    private static int unmap(Domain d, long va, long handle) {
        d.guest.write64(AT + 128, va);
        d.guest.write64(AT + 136, 0);
        d.guest.write32(AT + 144, handle);
        assertEquals(0, d.grants.operation(new long[] {1, AT + 128, 1}));
        return (short) d.guest.read16(AT + 148);
    }

    private static int copy(Domain d, long source, int from, long target, int to, int length, int flags) {
        d.guest.write64(AT + 128, source);
        d.guest.write16(AT + 136, from);
        d.guest.write16(AT + 138, 0x10);
        d.guest.write64(AT + 144, target);
        d.guest.write16(AT + 152, to);
        d.guest.write16(AT + 154, 0x20);
        d.guest.write16(AT + 160, length);
        d.guest.write16(AT + 162, flags);
        assertEquals(0, d.grants.operation(new long[] {5, AT + 128, 1}));
        return (short) d.guest.read16(AT + 164);
    }

    @Test
    void domainsHaveNumbersOfTheirOwn() {
        Domain a = MiniKernel.domain(group, "red-1");
        Domain b = MiniKernel.domain(group, "red-2");
        assertEquals(1, a.id);
        assertEquals(2, b.id);
        assertEquals("2", b.storeTree.get("/local/domain/2/domid"));
    }

    @Test
    void eventsGoBothWaysUntilOneEndCloses() {
        Domain a = MiniKernel.domain(group, "red-1");
        Domain b = MiniKernel.domain(group, "red-2");
        int offered = offer(a, b.id);
        assertEquals(0, bind(b, a, offered));
        int bound = (int) b.guest.read32(AT + 8);
        assertTrue(b.shared.pending(bound), "as something may have been sent before");
        assertFalse(a.shared.pending(offered));
        assertEquals(0, events(b, 4, bound));
        assertTrue(a.shared.pending(offered));
        b.shared.clearPending(bound);
        assertEquals(0, events(a, 4, offered));
        assertTrue(b.shared.pending(bound));
        assertEquals(0, events(a, 5, SELF, offered));
        assertEquals(2, a.guest.read32(AT + 8), "bound");
        assertEquals(b.id, a.guest.read16(AT + 16));
        assertEquals(bound, a.guest.read32(AT + 20));
        assertEquals(0, events(b, 3, bound));
        assertEquals(0, events(a, 5, SELF, offered));
        assertEquals(1, a.guest.read32(AT + 8), "unbound again");
        assertEquals(0, bind(b, a, offered), "and bound again");
    }

    @Test
    void onlyWhoIsMeantCanBindAPort() {
        Domain a = MiniKernel.domain(group, "red-1");
        Domain b = MiniKernel.domain(group, "red-2");
        int forNobody = offer(a, 77);
        int forMonitor = offer(a, 0);
        assertEquals(Errno.EINVAL, bind(b, a, forNobody));
        assertEquals(Errno.EINVAL, bind(b, a, forMonitor));
        assertEquals(Errno.EINVAL, bind(b, a, 4096));
        assertEquals(Errno.EINVAL, bind(b, a, 0xffffffffL));
        assertFalse(a.events.bind(forNobody, () -> { }), "nor the monitor what is for others");
        assertEquals(Errno.ESRCH, events(b, 0, 9, 1));
    }

    @Test
    void aGrantedPageIsReadAndWrittenByBoth() {
        Domain a = MiniKernel.domain(group, "red-1");
        Domain b = MiniKernel.domain(group, "red-2");
        a.guest.write64(PAGE, 0x1122334455667788L);
        grant(a, REFERENCE, b.id, frameOf(a, PAGE), false);
        assertEquals(0, map(b, PAGE, HOST_MAP, REFERENCE, a.id));
        long handle = b.guest.read32(AT + 148);
        assertEquals(0x1122334455667788L, b.guest.read64(PAGE));
        b.guest.write32(PAGE + 4, 0xabcdef01L);
        assertEquals(0xabcdef0155667788L, a.guest.read64(PAGE));
        assertEquals(24, flags(a, REFERENCE) & 24, "in use, to read and to write");
        assertEquals(0, unmap(b, PAGE, handle));
        assertEquals(0, flags(a, REFERENCE) & 24);
        assertEquals(-1, b.vcpu.mmu.translate(PAGE, ShadowMmu.READ, true), "nothing is there any more");
        assertEquals(-4, unmap(b, PAGE, handle), "once");
    }

    @Test
    void aPageThatIsGrantedReadOnlyIsThatToo() {
        Domain a = MiniKernel.domain(group, "red-1");
        Domain b = MiniKernel.domain(group, "red-2");
        grant(a, REFERENCE, b.id, frameOf(a, PAGE), true);
        assertEquals(GENERAL_ERROR, map(b, PAGE, HOST_MAP, REFERENCE, a.id), "not to write");
        assertEquals(0, map(b, PAGE, HOST_MAP | READ_ONLY, REFERENCE, a.id));
        assertEquals(-1, b.vcpu.mmu.translate(PAGE, ShadowMmu.WRITE, true));
        long entry = b.memory.read(b.tables.leafEntry(b.vcpu.kernelBase(), PAGE), 64);
        assertNotEquals(0, b.mmu.updateVaMapping(new long[] {PAGE, entry | 2, 0}), "the guest cannot give itself the right");
        assertNotEquals(0, b.mmu.updateVaMapping(new long[] {PAGE + 0x1000, entry, 0}), "nor make a second mapping");
    }

    @Test
    void whatIsNotGrantedIsNotMapped() {
        Domain a = MiniKernel.domain(group, "red-1");
        Domain b = MiniKernel.domain(group, "red-2");
        grant(a, REFERENCE, 99, frameOf(a, PAGE), false);
        assertEquals(GENERAL_ERROR, map(b, PAGE, HOST_MAP, REFERENCE, a.id), "to somebody else");
        assertEquals(GENERAL_ERROR, map(b, PAGE, HOST_MAP, REFERENCE + 1, a.id));
        assertEquals(-3, map(b, PAGE, HOST_MAP, 1 << 20, a.id));
        assertEquals(-2, map(b, PAGE, HOST_MAP, REFERENCE, 42));
        assertEquals(GENERAL_ERROR, map(b, PAGE, HOST_MAP, REFERENCE, 0), "domain 0 grants nothing");
        long table = a.vcpu.kernelBase();
        grant(a, REFERENCE, b.id, table, false);
        assertEquals(-1, map(b, PAGE, HOST_MAP, REFERENCE, a.id), "a page table is never writable, not even by others");
        grant(a, REFERENCE, b.id, HypervisorSpace.GDT_FRAME, false);
        assertEquals(-1, map(b, PAGE, HOST_MAP, REFERENCE, a.id), "it is not the granter's");
    }

    @Test
    void whileItIsMappedAFrameStaysWhatItIs() {
        Domain a = MiniKernel.domain(group, "red-1");
        Domain b = MiniKernel.domain(group, "red-2");
        long frame = frameOf(a, PAGE);
        grant(a, REFERENCE, b.id, frame, false);
        assertEquals(0, map(b, PAGE, HOST_MAP, REFERENCE, a.id));
        assertEquals(0, a.mmu.updateVaMapping(new long[] {PAGE, 0, 0}));
        assertTrue(a.tables.getPageAndUse(frame, FrameTable.L1) != 0, "no page table is made of it");
        b.runEnded(true);
        assertEquals(0, flags(a, REFERENCE) & 24, "given back in the end");
        assertEquals(0, a.tables.getPageAndUse(frame, FrameTable.L1));
    }

    @Test
    void copiesGoByGrants() {
        Domain a = MiniKernel.domain(group, "red-1");
        Domain b = MiniKernel.domain(group, "red-2");
        a.guest.write64(PAGE + 0x10, 0x0102030405060708L);
        grant(a, REFERENCE, b.id, frameOf(a, PAGE), false);
        long own = frameOf(b, PAGE);
        assertEquals(0, copy(b, REFERENCE, a.id, own, (int) SELF, 8, 1));
        assertEquals(0x0102030405060708L, b.guest.read64(PAGE + 0x20));
        b.guest.write64(PAGE + 0x10, 42);
        assertEquals(0, copy(b, own, (int) SELF, REFERENCE, a.id, 8, 2));
        assertEquals(42, a.guest.read64(PAGE + 0x20));
        assertEquals(PERMISSION_DENIED, copy(b, frameOf(a, PAGE), a.id, own, (int) SELF, 8, 0), "by frame number, only one's own");
        assertEquals(-10, copy(b, own, (int) SELF, REFERENCE, a.id, 0xff0, 2));
        grant(a, REFERENCE, b.id, frameOf(a, PAGE), true);
        assertEquals(GENERAL_ERROR, copy(b, own, (int) SELF, REFERENCE, a.id, 8, 2));
    }

    @Test
    void typeEnforcementDeniesAGrantMapAcrossLabels() {
        Domain red = MiniKernel.domain(group, "red-2");
        Domain blue = MiniKernel.domain(group, "blue-1");
        red.guest.write64(PAGE + 0x10, 0x5ec4e7);
        grant(red, REFERENCE, blue.id, frameOf(red, PAGE), false);
        assertEquals(PERMISSION_DENIED, map(blue, PAGE, HOST_MAP, REFERENCE, red.id));
        assertEquals(PERMISSION_DENIED, copy(blue, REFERENCE, red.id, frameOf(blue, PAGE), (int) SELF, 8, 1));
        assertEquals(0, blue.guest.read64(PAGE + 0x20));
        assertEquals(2, monitor.denials());
        assertEquals(0, bind(blue, red, offer(red, blue.id)), "they have a type in common that stands for event channels");
    }

    @Test
    void byDefaultNothingIsShared() {
        for (DomainGroup g : new DomainGroup[] {new DomainGroup(new ReferenceMonitor(null)), group}) {
            Domain a = MiniKernel.domain(g, "nobody-1");
            Domain b = MiniKernel.domain(g, "nobody-2");
            grant(a, REFERENCE, b.id, frameOf(a, PAGE), false);
            assertEquals(PERMISSION_DENIED, map(b, PAGE, HOST_MAP, REFERENCE, a.id));
            assertEquals(Errno.EPERM, bind(b, a, offer(a, b.id)));
        }
    }

    @Test
    void whatEndsIsNotFoundAnyMore() {
        Domain a = MiniKernel.domain(group, "red-1");
        Domain b = MiniKernel.domain(group, "red-2");
        int port = offer(a, b.id);
        assertEquals(0, bind(b, a, port));
        int bound = (int) b.guest.read32(AT + 8);
        a.runEnded(true);
        assertEquals(0, events(b, 5, SELF, bound));
        assertEquals(1, b.guest.read32(AT + 8), "unbound");
        assertEquals(Errno.ESRCH, bind(b, a, port));
        assertEquals(-2, map(b, PAGE, HOST_MAP, REFERENCE, a.id));
    }

    /** Two domains on threads of their own: one asks for what the other has, again and again, while that computes. */
    @Test
    void domainsThatRunServeEachOther() throws Exception {
        // jmp to itself
        XenVm busy = MiniKernel.machine(new byte[] {(byte) 0xeb, (byte) 0xfe}, new ByteArrayOutputStream(), group, "red-1");
        Domain a = busy.domain();
        Domain b = MiniKernel.domain(group, "red-2");
        grant(a, REFERENCE, b.id, frameOf(a, PAGE), false);
        int port = offer(a, b.id);
        AtomicReference<VmOutcome> outcome = new AtomicReference<>();
        Thread t = new Thread(() -> outcome.set(busy.run(LIMIT * 100)));
        t.start();
        while (group.find(a.id) == null) {
            Thread.sleep(1);
        }
        for (int i = 0; i < 20; i++) {
            assertEquals(0, map(b, PAGE, HOST_MAP, REFERENCE, a.id));
            b.guest.write32(PAGE, i);
            assertEquals(0, unmap(b, PAGE, b.guest.read32(AT + 148)));
            assertEquals(0, copy(b, REFERENCE, a.id, frameOf(b, PAGE + 0x1000), (int) SELF, 8, 1));
        }
        assertEquals(0, bind(b, a, port));
        busy.quit();
        t.join();
        assertEquals(VmOutcome.POWER_OFF, outcome.get().exitCode());
        assertEquals(19, a.guest.read32(PAGE));
        assertEquals(-2, map(b, PAGE, HOST_MAP, REFERENCE, a.id), "it has ended");
    }

    /** A guest's own instructions on a mapped page: code that reads what another has put there, changes it, and powers off. */
    @Test
    void codeReachesAMappedPage() throws Exception {
        Domain a = MiniKernel.domain(group, "red-1");
        a.guest.write64(PAGE, 41);
        ByteBuffer code = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        // mov rbx, PAGE; inc qword [rbx]; lock xadd [rbx+8], rbx; then the shutdown
        code.put(new byte[] {0x48, (byte) 0xbb}).putLong(PAGE).put(new byte[] {0x48, (byte) 0xff, 0x03, (byte) 0xf0, 0x48, 0x0f, (byte) 0xc1, 0x5b, 0x08});
        code.put(new byte[] {0x48, (byte) 0xbe}).putLong(AT + 0x800).put(new byte[] {(byte) 0xbf, 2, 0, 0, 0, (byte) 0xb8, 29, 0, 0, 0, 0x0f, 0x05});
        XenVm vm = MiniKernel.machine(java.util.Arrays.copyOf(code.array(), code.position()), new ByteArrayOutputStream(), group, "red-2");
        Domain b = vm.domain();
        grant(a, REFERENCE, b.id, frameOf(a, PAGE), false);
        assertEquals(0, map(b, PAGE, HOST_MAP, REFERENCE, a.id));
        assertEquals(VmOutcome.POWER_OFF, vm.run(LIMIT).exitCode());
        assertEquals(42, a.guest.read64(PAGE));
        assertEquals(PAGE, a.guest.read64(PAGE + 8));
    }

    /** What a mapped page's owner has translated is translated anew after the other has written to it. */
    @Test
    void codeThatAnotherDomainWritesIsSeen() throws Exception {
        ByteBuffer code = ByteBuffer.allocate(128).order(ByteOrder.LITTLE_ENDIAN);
        // mov rax, PAGE; call rax; cmp eax, 1; je back: until another writes mov eax, 2
        code.put(new byte[] {0x48, (byte) 0xb8}).putLong(PAGE).put(new byte[] {(byte) 0xff, (byte) 0xd0, (byte) 0x83, (byte) 0xf8, 1, 0x74, (byte) 0xef});
        code.put(new byte[] {0x48, (byte) 0xbe}).putLong(AT + 0x800).put(new byte[] {(byte) 0xbf, 2, 0, 0, 0, (byte) 0xb8, 29, 0, 0, 0, 0x0f, 0x05});
        XenVm vm = MiniKernel.machine(java.util.Arrays.copyOf(code.array(), code.position()), new ByteArrayOutputStream(), group, "red-1");
        Domain a = vm.domain();
        // mov eax, 1; ret
        a.guest.write(PAGE, new byte[] {(byte) 0xb8, 1, 0, 0, 0, (byte) 0xc3});
        vm.cpu().s[X86State.RSP] = AT + 0x1800;
        Domain b = MiniKernel.domain(group, "red-2");
        grant(a, REFERENCE, b.id, frameOf(a, PAGE), false);
        AtomicReference<VmOutcome> outcome = new AtomicReference<>();
        Thread t = new Thread(() -> outcome.set(vm.run(Long.MAX_VALUE)));
        t.start();
        while (group.find(a.id) == null) {
            Thread.sleep(1);
        }
        assertEquals(0, map(b, PAGE, HOST_MAP, REFERENCE, a.id));
        Thread.sleep(50);
        b.guest.write16(PAGE, 0x02b8);
        t.join();
        assertEquals(VmOutcome.POWER_OFF, outcome.get().exitCode());
    }

    private static long sum(Domain d) {
        CRC32 crc = new CRC32();
        crc.update(d.memory.ram().copy());
        return crc.getValue();
    }

    /** A domain that tries every grant and event-channel operation on another, with all numbers there are, gets at nothing and changes nothing. */
    @Test
    void aHostileNeighbourChangesNothing() {
        Domain victim = MiniKernel.domain(group, "blue-1");
        Domain granting = MiniKernel.domain(group, "red-1");
        Domain hostile = MiniKernel.domain(group, "red-2");
        grant(victim, REFERENCE, hostile.id, frameOf(victim, PAGE), false);
        grant(granting, REFERENCE, 0, frameOf(granting, PAGE), false);
        long before = sum(victim);
        long beforeGranting = sum(granting);
        SplittableRandom random = new SplittableRandom(20261129);
        int[] domains = {0, victim.id, granting.id, hostile.id, (int) SELF, 0x7ff1, 0x7ff4, 99};
        for (int i = 0; i < 20_000; i++) {
            int id = domains[random.nextInt(domains.length)];
            int reference = random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(16);
            switch (random.nextInt(4)) {
                case 0 -> map(hostile, PAGE + 0x1000L * random.nextInt(3), random.nextInt(32), reference, id);
                case 1 -> unmap(hostile, PAGE + 0x1000L * random.nextInt(3), random.nextInt(4));
                case 2 -> copy(hostile, random.nextBoolean() ? reference : random.nextInt(8192), id, random.nextBoolean() ? reference : random.nextInt(8192),
                        domains[random.nextInt(domains.length)], random.nextInt(0x100), 1 + random.nextInt(3));
                default -> events(hostile, 0, id, random.nextInt(20));
            }
        }
        assertEquals(before, sum(victim));
        assertEquals(beforeGranting, sum(granting));
    }
}
