/**
 * The chips of a PC: interrupt controllers, timers, clock, serial ports, keyboard controller, PCI and power management.
 *
 * <p>Each class names its datasheet. Devices know the bus interfaces and guest time, never the vCPU, the memory map or each other's
 * classes beyond what a wire carries; {@link org.gearshift.vmm.pc} solders them together. They belong to the vCPU thread; input from the
 * host enters through queues that a {@code poll()} on the vCPU thread empties.
 */
package org.gearshift.vmm.device;
