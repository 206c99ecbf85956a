package org.gearshift.tools.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.tools.yaml.YamlError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** More than twice a section's own median is a cliff, within a series and beside what was usual. */
class AlarmTest {
    @TempDir
    Path dir;

    private static Table table(String peer, double theirs, double... ours) {
        List<RunRecord> all = new ArrayList<>();
        for (double s : ours) {
            all.add(Runs.run(peer, "linux32", "pct=100", 0, 0, "crc32", s));
            all.add(Runs.run("qemu", "linux32", "pct=100", 0, 0, "crc32", theirs));
        }
        return new Table(all, "linux32", 100, peer, "qemu");
    }

    @Test
    void oneRunThatFallsOutOfItsSeriesIsNamed() {
        assertEquals(List.of(), new Alarm().look(table("we", 1, 1, 1.9, 1)));
        assertEquals(List.of("linux32 100 we crc32: run 2 took 2.1 times the median of 1.00 s"), new Alarm().look(table("we", 1, 1, 2.1, 1)));
    }

    @Test
    void whatIsShorterThanClocksCanTellIsNot() {
        assertEquals(List.of(), new Alarm().look(table("we", 1, 0.01, 0.05, 0.01)));
    }

    @Test
    void aSeriesThatIsTwiceWhatIsUsualIsNamedWhateverItsVersion() throws Exception {
        Path file = dir.resolve("medians.json");
        Alarm first = new Alarm();
        first.learn(table("gearshift-17@abc", 1, 0.8, 0.9, 1.0));
        first.learn(table("gearshift-25@abc", 1, 3, 3, 3));
        first.write(file);
        Alarm usual = Alarm.read(file);
        assertEquals(List.of(), usual.look(table("gearshift-17@def", 1, 1.7, 1.7, 1.7)));
        // A machine of half the speed is no alarm.
        assertEquals(List.of(), usual.look(table("gearshift-17@def", 2, 2, 2, 2)));
        assertEquals(List.of("linux32 100 gearshift-17 crc32: 1.90 times the other's time, 0.90 is usual"), usual.look(table("gearshift-17@def", 1, 1.9, 1.9, 1.9)));
    }

    @Test
    void learningChangesWhatWasMeasuredAndNothingElse() throws Exception {
        Path file = dir.resolve("medians.json");
        Alarm a = new Alarm();
        a.learn(table("a", 1, 1));
        a.learn(table("b", 1, 1));
        a.learn(table("a", 1, 4));
        a.write(file);
        assertEquals("{\n  \"linux32 100 a\": {\"crc32\": 4.000},\n  \"linux32 100 b\": {\"crc32\": 1.000}\n}\n", Files.readString(file));
    }

    @Test
    void theProjectsOwnFileIsOne() throws Exception {
        Path ours = Path.of("bench", "medians.json");
        Path copy = dir.resolve("copy.json");
        Alarm.read(ours).write(copy);
        assertEquals(Files.readString(ours), Files.readString(copy));
        assertTrue(Files.readString(ours).contains("\"linux32 100 gearshift-17\": {\"alu\": "));
    }

    @Test
    void aFileThatIsNoneIsRefusedWithItsPlace() throws Exception {
        Path file = Files.writeString(dir.resolve("medians.json"), "{\"linux32 100 a\": {\"crc32\": \"much\"}}");
        String message = org.junit.jupiter.api.Assertions.assertThrows(YamlError.class, () -> Alarm.read(file)).getMessage();
        assertTrue(message.endsWith("medians.json:1:29: 'much' is no ratio"), message);
    }
}
