package org.gearshift.tools.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.gearshift.tools.yaml.YamlError;
import org.junit.jupiter.api.Test;

/** A run is a line of JSON, as peerbench's {@code run.py} writes it. */
class RunRecordTest {
    private static final String LINE = "{\"peer\": \"qemu\", \"kind\": \"linux32\", \"args\": \"pct=100 set=cpu\", \"date\": \"2026-11-20 17:55:04\", \"sections\": {\"alu\": {\"cpu\": 0.5665, \"wall\": "
            + "0.6, \"chk\": \"00000015\", \"guest_us\": 141649}, \"os.sh\": {\"cpu\": 1, \"wall\": 1, \"chk\": \"1e5\"}}, \"skipped\": [\"x\"], \"boot_cpu\": 4.75, \"boot_wall\": 5.1, "
            + "\"boot_rss\": 200, \"end_cpu\": 9.1, \"rss\": 228, \"why\": \"ok\", \"wall\": 10.4}";

    @Test
    void aLineOfPeerbenchIsUnderstood() throws YamlError {
        RunRecord r = RunRecord.parse(LINE);
        assertEquals("qemu linux32 pct=100 set=cpu ok", r.peer() + " " + r.kind() + " " + r.args() + " " + r.why());
        assertEquals(4.75, r.boot());
        assertEquals(228, r.resident());
        assertEquals("[alu, os.sh]", r.sections().keySet().toString());
        assertEquals(0.5665, r.sections().get("alu").cpu());
        assertEquals("00000015", r.sections().get("alu").checksum());
        assertEquals("1e5", r.sections().get("os.sh").checksum());
    }

    @Test
    void aRunThatNeverGotToItsProgramHasNoBoot() throws YamlError {
        RunRecord r = RunRecord.parse("{\"peer\": \"p\", \"kind\": \"k\", \"args\": \"\", \"sections\": {}, \"rss\": null, \"why\": \"time limit in boot\"}");
        assertEquals(0, r.boot());
        assertEquals(0, r.resident());
        assertEquals("time limit in boot", r.why());
    }

    @Test
    void whatIsWrittenIsReadAgain() throws YamlError {
        RunRecord r = RunRecord.parse(LINE.replace("qemu", "a \\\"b\\\""));
        assertEquals("a \"b\"", r.peer());
        assertEquals(r, RunRecord.parse(r.line()));
    }

    @Test
    void costIsForAUnitOfWork() {
        assertEquals(0.5, new RunRecord.Section(20, "", 40).cost());
    }

    @Test
    void halfALineIsNone() {
        assertThrows(YamlError.class, () -> RunRecord.parse(LINE.substring(0, 100)));
    }
}
