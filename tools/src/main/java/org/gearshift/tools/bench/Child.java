package org.gearshift.tools.bench;

import java.io.IOException;

/** A process that does not outlive this one: whoever interrupts a series leaves no emulator behind. */
public final class Child implements AutoCloseable {
    private final Process process;
    private final Thread hook = new Thread(this::end, "end of child");

    public Child(ProcessBuilder command) throws IOException {
        process = command.start();
        Runtime.getRuntime().addShutdownHook(hook);
    }

    public Process process() {
        return process;
    }

    /** Ends it, and whatever it has started. */
    public void end() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    @Override
    public void close() {
        end();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The end has begun; the hook runs.
            return;
        }
    }
}
