/**
 * What is around a process that runs several machines: its consoles on the terminal, and the socket by which other commands reach it.
 */
package org.gearshift.tools.up;
