package org.gearshift.translator.x86.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Who made the host's processor, for tests that accept what each maker's depart in. */
final class HostMaker {
    private HostMaker() {
    }

    static boolean isAmd() throws IOException {
        return Files.readString(Path.of("/proc/cpuinfo")).contains("AuthenticAMD");
    }
}
