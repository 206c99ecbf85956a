package org.gearshift.tools.gdb;

import org.gearshift.vmm.debug.Debugger;

/**
 * What a gdb is connected to.
 *
 * @param wide whether the processors have IA-32e mode
 * @param avx whether they have 256-bit vector registers
 * @param quit ends the machine
 * @param monitor answers {@code monitor} commands
 */
record GdbTarget(Debugger debugger, boolean wide, boolean avx, Runnable quit, GdbMonitor monitor) {
}
