package org.gearshift.vmm.policy;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is allowed, what is not, and what is said then. */
class ReferenceMonitorTest {
    private static final Set<Sharing> ALL = EnumSet.allOf(Sharing.class);

    private static Label types(String... names) {
        return new Label(Set.of(names), Set.of());
    }

    private static Label wall(String... names) {
        return new Label(Set.of(), Set.of(names));
    }

    private static ReferenceMonitor monitor() {
        return new ReferenceMonitor(new IsolationPolicy.Builder().type("red", ALL).type("blue", ALL).type("ring", EnumSet.of(Sharing.EVENT_CHANNEL))
                .conflict("banks", Set.of("bank-a", "bank-b")).conflict("oil", Set.of("oil-a", "oil-b", "oil-c"))
                .machine("front", types("red", "ring")).machine("back", types("red")).machine("other", types("blue", "ring"))
                .machine("teller-a", wall("bank-a")).machine("clerk-a", wall("bank-a", "oil-b")).machine("teller-b", wall("bank-b", "oil-a"))
                .disk("shared.img", Set.of("red")).disk("blue.img", Set.of("blue")).network("lan", Set.of("red")).build());
    }

    @Test
    void typeEnforcementWantsATypeInCommon() {
        ReferenceMonitor m = monitor();
        assertTrue(m.mayShare(Sharing.GRANT, "front", "back"));
        assertTrue(m.mayShare(Sharing.EVENT_CHANNEL, "back", "front"));
        assertFalse(m.mayShare(Sharing.GRANT, "back", "other"));
        assertEquals(1, m.denials());
    }

    @Test
    void aTypeStandsOnlyForWhatItSays() {
        ReferenceMonitor m = monitor();
        assertTrue(m.mayShare(Sharing.EVENT_CHANNEL, "front", "other"));
        assertFalse(m.mayShare(Sharing.GRANT, "front", "other"));
    }

    @Test
    void byDefaultNothingIsShared() {
        for (ReferenceMonitor m : new ReferenceMonitor[] {new ReferenceMonitor(null), new ReferenceMonitor(IsolationPolicy.NONE), monitor()}) {
            assertFalse(m.mayShare(Sharing.GRANT, "a", "b"));
            assertFalse(m.mayShare(Sharing.EVENT_CHANNEL, "a", "b"));
            assertTrue(m.mayShare(Sharing.GRANT, "a", "a"), "with itself");
            assertDoesNotThrow(() -> m.attachDisk("a", "f", true));
            assertThrows(Denied.class, () -> m.attachDisk("b", "f", true));
            assertThrows(Denied.class, () -> m.attachDisk("b", "f", false));
        }
        assertDoesNotThrow(() -> new ReferenceMonitor(null).attachNetwork("a", "user"));
        assertThrows(Denied.class, () -> monitor().attachNetwork("front", "user"), "where there is a policy, it must say so");
    }

    @Test
    void whatNobodyWritesIsNoChannel() throws Exception {
        ReferenceMonitor m = new ReferenceMonitor(null);
        m.attachDisk("a", "f", false);
        m.attachDisk("b", "f", false);
        assertThrows(Denied.class, () -> m.attachDisk("c", "f", true));
        m.left("a");
        m.left("b");
        m.attachDisk("c", "f", true);
    }

    @Test
    void aLabelledDiskIsForThoseOfItsType() throws Exception {
        ReferenceMonitor m = monitor();
        m.attachDisk("front", "shared.img", true);
        m.attachDisk("back", "shared.img", true);
        Denied d = assertThrows(Denied.class, () -> m.attachDisk("other", "shared.img", false));
        assertEquals("disk shared.img [red] for other [blue, ring]: Type Enforcement, no type in common that stands for it", d.getMessage());
        m.attachDisk("other", "blue.img", true);
        m.attachNetwork("back", "lan");
        assertThrows(Denied.class, () -> m.attachNetwork("other", "lan"));
    }

    @Test
    void theWallKeepsRivalsFromRunningTogether() throws Exception {
        ReferenceMonitor m = monitor();
        m.admit("teller-a");
        m.admit("clerk-a");
        m.admit("front");
        Denied d = assertThrows(Denied.class, () -> m.admit("teller-b"));
        assertTrue(d.getMessage().startsWith("machine teller-b (bank-b) may not run beside teller-a (bank-a): Chinese Wall, conflict set banks"), d.getMessage());
        m.left("teller-a");
        assertThrows(Denied.class, () -> m.admit("teller-b"), "there is the other one still");
        m.left("clerk-a");
        m.admit("teller-b");
        Denied oil = assertThrows(Denied.class, () -> m.admit("clerk-a"));
        assertTrue(oil.getMessage().contains("teller-b"), oil.getMessage());
    }

    @Test
    void policiesThatMakeNoSenseAreRefused() {
        IsolationPolicy.Builder b = new IsolationPolicy.Builder().type("red", ALL).conflict("banks", Set.of("a", "b"));
        assertThrows(IllegalArgumentException.class, () -> b.type("red", ALL));
        assertThrows(IllegalArgumentException.class, () -> b.machine("m", types("green")));
        assertThrows(IllegalArgumentException.class, () -> b.machine("m", wall("c")));
        assertThrows(IllegalArgumentException.class, () -> b.machine("m", wall("a", "b")), "it would conflict with itself");
        assertThrows(IllegalArgumentException.class, () -> b.disk("d", Set.of("green")));
        assertThrows(IllegalArgumentException.class, () -> b.network("n", Set.of("green")));
        assertThrows(IllegalArgumentException.class, () -> b.conflict("lonely", Set.of("a")));
    }
}
