/** The GDB remote serial protocol (GDB manual, appendix E) on a TCP port: a stock gdb debugs a machine by it. */
package org.gearshift.tools.gdb;
