package org.gearshift.tools.gdb;

import java.io.PrintWriter;
import org.gearshift.vmm.debug.DebuggedCpu;

/** Commands beside the protocol: gdb's {@code monitor}. On the session's thread, while the machine stands. */
@FunctionalInterface
public interface GdbMonitor {
    /** @param line what is behind {@code monitor} */
    void execute(String line, DebuggedCpu cpu, PrintWriter out);
}
