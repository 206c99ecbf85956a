/**
 * What debuggers stand on: stopping and resuming a machine's processors, breakpoints, watchpoints and events to stop at, registers and memory. Nothing here changes what
 * the guest does: neither
 * its debug registers nor its memory are used, and as many instructions are retired as without. Blocks end before a breakpoint, and pages with a watchpoint are left out
 * of the page maps.
 * Without breakpoints and watchpoints, translated code is what it is without a debugger.
 */
package org.gearshift.vmm.debug;
