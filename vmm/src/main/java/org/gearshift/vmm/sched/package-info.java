/**
 * Which vCPU has a processor of the host: machines share a number of slots by weight, within caps. It counts processor time that threads have really used, so
 * that shares hold on a loaded host too.
 *
 * <p>Knows nothing of machines: their run loops ask it by way of a {@link org.gearshift.vmm.sched.VcpuSlot} between slices of guest code, and before and after
 * they sleep.
 */
package org.gearshift.vmm.sched;
