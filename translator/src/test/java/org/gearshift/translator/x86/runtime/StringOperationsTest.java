package org.gearshift.translator.x86.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import org.gearshift.ir.FlatMap;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.GuestFault;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Repeated string instructions go piece by piece and leave registers exact at a fault. Each page is its own frame, in reverse order. */
class StringOperationsTest {
    private static final int PAGES = 8;
    /** 32-bit addresses, DS as source, flat. */
    private static final int FLAT32 = 1 << StringOperations.ADDRESS_SHIFT | X86State.DS << StringOperations.SEGMENT_SHIFT
            | StringOperations.FLAT_SOURCE | StringOperations.FLAT_ES;
    private static final int BYTES = FLAT32;
    private static final int DWORDS = FLAT32 | 2;

    private final Context cpu = new Context();

    private static final class Context extends GuestContext {
        private int slowStores;

        Context() {
            super(X86State.LAYOUT);
            useRam(new byte[PAGES << 12]);
            readMap = FlatMap.empty();
            writeMap = FlatMap.empty();
            for (int i = 0; i < PAGES; i++) {
                FlatMap.put(readMap, i, PAGES - 1 - i);
                FlatMap.put(writeMap, i, PAGES - 1 - i);
            }
        }

        private byte get(long va) {
            return ram[(PAGES - 1 - (int) (va >>> 12) << 12) + (int) (va & 0xfff)];
        }

        private void set(long va, int v) {
            ram[(PAGES - 1 - (int) (va >>> 12) << 12) + (int) (va & 0xfff)] = (byte) v;
        }

        private byte[] bytes(int va, int n) {
            byte[] b = new byte[n];
            for (int i = 0; i < n; i++) {
                b[i] = get(va + i);
            }
            return b;
        }

        @Override
        public long loadSlow(long va, int bits, boolean rmw) {
            long v = 0;
            for (int i = 0; i < bits / 8; i++) {
                requireMapped(readMap, va + i);
                v |= (get(va + i) & 0xffL) << 8 * i;
            }
            return bits == 32 ? (int) v : v;
        }

        @Override
        public void storeSlow(long va, long value, int bits) {
            slowStores++;
            requireMapped(writeMap, va);
            requireMapped(writeMap, va + bits / 8 - 1);
            for (int i = 0; i < bits / 8; i++) {
                set(va + i, (int) (value >> 8 * i));
            }
        }

        private void requireMapped(int[] map, long va) {
            if (map[(int) (va >>> 12)] < 0) {
                raise(14, 2);
            }
        }

        @Override
        public void segmentCheckSlow(int segment, long offset, int bytes, boolean write) {
            raise(13, 0);
        }

        @Override
        public long vmcall(int number, long a, long b, long c) {
            throw new AssertionError("no services here");
        }
    }

    @BeforeEach
    void pattern() {
        for (int i = 0; i < PAGES << 12; i++) {
            cpu.set(i, i * 31 >> 3);
        }
        cpu.s[X86State.DF] = 1;
    }

    private void set(long count, long source, long destination) {
        cpu.s[X86State.RCX] = count;
        cpu.s[X86State.RSI] = source;
        cpu.s[X86State.RDI] = destination;
    }

    @Test
    void aZeroCountDoesNothing() {
        set(0, 0x7fff_0000, 0x7fff_0000);
        assertEquals(0, StringOperations.movs(cpu, BYTES));
        assertEquals(0x7fff_0000, cpu.s[X86State.RDI]);
    }

    @Test
    void aPieceEndsAtTheFirstPageBoundaryOfEitherOperand() {
        set(0x3000, 0x10, 0x4ff0);
        assertEquals(1, StringOperations.movs(cpu, BYTES));
        assertEquals(0x3000 - 0x10, cpu.s[X86State.RCX]);
        assertEquals(1, StringOperations.movs(cpu, BYTES));
        assertEquals(0x1000, cpu.s[X86State.RSI]);
        assertEquals(0x5fe0, cpu.s[X86State.RDI]);
    }

    @Test
    void copiesEndAsOneCopyWould() {
        byte[] expected = cpu.bytes(0x123, 0x2000);
        set(0x800, 0x123, 0x4567);
        int pieces = 1;
        while (StringOperations.movs(cpu, DWORDS) != 0) {
            pieces++;
        }
        assertArrayEquals(expected, cpu.bytes(0x4567, 0x2000));
        // Dwords lie across the boundaries: each of the four is a piece of its own.
        assertEquals(9, pieces);
    }

    @Test
    void anOverlappingForwardCopyReplicates() {
        byte first = cpu.get(0x100);
        set(0x200, 0x100, 0x101);
        assertEquals(0, StringOperations.movs(cpu, BYTES));
        byte[] expected = new byte[0x200];
        Arrays.fill(expected, first);
        assertArrayEquals(expected, cpu.bytes(0x101, 0x200));
    }

    @Test
    void aBackwardCopyOfOverlappingBytesKeepsThem() {
        byte[] expected = cpu.bytes(0xf00, 0x200);
        cpu.s[X86State.DF] = -1;
        set(0x200, 0x10ff, 0x1100);
        // Down to the start of the source's page, then of the destination's.
        assertEquals(1, StringOperations.movs(cpu, BYTES));
        assertEquals(0xfff, cpu.s[X86State.RSI]);
        assertEquals(1, StringOperations.movs(cpu, BYTES));
        assertEquals(0xfff, cpu.s[X86State.RDI]);
        assertEquals(0, StringOperations.movs(cpu, BYTES));
        assertArrayEquals(expected, cpu.bytes(0xf01, 0x200));
    }

    @Test
    void aFaultLeavesTheRegistersAtTheFailingElement() {
        cpu.writeMap[6] = FlatMap.absent(6);
        set(0x1000, 0, 0x5f00);
        assertEquals(1, StringOperations.stos(cpu, DWORDS));
        assertThrows(GuestFault.class, () -> StringOperations.stos(cpu, DWORDS));
        assertEquals(0x6000, cpu.s[X86State.RDI]);
        assertEquals(0x1000 - 0x40, cpu.s[X86State.RCX]);
    }

    @Test
    void pagesWithoutAFastPathGoElementByElement() {
        cpu.writeMap[5] = FlatMap.absent(5);
        set(4, 0x10, 0x5000);
        assertThrows(GuestFault.class, () -> StringOperations.movs(cpu, DWORDS));
        assertEquals(1, cpu.slowStores);
        assertEquals(4, cpu.s[X86State.RCX]);
    }

    @Test
    void storesFillWithTheWholeElement() {
        cpu.s[X86State.RAX] = 0x04030201;
        set(3, 0, 0x2001);
        assertEquals(0, StringOperations.stos(cpu, DWORDS));
        assertArrayEquals(new byte[] {1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4}, cpu.bytes(0x2001, 12));
    }

    @Test
    void aScanStopsBehindTheMatchWithItsFlags() {
        for (int i = 0; i < 64; i++) {
            cpu.set(0x3000 + i, i == 40 ? 0 : 7);
        }
        cpu.s[X86State.RAX] = 0;
        set(0xffff_ffffL, 0, 0x3000);
        assertEquals(0, StringOperations.scas(cpu, BYTES | StringOperations.REPNE));
        assertEquals(0x3029, cpu.s[X86State.RDI]);
        assertEquals(0, cpu.s[X86State.FLAG_RES]);
        assertEquals(0xffff_ffffL - 41, cpu.s[X86State.RCX] & 0xffff_ffffL);
    }

    @Test
    void aComparisonStopsBehindTheDifference() {
        for (int i = 0; i < 64; i++) {
            cpu.set(0x1000 + i, i);
            cpu.set(0x2000 + i, i == 33 ? 34 : i);
        }
        set(64, 0x1000, 0x2000);
        assertEquals(0, StringOperations.cmps(cpu, BYTES));
        assertEquals(0x1022, cpu.s[X86State.RSI]);
        assertEquals(30, cpu.s[X86State.RCX]);
        assertEquals(-1, cpu.s[X86State.FLAG_RES]);
        assertEquals(1, cpu.s[X86State.FLAG_AUX] >>> 31 & 1);
    }

    @Test
    void aScanThatFaultsMidwayLeavesTheFlagsBeforeIt() {
        for (int i = 0; i < 0x20; i++) {
            cpu.set(0x2ff0 + i, 1);
        }
        cpu.readMap[3] = -1;
        cpu.s[X86State.RAX] = 5;
        cpu.s[X86State.FLAG_RES] = 77;
        set(0x20, 0, 0x2ff0);
        assertEquals(1, StringOperations.scas(cpu, BYTES | StringOperations.REPNE));
        assertThrows(GuestFault.class, () -> StringOperations.scas(cpu, BYTES | StringOperations.REPNE));
        assertEquals(0x3000, cpu.s[X86State.RDI]);
        assertEquals(77, cpu.s[X86State.FLAG_RES]);
    }

    @Test
    void aScanThatEndsByItsCountSetsTheFlagsOfTheLastElement() {
        cpu.set(0x2000, 1);
        cpu.set(0x2001, 2);
        cpu.s[X86State.RAX] = 5;
        set(2, 0, 0x2000);
        assertEquals(0, StringOperations.scas(cpu, BYTES | StringOperations.REPNE));
        assertEquals(3, cpu.s[X86State.FLAG_RES]);
    }

    @Test
    void registersStaySignExtended() {
        set(1, 0x7fff_ffffL, 0);
        FlatMap.put(cpu.readMap, 0x7ffff, 0);
        assertEquals(0, StringOperations.lods(cpu, BYTES));
        assertEquals(Integer.MIN_VALUE, cpu.s[X86State.RSI]);
    }
}
