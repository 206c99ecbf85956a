package org.gearshift.tools.debug;

import java.io.IOException;

/** Where command lines come from. */
interface Lines extends AutoCloseable {
    /** The next line, or null if there are no more. */
    String next() throws IOException;

    /** Where the last line came from, for messages: empty if the user has it before their eyes. */
    String origin();

    /** Whether somebody is there who sees messages and goes on. */
    boolean interactive();

    @Override
    void close() throws IOException;
}
