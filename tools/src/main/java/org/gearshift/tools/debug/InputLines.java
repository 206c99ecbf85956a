package org.gearshift.tools.debug;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** Commands on standard input that is no terminal. */
final class InputLines implements Lines {
    private final BufferedReader in;
    private int number;

    InputLines(InputStream in) {
        this.in = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    }

    @Override
    public String next() throws IOException {
        number++;
        return in.readLine();
    }

    @Override
    public String origin() {
        return "standard input:" + number;
    }

    @Override
    public boolean interactive() {
        return false;
    }

    @Override
    public void close() {
        // Standard input is not ours to close.
    }
}
