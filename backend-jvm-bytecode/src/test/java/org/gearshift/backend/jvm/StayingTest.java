package org.gearshift.backend.jvm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.gearshift.ir.Parser;
import org.gearshift.ir.Region;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a region does behind an instruction after which mode and interrupts have to be looked at, where control goes on at one of its own blocks. */
class StayingTest {
    /** Ends in an EXIT for a block inside, in one with the target in the pc slot, in a computed one with nothing to look at, and for somewhere else. */
    private static final String BLOCKS = """
            block 0x1000 bytes 1 {
              mark 0x1000
              v0 = get.i32 r0
              v1 = const.i32 1
              v2 = add.i32 v0, v1
              put.i32 r0, v2
              exit 0x2000
            }
            block 0x2000 bytes 1 {
              mark 0x2000
              v0 = get.i32 r0
              v1 = const.i32 10
              v2 = add.i32 v0, v1
              put.i32 r0, v2
              v3 = const.i64 0x3000
              put.i64 pc, v3
              exit.to.state
            }
            block 0x3000 bytes 1 {
              mark 0x3000
              v0 = get.i32 r0
              v1 = const.i32 100
              v2 = add.i32 v0, v1
              put.i32 r0, v2
              v3 = const.i32 0x4000
              indirect v3
            }
            block 0x4000 bytes 1 {
              mark 0x4000
              v0 = get.i32 r0
              v1 = const.i32 1000
              v2 = add.i32 v0, v1
              put.i32 r0, v2
              goto 0x5000
            }
            """;

    /** Lets a region go on for so many times, and knows no other region. */
    private static final class Looks extends RegionLinks {
        private int left;
        private int asked;

        private Looks(int left) {
            this.left = left;
        }

        @Override
        public Link make() {
            return new Link() { };
        }

        @Override
        public CompiledRegion follow(Link link) {
            return null;
        }

        @Override
        public boolean resume(Object place, long pc) {
            return false;
        }

        @Override
        public boolean stays() {
            asked++;
            return left-- > 0;
        }
    }

    private static Region region() {
        return BudgetPlan.enteredAtChecks(new Region(Parser.parse(BLOCKS, TestMachine.LAYOUT, Map.of()), List.of(0x1000L, 0x3000L, 0x4000L)));
    }

    private static TestMachine run(Looks looks, boolean inPlace) {
        Region r = region();
        CompiledRegion code = new RegionCompiler(TestMachine.LAYOUT, BackendOptions.defaults().withSlotsInPlace(inPlace).withWideShift(TestMachine.SHIFT))
                .compile(r, BudgetPlan.of(r), "staying", new BoundArrays(null, null, null, null, null, null, looks));
        TestMachine m = new TestMachine();
        m.budget = 50;
        code.run(m, code.entryAt(0x1000));
        return m;
    }

    private static void assertAt(TestMachine m, long pc, int sum, int instructions) {
        assertEquals(pc, m.s[TestMachine.PC]);
        assertEquals(sum, m.s[0]);
        assertEquals(50 - instructions, m.budget);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void itLeavesWithAllStateIfSomethingHasChanged(boolean inPlace) {
        Looks looks = new Looks(0);
        assertAt(run(looks, inPlace), 0x2000, 1, 1);
        assertEquals(1, looks.asked);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void itGoesOnAtItsOwnBlockOtherwise(boolean inPlace) {
        assertAt(run(new Looks(1), inPlace), 0x3000, 11, 2);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void alsoWhereThePcIsInItsSlot(boolean inPlace) {
        Looks looks = new Looks(2);
        assertAt(run(looks, inPlace), 0x5000, 1111, 4);
        assertEquals(2, looks.asked, "a computed jump by itself changes nothing that would have to be looked at");
    }
}
