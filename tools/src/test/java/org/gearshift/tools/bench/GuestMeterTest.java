package org.gearshift.tools.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.gearshift.testing.Prerequisite;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A shell in place of an emulator. */
class GuestMeterTest {
    private static final String BUSY = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; ";

    @TempDir
    Path dir;

    @BeforeEach
    void shell() {
        Prerequisite.program("sh");
        if (!Files.exists(Path.of("/proc/self/stat"))) {
            Prerequisite.missing("no /proc");
        }
    }

    private RunRecord run(String script, long seconds) throws Exception {
        return new GuestMeter(List.of("sh", "-c", script), Map.of("OTHER", "there"), dir.resolve("console")).run("p", "k", "scale=1", seconds);
    }

    @Test
    @Timeout(30)
    void cpuTimeIsCountedBetweenMarks() throws Exception {
        RunRecord r = run("echo @INIT; echo @B idle; sleep 0.3; echo @E idle 00; printf 'text\\r\\n@B busy\\r\\n'; " + BUSY + "printf '@E busy $OTHER work=250\\r\\n'; echo @END; exec sleep 60", 60);
        assertEquals("ok", r.why());
        assertEquals("[idle, busy]", r.sections().keySet().toString());
        assertTrue(r.sections().get("busy").cpu() > r.sections().get("idle").cpu(), r.line());
        assertTrue(r.sections().get("idle").cpu() < 0.1, r.line());
        assertEquals("00 1.0", r.sections().get("idle").checksum() + " " + r.sections().get("idle").work());
        assertEquals(250, r.sections().get("busy").work());
        assertTrue(Files.readString(dir.resolve("console")).contains("@B busy"));
    }

    @Test
    void anEmulatorThatEndsTooSoonIsRecordedWithWhereItWas() throws Exception {
        RunRecord r = run("echo @INIT; echo @B one; echo @E one 1; echo @B two; exit 1", 60);
        assertEquals("ended in two", r.why());
        assertEquals("[one]", r.sections().keySet().toString());
    }

    @Test
    void aGuestProgramThatFailsMakesTheRunABadOne() throws Exception {
        assertEquals("failed: perl", run("echo @INIT; echo @B perl; echo @BAD perl; echo @E perl 0; echo @END", 60).why());
    }

    @Test
    void oneThatHangsIsGivenUp() throws Exception {
        RunRecord r = run("echo @INIT; echo @B one; exec sleep 600", 1);
        assertEquals("time limit in one", r.why());
    }
}
