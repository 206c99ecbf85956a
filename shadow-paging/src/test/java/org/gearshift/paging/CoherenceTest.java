package org.gearshift.paging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Two vCPUs on one memory: this thread runs the first, and where a test says so the second; whoever it does not run is as if on another thread, where nothing happens. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class CoherenceTest {
    private static final int FRAMES = 64;
    private static final int FRAME = 20;
    private static final long VA = 0x00400000L;

    private final PhysicalMemory memory = new PhysicalMemory(new GuestRam(FRAMES * 4096L));
    private final CodePages code = new CodePages(memory);
    private final CodePages otherCode = new CodePages(memory);
    private final ShadowMmu mmu = new ShadowMmu(memory, code);
    private final ShadowMmu other = new ShadowMmu(memory, otherCode);
    private final Thread elsewhere = new Thread(() -> { });

    @BeforeEach
    void share() {
        // No test writes an entry at the same time as another thread.
        memory.share((at, expected, value, bits) -> {
            boolean same = (memory.read(at, bits) ^ expected) << Long.SIZE - bits == 0;
            if (same) {
                memory.ram().put32(at, (int) value);
            }
            return same;
        }, DeviceGate.OPEN);
        mmu.runOn(Thread.currentThread());
        other.runOn(elsewhere);
        // Without paging.
        mmu.setControl(1, 0, 0, 0);
        other.setControl(1, 0, 0, 0);
    }

    /** Translates as the second vCPU, on its thread. */
    private long otherTranslates(long va) {
        mmu.runOn(elsewhere);
        other.runOn(Thread.currentThread());
        long physical = other.translate(va, ShadowMmu.READ, false);
        other.runOn(elsewhere);
        mmu.runOn(Thread.currentThread());
        return physical;
    }

    /** Whether code of a vCPU may store to a frame inline. */
    private static boolean isWritable(ShadowMmu m, int frame) {
        return FlatMapRule.frame(m.writeMap(false), frame) >= 0;
    }

    @Test
    void aFrameIsSettledOnceAllHaveWithdrawnIt() {
        other.translate(FRAME << 12, ShadowMmu.WRITE, false);
        assertTrue(isWritable(other, FRAME));
        code.watch(FRAME);
        long before = memory.settled();
        assertFalse(memory.isSettled(FRAME, before));
        assertTrue(isWritable(other, FRAME), "it has not heard of it yet");
        assertTrue(other.hasNews());
        other.takeNews();
        assertFalse(isWritable(other, FRAME));
        assertFalse(memory.isSettled(FRAME, before), "what was read before then must not be kept");
        assertTrue(memory.isSettled(FRAME, memory.settled()));
    }

    @Test
    void aFrameThatNobodyElseMayWriteIsSettledAtOnce() {
        other.translate(FRAME + 1 << 12, ShadowMmu.WRITE, false);
        other.takeNews();
        code.watch(FRAME);
        assertTrue(memory.isSettled(FRAME, memory.settled()));
        assertFalse(other.hasNews());
        other.translate(FRAME << 12, ShadowMmu.WRITE, false);
        assertFalse(isWritable(other, FRAME), "whoever comes later sees the protection");
    }

    @Test
    void aFrameThatIsProtectedAlreadySettlesAtOnce() {
        code.watch(FRAME);
        other.takeNews();
        otherCode.watch(FRAME);
        assertFalse(other.hasNews());
        assertTrue(memory.isSettled(FRAME, memory.settled()));
    }

    @Test
    void nobodyWaitsForWhoRests() {
        other.translate(FRAME << 12, ShadowMmu.WRITE, false);
        other.rest();
        code.watch(FRAME);
        assertTrue(memory.isSettled(FRAME, memory.settled()));
        other.wake();
        assertFalse(isWritable(other, FRAME), "news are taken before it goes on");
    }

    @Test
    void aChangedTableIsToldToWhoDerivedFromIt() {
        // Two-level tables: directory in frame 1, table in frame 2, VA to frame 10.
        memory.write(0x1000 + (VA >>> 22) * 4, 0x2003, 32);
        memory.write(0x2000, 0xa003, 32);
        other.setControl(0x80010001L, 0x1000, 0, 0);
        otherTranslates(VA);
        mmu.takeNews();
        assertEquals(0xa000, otherTranslates(VA));
        assertFalse(other.hasNews());
        memory.write(0x2000, 0xb003, 32);
        assertTrue(other.hasNews());
        assertEquals(0xa, FlatMapRule.frame(other.readMap(false), VA >>> 12), "as a processor's TLB, it lags behind");
        other.takeNews();
        assertEquals(0xb000, otherTranslates(VA));
        memory.write(0x3000, 1, 32);
        assertFalse(other.hasNews(), "a frame that it has nothing from");
    }

    /** A table in frame 2 that the first vCPU may store to inline, VA through it to frame 10, and the second vCPU has looked. */
    private void mapThroughUnsettledTable() {
        memory.write(0x1000 + (VA >>> 22) * 4, 0x2003, 32);
        memory.write(0x2000, 0xa003, 32);
        mmu.translate(0x2000, ShadowMmu.WRITE, false);
        other.setControl(0x80010001L, 0x1000, 0, 0);
        assertEquals(0xa000, otherTranslates(VA));
    }

    private int otherHasInline() {
        return FlatMapRule.frame(other.readMap(false), VA >>> 12);
    }

    static List<Consumer<ShadowMmu>> flushes() {
        return List.of(m -> m.invlpg(VA), m -> m.invlpg(0), m -> m.setControl(0x80010001L, 0x1000, 0, 0), m -> m.invalidateContext(false), ShadowMmu::takeNews, ShadowMmu::rest);
    }

    @ParameterizedTest
    @MethodSource("flushes")
    void whatWasReadFromAnUnsettledTableIsKeptUntilTheNextFlush(Consumer<ShadowMmu> flush) {
        mapThroughUnsettledTable();
        assertEquals(0xa, otherHasInline(), "nobody need wait for the first vCPU");
        // Inline: no trace sees it.
        memory.ram().put32(0x2000, 0xb003);
        assertFalse(other.hasNews());
        assertEquals(0xa000, otherTranslates(VA), "as a processor's TLB, it lags behind");
        flush.accept(other);
        assertTrue(otherHasInline() < 0);
        other.wake();
        assertEquals(0xb000, otherTranslates(VA));
    }

    @Test
    void anUnsettledTableIsReadAgainWhereItGrantedLess() {
        mapThroughUnsettledTable();
        memory.ram().put32(0x2000, 0xa001);
        other.invlpg(VA);
        assertEquals(0xa000, otherTranslates(VA));
        memory.ram().put32(0x2000, 0xb003);
        mmu.runOn(elsewhere);
        other.runOn(Thread.currentThread());
        assertEquals(0xb000, other.translate(VA, ShadowMmu.WRITE, false));
    }

    @Test
    void aSettledTableIsKeptAndTraced() {
        mapThroughUnsettledTable();
        mmu.takeNews();
        other.invlpg(VA);
        assertEquals(0xa000, otherTranslates(VA));
        other.invlpg(VA + 0x1000);
        assertEquals(0xa, otherHasInline());
        memory.write(0x2000, 0xb003, 32);
        assertTrue(other.hasNews());
    }

    @Test
    void aStoreToCodeWaitsUntilTheOthersHaveDroppedIt() throws Exception {
        long at = FRAME << 12;
        memory.write(at, 0x90, 8);
        List<Long> heldWhenDropped = new ArrayList<>();
        otherCode.setListener((physical, bytes) -> heldWhenDropped.add(memory.read(at, 8)));
        otherCode.addCode(at, 16);
        other.takeNews();
        Thread writer = new Thread(() -> {
            mmu.runOn(Thread.currentThread());
            memory.store(at, 0xcc, 8, mmu);
        });
        writer.start();
        while (!other.hasNews()) {
            Thread.onSpinWait();
        }
        assertEquals(-1, memory.codeVersion(FRAME), "nobody may translate meanwhile");
        assertEquals(0x90, memory.read(at, 8), "not stored before the other has dropped its code");
        assertTrue(writer.isAlive());
        while (writer.isAlive()) {
            other.takeNews();
        }
        writer.join();
        assertEquals(0xcc, memory.read(at, 8));
        assertEquals(0x90, heldWhenDropped.get(0));
    }

    @Test
    void codeHasAnotherVersionAfterAStore() {
        code.addCode(FRAME << 12, 16);
        other.rest();
        int before = memory.codeVersion(FRAME);
        memory.store(FRAME << 12, 1, 8, mmu);
        assertNotEquals(before, memory.codeVersion(FRAME));
        assertNotEquals(-1, memory.codeVersion(FRAME));
    }
}
