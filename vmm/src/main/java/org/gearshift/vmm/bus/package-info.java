/**
 * How devices are reached: the port bus, and the wires by which devices ask for attention.
 *
 * <p>A device does not know where it sits or which interrupt controllers listen. Depends on the JDK only. Everything here belongs to the
 * vCPU thread.
 */
package org.gearshift.vmm.bus;
