package org.gearshift.tools;

import java.nio.file.Path;
import org.gearshift.tools.up.ControlClient;
import org.gearshift.tools.up.RuntimeDirectory;
import picocli.CommandLine.Option;

/** Where processes that run machines are found. */
final class RuntimeOption {
    @Option(names = "--runtime-dir", paramLabel = "DIR",
            description = "Directory of control sockets (default $GEARSHIFT_RUNTIME_DIR, $XDG_RUNTIME_DIR/gearshift, or gearshift-USER among temporary files).")
    private Path directory;

    RuntimeDirectory directory() {
        return RuntimeDirectory.of(directory);
    }

    ControlClient client() {
        return new ControlClient(directory());
    }
}
