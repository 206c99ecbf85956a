package org.gearshift.tools.up;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.gearshift.vmm.host.VmConsole;

/** Shows a console among others, where there is no terminal: whole lines, each behind the machine's name. */
public final class LinePrinter implements VmConsole.Viewer {
    private static final int LONGEST = 4096;

    private final String prefix;
    private final PrintWriter out;
    private final StringBuilder line = new StringBuilder();

    /** @param width of the names' column */
    public LinePrinter(String name, int width, PrintWriter out) {
        prefix = String.format("%-" + width + "s | ", name);
        this.out = out;
    }

    @Override
    public void output(byte[] bytes) {
        for (char c : new String(bytes, StandardCharsets.ISO_8859_1).toCharArray()) {
            if (c == '\n' || line.length() == LONGEST) {
                print();
            }
            if (c != '\n' && c != '\r') {
                line.append(c);
            }
        }
    }

    private void print() {
        synchronized (out) {
            out.println(prefix + line);
            out.flush();
        }
        line.setLength(0);
    }

    @Override
    public void end() {
        if (!line.isEmpty()) {
            print();
        }
    }
}
