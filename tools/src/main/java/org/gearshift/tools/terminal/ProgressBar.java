package org.gearshift.tools.terminal;

import java.io.PrintWriter;

/** One line that shows how far something is, drawn over again on a terminal; elsewhere nothing is shown. */
public final class ProgressBar implements AutoCloseable {
    private static final int WIDTH = 30;
    private static final long NANOS_BETWEEN = 100_000_000;

    private final PrintWriter out;
    private final boolean shown;
    private long last;
    private int drawn;

    /** @param terminal false: nothing is drawn, since nobody watches */
    public ProgressBar(PrintWriter out, boolean terminal) {
        this.out = out;
        this.shown = terminal;
    }

    /**
     * Draws anew, at most ten times a second.
     *
     * @param fraction 0..1
     * @param text behind the bar
     */
    public void show(double fraction, String text) {
        long now = System.nanoTime();
        if (!shown || drawn > 0 && now - last < NANOS_BETWEEN) {
            return;
        }
        last = now;
        int full = (int) (Math.max(0, Math.min(1, fraction)) * WIDTH);
        String line = "[" + "#".repeat(full) + " ".repeat(WIDTH - full) + "] " + Math.round(fraction * 100) + "% " + text;
        out.print("\r" + line + " ".repeat(Math.max(0, drawn - line.length())));
        out.flush();
        drawn = line.length();
    }

    /** Wipes the line. */
    @Override
    public void close() {
        if (drawn > 0) {
            out.print("\r" + " ".repeat(drawn) + "\r");
            out.flush();
            drawn = 0;
        }
    }
}
