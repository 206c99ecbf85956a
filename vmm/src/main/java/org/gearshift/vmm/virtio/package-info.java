/**
 * Paravirtual devices after "Virtual I/O Device (VIRTIO) Version 1.2" (OASIS, 2022): the PCI transport with its legacy interface, split virtqueues, and the
 * devices on top.
 *
 * <p>A device ({@link org.gearshift.vmm.virtio.VirtioDevice}) sees requests as {@link org.gearshift.vmm.virtio.DescriptorChain}s and knows neither PCI nor rings.
 * Everything the guest says is checked where it enters; a ring that makes no sense stops the device (DEVICE_NEEDS_RESET). Devices are driven as all others are: by
 * one thread at a time. What takes long is done elsewhere and comes back through {@link org.gearshift.vmm.clock.HostWork}. May use the device, bus and clock
 * packages and guest memory.
 */
package org.gearshift.vmm.virtio;
