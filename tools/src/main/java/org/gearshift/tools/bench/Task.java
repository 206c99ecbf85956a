package org.gearshift.tools.bench;

import java.io.IOException;

/**
 * Something to run again and again, by one emulator.
 *
 * @param peer as records call it
 * @param kind what is run
 * @param args with which choices
 * @param run does it once, and appends the record
 */
public record Task(String peer, String kind, String args, Run run) {
    /** One run. */
    @FunctionalInterface
    public interface Run {
        void once() throws IOException, InterruptedException;
    }

    @Override
    public String toString() {
        return peer + " " + kind + (args.isEmpty() ? "" : " " + args);
    }
}
