package org.gearshift.tools.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.gearshift.tools.stage.InputException;

/**
 * A checkout of peerbench, guest programs that run on any emulator and say on the serial port what they are about, and its {@code run.py}, which counts the emulator's CPU seconds in between. It is no part of this
 * project.
 *
 * @param directory the checkout
 * @param out what was built of it
 * @param environment where kernels and the like are, as its README names them
 */
public record PeerBench(Path directory, Path out, Map<String, String> environment) {
    /** Seconds after which a run is given up. */
    private static final int LIMIT = 7200;
    private static final String PEERS = "peers.sh";
    private static final List<String> BARE = List.of("bare0", "bare1", "bare0q", "bare1q");

    /** Whether it is one. */
    public static void check(Path directory) {
        if (!Files.exists(directory.resolve("run.py"))) {
            throw new InputException(directory + ": no checkout of peerbench, there is no run.py");
        }
    }

    /** Builds the guest programs, unless they are there. */
    public void build() throws IOException, InterruptedException {
        compile();
        try (InputStream in = PeerBench.class.getResourceAsStream(PEERS)) {
            Files.write(out.resolve(PEERS), in.readAllBytes());
        }
        for (String kind : BARE) {
            Files.write(out.resolve(kind + ".elf"), BareImage.elf(Files.readAllBytes(out.resolve(kind + ".img"))));
        }
    }

    private void compile() throws IOException, InterruptedException {
        if (Files.exists(out.resolve("initramfs64.gz")) && Files.exists(out.resolve("bare1.hd"))) {
            return;
        }
        Files.createDirectories(out);
        Path log = out.resolve("build.log");
        ProcessBuilder b = new ProcessBuilder("sh", directory.resolve("src/build.sh").toString());
        b.environment().putAll(environment);
        b.environment().put("OUT", out.toString());
        b.redirectErrorStream(true).redirectOutput(log.toFile());
        if (b.start().waitFor() != 0) {
            throw new IOException("peerbench's programs could not be built (gcc -m32, binutils, nasm and cpio are needed, and root for device nodes); see " + log);
        }
    }

    /**
     * One run.
     *
     * @param label what the record calls the peer
     * @param more of the environment
     */
    public Task task(String peer, String label, String kind, String args, Map<String, String> more, ResultFile results) {
        return new Task(label, kind, args, () -> {
            List<String> command = new ArrayList<>(List.of("python3", directory.resolve("run.py").toString(), peer, kind));
            command.addAll(args.isEmpty() ? List.of() : List.of(args.split(" ")));
            command.addAll(List.of("label=" + label, "results=" + results.path().toAbsolutePath(), "limit=" + LIMIT));
            Files.createDirectories(results.path().toAbsolutePath().getParent());
            ProcessBuilder b = new ProcessBuilder(command);
            b.environment().putAll(environment);
            b.environment().put("OUT", out.toString());
            b.environment().put("PEERBENCH", directory.toString());
            b.environment().put("PEERS", out.resolve(PEERS).toString());
            b.environment().put("ERRLOG", out.resolve("last-messages").toString());
            b.environment().put("SERLOG", out.resolve("last-console").toString());
            b.environment().putAll(more);
            b.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(out.resolve("runs.log").toFile()));
            try (Child c = new Child(b)) {
                int code = c.process().waitFor();
                if (code != 0) {
                    throw new IOException("run.py " + peer + " " + kind + " failed with exit code " + code + "; see " + out.resolve("runs.log"));
                }
            }
        });
    }
}
