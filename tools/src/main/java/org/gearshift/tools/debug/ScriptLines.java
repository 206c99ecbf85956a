package org.gearshift.tools.debug;

import java.util.List;

/** Commands that were given with the command line. */
final class ScriptLines implements Lines {
    private final String name;
    private final List<String> lines;
    private int next;

    /** @param name of the file, or the option */
    ScriptLines(String name, List<String> lines) {
        this.name = name;
        this.lines = List.copyOf(lines);
    }

    @Override
    public String next() {
        return next == lines.size() ? null : lines.get(next++);
    }

    @Override
    public String origin() {
        return name + ":" + next;
    }

    @Override
    public boolean interactive() {
        return false;
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
