/**
 * Traces of what a processor does: events of the slow paths, told to a {@link org.gearshift.vmm.trace.TraceSink}. A machine that is not traced has nothing in their place
 * but null checks where it is slow anyway. May use engine and cpu.
 */
package org.gearshift.vmm.trace;
