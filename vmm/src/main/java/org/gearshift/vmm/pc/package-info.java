/**
 * The board: one PC made of the chips in {@link org.gearshift.vmm.device}, wired like a 440FX machine with an I/O APIC and ACPI.
 *
 * <p>May depend on devices, buses, clocks, ACPI tables, guest memory and the interfaces by which a vCPU sees its surroundings.
 */
package org.gearshift.vmm.pc;
