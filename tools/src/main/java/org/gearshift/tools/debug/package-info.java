/** The live debugger: its commands, which gdb's {@code monitor} shares, and its command line. */
package org.gearshift.tools.debug;
