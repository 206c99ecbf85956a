package org.gearshift.tools.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.tools.yaml.YamlError;

/** Records of runs, a line each. What is there need not be run again, so that whoever was interrupted goes on where it was. */
public final class ResultFile {
    private final Path file;

    public ResultFile(Path file) {
        this.file = file;
    }

    public Path path() {
        return file;
    }

    /** All of them; lines that were not written to their end are left out. */
    public List<RunRecord> records() throws IOException {
        List<RunRecord> all = new ArrayList<>();
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                try {
                    all.add(RunRecord.parse(line));
                } catch (YamlError | NullPointerException e) {
                    continue;
                }
            }
        }
        return all;
    }

    /** How many runs of a peer are there. */
    public long count(String peer, String kind, String args) throws IOException {
        return records().stream().filter(r -> r.peer().equals(peer) && r.kind().equals(kind) && r.args().equals(args)).count();
    }

    public void append(RunRecord r) throws IOException {
        if (file.getParent() != null) {
            Files.createDirectories(file.getParent());
        }
        Files.writeString(file, r.line() + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
