/**
 * Several machines in one process: each on a thread of its own, its processors scheduled beside the others', with a state, an end and a console. What goes
 * wrong in one is its own end and nobody else's.
 *
 * <p>This is what a program embeds that runs machines; the command line is one such program.
 */
package org.gearshift.vmm.host;
