package org.gearshift.vmm.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a trace says of which blocks belong together. */
class BlockTraceTest {
    private static final long KERNEL = 1;
    private static final long USER = 2;

    private final Translation a = block(0x1000, KERNEL);
    private final Translation b = block(0x2000, KERNEL);
    private final Translation c = block(0x3000, KERNEL);
    private final Translation program = block(0x4000, USER);
    private final BlockTrace trace = new BlockTrace(a);

    private static Translation block(long pc, long mode) {
        return new Translation(pc, mode, pc, (int) (pc >>> 12), Translation.NONE, 5, 10, 0);
    }

    /** Adds blocks over and over. */
    private boolean add(int times, Translation... blocks) {
        boolean enough = false;
        for (int k = 0; k < times; k++) {
            for (Translation t : blocks) {
                enough = trace.add(t);
            }
        }
        return enough;
    }

    @Test
    void blocksOfTheSeedsModeAreCountedUnlessTheyRunRarely() {
        add(100, a, b, program);
        add(1, c, c);
        assertEquals(Map.of(a, 100, b, 100), trace.counts(), "c ran but once for fifty times of the seed");
        add(2, c);
        assertEquals(4, trace.counts().get(c));
    }

    @Test
    void blocksThatAreGoneDoNotCount() {
        add(10, a, b);
        b.valid = false;
        assertEquals(Map.of(a, 10), trace.counts());
    }

    @Test
    void successorsAreThoseThatRanNextInWhateverMode() {
        add(3, a, b, a, program);
        assertEquals(Map.of(b, 3, program, 3), trace.successors().get(a));
        assertEquals(Map.of(a, 2), trace.successors().get(program));
    }

    /** Without regions control comes into each block from elsewhere; together it comes in once for each time it was away. */
    @Test
    void crossingsAreCountedBetweenWhatIsNotTogether() {
        add(10, a, b, c, program);
        assertEquals(40, trace.crossings(Set.of()));
        assertEquals(20, trace.crossings(Set.of(a, b, c)));
        assertEquals(30, trace.crossings(Set.of(a, b)));
    }

    @Test
    void itIsLongEnoughWhereItIsOfUse() {
        assertFalse(add(2047, a, program));
        assertTrue(add(2, a), "four thousand blocks, the last of them of the seed's mode");
        assertFalse(add(1, program), "in another mode it would be of no use");
        assertTrue(add(1, a));
    }

    @Test
    void itEndsEvenIfTheSeedsModeDoesNotComeBack() {
        assertFalse(add(12_287, program));
        assertTrue(add(1, program));
    }
}
