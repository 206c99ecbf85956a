/**
 * The tables by which the machine describes itself: ACPI 6.4 system description tables and the AML of its DSDT, encoded here.
 *
 * <p>Knows the platform's fixed addresses and nothing of running devices. Depends on the device package for those constants and on guest RAM.
 */
package org.gearshift.vmm.acpi;
