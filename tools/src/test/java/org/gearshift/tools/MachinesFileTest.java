package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.vmm.policy.IsolationPolicy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files in documentation and samples are what they say they are. */
class MachinesFileTest {
    private static final Path DOCUMENT = Path.of("..", "docs", "machines.md");

    @TempDir
    Path dir;

    private static List<String> yamlOfTheDocument() throws Exception {
        List<String> all = new ArrayList<>();
        for (String part : Files.readString(DOCUMENT).split("```yaml\n")) {
            all.add(part.substring(0, Math.max(0, part.indexOf("```"))));
        }
        return all.subList(1, all.size());
    }

    @Test
    void theDocumentsMachines() throws Exception {
        MachinesFile f = MachinesFile.read(Files.writeString(dir.resolve("m.yaml"), yamlOfTheDocument().get(0)));
        assertEquals(2, f.slots());
        assertEquals(2L << 30, f.memory());
        MachineSpec web = f.machines().get(0);
        MachineSpec batch = f.machines().get(1);
        assertEquals("web", web.name);
        assertEquals(2, web.cpus);
        assertEquals(2, web.disks.size());
        assertTrue(web.disks.get(1).readOnly());
        assertEquals(dir.resolve("common.img"), web.disks.get(1).file());
        assertEquals(512L << 20, web.memory, "from the defaults");
        assertEquals(dir.resolve("vmlinuz"), batch.kernel);
        assertEquals(RunCommand.Mode.PV, batch.mode);
        assertEquals(50, batch.cap);
    }

    @Test
    void theDocumentsPolicy() throws Exception {
        IsolationPolicy p = PolicyFile.read(Files.writeString(dir.resolve("p.yaml"), yamlOfTheDocument().get(1)));
        assertEquals("[news, shop]", p.label("web").types().toString());
        assertEquals("[bank-a]", p.label("store").wall().toString());
    }

    @Test
    void everyKeyIsInTheDocument() throws Exception {
        String text = Files.readString(DOCUMENT);
        for (String key : MachineSpec.keys()) {
            assertTrue(text.contains("`" + key + "`"), key);
        }
    }

    @Test
    void theSample() throws Exception {
        MachinesFile f = MachinesFile.read(Path.of("..", "samples", "machines", "two-gears.yaml"));
        assertEquals(List.of("pc", "domain"), f.machines().stream().map(m -> m.name).toList());
    }
}
