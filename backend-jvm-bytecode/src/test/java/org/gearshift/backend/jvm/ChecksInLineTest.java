package org.gearshift.backend.jvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.GuestFault;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Parser;
import org.gearshift.ir.Region;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks that almost always pass are made without a call, in code that leaves the region where one does not pass. */
class ChecksInLineTest {
    private static final Helper EXTENDED = Helper.signExtensionCheck("extended", ChecksInLineTest.class, "extended", 48);
    private static final int GENERAL_PROTECTION = 13;

    private static final String BLOCK = """
            block 0x1000 bytes 2 {
              mark 0x1000
              v0 = const.i32 1
              put.i32 r0, v0
              mark 0x1001
              v1 = get.i64 q0
              call extended(v1)
              v2 = const.i32 2
              put.i32 r0, v2
              indirect v1
            }
            """;

    private static int asked;

    public static void extended(GuestContext ctx, long value) {
        asked++;
        if (value << 16 >> 16 != value) {
            throw ctx.raise(GENERAL_PROTECTION, 0);
        }
    }

    private static TestMachine run(long value, boolean missesLeave, boolean inPlace) {
        Region r = new Region(Parser.parse(BLOCK, TestMachine.LAYOUT, Map.of(EXTENDED.name(), EXTENDED)), List.of(0x1000L));
        BackendOptions options = BackendOptions.defaults().withMissesLeave(missesLeave).withSlotsInPlace(inPlace).withWideShift(TestMachine.SHIFT);
        TestMachine m = new TestMachine();
        m.s[TestMachine.WIDE] = value;
        m.budget = 50;
        asked = 0;
        new RegionCompiler(TestMachine.LAYOUT, options).compile(r, "checks").runAndSettle(m, 0);
        return m;
    }

    @ParameterizedTest
    @CsvSource({"0,false", "0,true", "0x7fffffffffff,false", "0x7fffffffffff,true", "-1,false", "-1,true", "-0x800000000000,false", "-0x800000000000,true", "0x123456,true"})
    void whatPassesAsksNobody(String value, boolean inPlace) {
        long v = Long.decode(value);
        TestMachine m = run(v, true, inPlace);
        assertFalse(m.faultPending);
        assertEquals(v, m.s[TestMachine.PC]);
        assertEquals(2, m.s[0]);
        assertEquals(48, m.budget);
        assertEquals(0, asked);
        assertEquals(m.describe(), run(v, false, inPlace).describe());
        assertEquals(1, asked, "code that does not leave calls the check");
    }

    @ParameterizedTest
    @CsvSource({"0x800000000000,false", "0x800000000000,true", "-0x800000000001,false", "-0x800000000001,true", "0x7fffffffffffffff,true", "-0x8000000000000000,false",
        "0x100000000000000,true"})
    void whatDoesNotIsAMissOfItsInstruction(String value, boolean inPlace) {
        TestMachine m = run(Long.decode(value), true, inPlace);
        assertEquals(0, asked);
        assertTrue(m.faultPending);
        assertEquals(GuestFault.Kind.MISS, m.fault.kind);
        assertEquals(0x1001, m.s[TestMachine.PC]);
        assertEquals(1, m.s[0]);
        assertEquals(49, m.budget);
        TestMachine called = run(Long.decode(value), false, inPlace);
        assertTrue(called.faultPending);
        assertEquals(GuestFault.Kind.EXCEPTION, called.fault.kind);
        assertEquals(1, asked);
    }
}
