/**
 * Guest memory and its translation: guest RAM, the physical address space with its MMIO windows, walkers of the guest's page tables,
 * and the shadow tables that turn a guest's linear address into an offset in guest RAM with one array access.
 *
 * <p>Depends on nothing but the JDK. Everything here belongs to one VM and is used by one thread at a time.
 */
package org.gearshift.paging;
