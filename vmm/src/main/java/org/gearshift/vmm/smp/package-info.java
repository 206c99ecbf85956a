/**
 * Several processors in one machine: each on a thread of its own and in real time, or in turns on one thread with the virtual clock.
 *
 * <p>Devices, the event queue and the interrupt controllers are used by one thread at a time, the one that holds the {@link org.gearshift.vmm.smp.DeviceLock}. Memory is not: what
 * keeps it coherent is {@link org.gearshift.paging.PhysicalMemory}'s business, what keeps its order that of generated code.
 */
package org.gearshift.vmm.smp;
