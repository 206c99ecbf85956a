/** The {@code gearshift} command line: one class a subcommand, nothing that another program would want to call. May use everything. */
package org.gearshift.tools;
