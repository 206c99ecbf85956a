package org.gearshift.vmm.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.gearshift.vmm.VmConfig;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A domain whose vCPUs call every hypercall with whatever comes to mind ({@link HostileVcpu}): frames of its own and of others, pointers to anywhere, structures of
 * its own making. It may end itself or be ended; it never gets at what is not its own, another domain beside it stays as it was, and no request is an error of the
 * hypervisor's. {@code -Dgearshift.hostile.calls=1000000} for the long form.
 */
class HostileDomainTest {
    private static final int CALLS = Integer.getInteger("gearshift.hostile.calls", 10_000);
    private static final long SEED = Long.getLong("gearshift.hostile.seed", 20261129);
    private static final int AUDIT_EVERY = 4_000;
    private static final int VCPUS = 4;
    /** The last is left for the domain itself to bring up. */
    private static final int UP = 3;

    private Domain domain;
    private final List<HostileVcpu> vcpus = new ArrayList<>();
    private long hypervisor;
    /** By kind of table, one as it was at first: of interest are the entries that are not the guest's. */
    private final Map<Integer, long[]> own = new HashMap<>();
    private int domains;
    private long refused;

    private long hypervisorSum() {
        CRC32 crc = new CRC32();
        byte[] ram = domain.memory.ram().copy();
        // Not the shared page, which is the guest's to write, nor the parts of the descriptor area and the machine-to-physical table that it fills by hypercalls.
        crc.update(ram, 0, HypervisorSpace.SHARED_INFO_FRAME << 12);
        crc.update(ram, 8 << 12, 2 << 12);
        crc.update(ram, HypervisorSpace.M2P_TABLES << 12, 1 << 12);
        return crc.getValue();
    }

    private static long sum(Domain d) {
        CRC32 crc = new CRC32();
        crc.update(d.memory.ram().copy());
        return crc.getValue();
    }

    private void rememberOwnEntries() {
        own.clear();
        for (int f = 0; f < domain.frames.frames(); f++) {
            if (domain.frames.isTable(f)) {
                int frame = f;
                own.computeIfAbsent(domain.frames.use(f), kind -> IntStream.range(0, 512).mapToLong(i -> entry(frame, i)).toArray());
            }
        }
    }

    private long entry(int table, int index) {
        return domain.memory.ram().get64(((long) table << 12) + 8L * index);
    }

    private void start(VmConfig.Clock clock, boolean narrow) {
        vcpus.forEach(v -> refused += v.refused());
        vcpus.clear();
        domain = narrow ? MiniKernel.domain32(VCPUS, clock) : MiniKernel.domain(VCPUS, clock);
        for (int i = 0; i < VCPUS; i++) {
            vcpus.add(new HostileVcpu(domain, domain.vcpu(i), SEED + 1000L * domains + i));
            if (i > 0 && i < UP) {
                vcpus.get(0).bringUp(i);
            }
        }
        rememberOwnEntries();
        hypervisor = hypervisorSum();
        domains++;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void nothingTheGuestAsksForReachesOutsideIt(boolean narrow) {
        Domain other = MiniKernel.domain();
        long others = sum(other);
        start(VmConfig.Clock.VIRTUAL, narrow);
        for (int i = 1; i <= CALLS; i++) {
            HostileVcpu v = vcpus.get(i % VCPUS);
            if (!v.ready()) {
                v = vcpus.stream().filter(HostileVcpu::ready).findFirst().orElse(null);
            }
            if (v == null || domain.ended()) {
                audit();
                start(VmConfig.Clock.VIRTUAL, narrow);
                continue;
            }
            try {
                v.act();
            } catch (RuntimeException e) {
                throw new AssertionError("call " + i + ", seed " + SEED + ": " + v, e);
            }
            if (i % AUDIT_EVERY == 0) {
                audit();
            }
        }
        audit();
        vcpus.forEach(v -> refused += v.refused());
        assertEquals(others, sum(other), "another domain");
        assertTrue(refused > CALLS / 4, "refused: " + refused);
        assertTrue(domains < CALLS / 20, "domains: " + domains);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Timeout(value = 5, unit = TimeUnit.HOURS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void norIfItsVcpusAskAtTheSameTime(boolean narrow) throws Exception {
        Domain other = MiniKernel.domain();
        long others = sum(other);
        for (int left = CALLS / 4; left > 0; ) {
            start(VmConfig.Clock.HOST, narrow);
            left -= together(left);
            audit();
        }
        assertEquals(others, sum(other), "another domain");
    }

    /** Runs the vCPUs on a thread each until one of them cannot go on. @return calls made, by the one that made most, at least 1 */
    private int together(int calls) throws Exception {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        int[] made = new int[UP];
        List<Thread> threads = new ArrayList<>();
        vcpus.forEach(HostileVcpu::rest);
        for (int i = 0; i < UP; i++) {
            HostileVcpu v = vcpus.get(i);
            int number = i;
            Thread t = new Thread(() -> {
                try {
                    made[number] = v.actUpTo(calls);
                } catch (RuntimeException | Error e) {
                    failure.compareAndSet(null, new AssertionError("seed " + SEED + ": " + v, e));
                }
            });
            v.runOn(t);
            threads.add(t);
        }
        threads.forEach(Thread::start);
        for (Thread t : threads) {
            t.join();
        }
        assertNull(failure.get(), () -> failure.get() + " caused by " + Arrays.toString(failure.get().getCause().getStackTrace()));
        vcpus.forEach(v -> v.runOn(null));
        return Math.max(1, Arrays.stream(made).max().orElse(1));
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
            int kind = frames.use(f);
            TableShape shape = domain.tables.shape();
            for (int i = 0; i < 512; i++) {
                long e = entry(f, i);
                if (!shape.guestSlot(kind, i)) {
                    assertEquals(own.get(kind)[i], e, "the hypervisor's entry " + i + " of table " + f);
                    continue;
                }
                if ((e & 1) == 0) {
                    continue;
                }
                int target = (int) PageTables.frameOf(e);
                assertTrue(frames.isDomains(target), "what " + f + "[" + i + "] leads to is the domain's");
                if (kind != FrameTable.L1) {
                    assertEquals(shape.below(kind, i), frames.use(target), "kind below " + f);
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
