/**
 * The architectural processor behind translated code: the slow path of memory accesses, segmentation, delivery of exceptions and
 * interrupts, task switches, control, debug and model-specific registers, CPUID and everything else that translated code asks of
 * the monitor through {@link org.gearshift.translator.x86.X86Service}.
 *
 * <p>May use {@code ir}, {@code translator} and {@code shadow-paging}. Knows nothing of devices, of how code is executed, or of
 * translations: the outside world is the small interfaces here ({@link org.gearshift.vmm.cpu.PortSpace},
 * {@link org.gearshift.vmm.cpu.InterruptSource}, {@link org.gearshift.vmm.cpu.TimeSource},
 * {@link org.gearshift.vmm.cpu.ApicMsrs}, {@link org.gearshift.vmm.cpu.NumericErrorLine}).
 */
package org.gearshift.vmm.cpu;
