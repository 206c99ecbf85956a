package org.gearshift.samples;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * A program to be {@code /init} of an x86-64 Linux: it measures lmbench's operations, prints a line {@code b NAME NANOSECONDS} for each, and powers off. Its source is in
 * {@code samples/src/main/linux}.
 */
public final class LinuxBenchmark {
    private LinuxBenchmark() {
    }

    /** The built program, as committed beside its source. */
    public static byte[] program() {
        try (InputStream in = LinuxBenchmark.class.getResourceAsStream("linux-benchmark")) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
