package org.gearshift.tools.conformance;

import java.util.List;

/** One execution: code, the registers it begins with, and what it finds in memory; later patches cover earlier ones. */
record Trial(Code code, Registers start, List<Patch> memory) {
    /** The scratch pages as the code finds them. */
    void scratch(byte[] to) {
        Layout.initialScratch(to);
        for (Patch p : memory) {
            System.arraycopy(p.bytes(), 0, to, p.offset(), p.bytes().length);
        }
    }
}
