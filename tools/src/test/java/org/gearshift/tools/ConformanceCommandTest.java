package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.gearshift.testing.Prerequisite;
import org.gearshift.tools.conformance.HostPrograms;
import org.junit.jupiter.api.Test;

class ConformanceCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        String[] all = new String[args.length + 1];
        all[0] = "conformance";
        System.arraycopy(args, 0, all, 1, args.length);
        return Gearshift.execute(new PrintWriter(out), new PrintWriter(err), all);
    }

    private String errors() {
        return err.toString().strip();
    }

    @Test
    void formsAreListedByGroup() {
        assertEquals(0, run("--list", "--group", "popcnt", "--bits", "32"));
        assertEquals(4, out.toString().lines().count());
        assertTrue(out.toString().contains("popcnt r32,m32 [f3 0f b8]"), out.toString());
    }

    @Test
    void badUsageIsToldInOneLine() {
        assertEquals(2, run("--group", "nothing"));
        assertEquals("gearshift: no group named nothing; --list shows them", errors());
    }

    @Test
    void sizesAre32And64() {
        assertEquals(2, run("--bits", "16"));
        assertEquals("gearshift: --bits 16: 32 or 64", errors());
    }

    @Test
    void aReproducerIsALineOfAReport() {
        assertEquals(2, run("--reproduce", "no-such-file"));
        assertEquals("gearshift: --reproduce no-such-file: no such file, and no line of a report", errors());
        assertEquals(2, run("--reproduce", "bits=16 code=90"));
    }

    @Test
    void oneTrialCanBeRunAgain() {
        Prerequisite.program("gcc");
        assertEquals(0, run("--reproduce", "bits=32 code=f6d9@0 flags=202 regs=0,1"), errors());
        assertEquals("no difference", out.toString().strip());
    }

    @Test
    void whereNothingCouldBeComparedThatIsNoSuccess() {
        Prerequisite.program("gcc");
        // Two executions of these differ.
        assertEquals(1, run("--group", "rdrand", "--sets", "20", "--seed", "3"), () -> out + errors());
        assertEquals("gearshift: nothing could be compared here, for the reasons above", errors());
    }

    @Test
    void whatTheProcessorCannotBeAskedQemuIs() throws Exception {
        Prerequisite.program("gcc");
        Prerequisite.program("qemu-i386");
        assertEquals(0, run("--group", "decimal", "--bits", "32", "--sets", "20", "--seed", "3"), () -> out + errors());
        assertEquals(!HostPrograms.run32BitCode(), out.toString().contains("32-bit: 120 operand sets compared with qemu-i386"), out.toString());
    }

    @Test
    void aGroupIsComparedAndCounted() {
        Prerequisite.program("gcc");
        assertEquals(0, run("--group", "popcnt", "--sets", "20", "--seed", "3"), () -> out + errors());
        assertTrue(out.toString().startsWith("seed 3"), out.toString());
        assertTrue(out.toString().contains("total"), out.toString());
    }
}
