package org.gearshift.tools.up;

import java.io.IOException;
import java.util.List;
import org.gearshift.vmm.host.VmConsole;

/** Consoles that one terminal can be switched between. */
public interface Consoles {
    /** A console that is looked at. */
    interface Connection {
        /** Types a byte. */
        void type(int b) throws IOException;

        /** Looks no more. */
        void close() throws IOException;
    }

    /**
     * A machine with a console.
     *
     * @param state what it is doing, in a word
     */
    record Entry(String name, String state) {
    }

    /** All of them, in a fixed order. */
    List<Entry> list() throws IOException;

    /** Begins to look at one. @throws IOException with a message for the user if that cannot be */
    Connection open(String name, VmConsole.Viewer viewer) throws IOException;
}
