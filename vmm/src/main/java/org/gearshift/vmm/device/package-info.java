/**
 * The chips of a PC: interrupt controllers, timers, clock, serial ports, keyboard controller, PCI and power management.
 *
 * <p>Each class names its datasheet. Devices know the bus interfaces and guest time, never the vCPU, the memory map or each other's
 * classes beyond what a wire carries; {@link org.gearshift.vmm.pc} solders them together. They belong to the vCPU thread, or, with
 * several vCPUs, to whoever holds the device lock; input from the host enters through queues that a {@code poll()} there empties.
 */
package org.gearshift.vmm.device;
