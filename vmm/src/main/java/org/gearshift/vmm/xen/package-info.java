/**
 * Xen's paravirtual interface for 64-bit x86 guests: a domain's frames and page tables, its hypercalls, traps, events, time, grants and shared pages.
 *
 * <p>Facts are Xen's public headers (xen/include/public) and, where those are silent, the behaviour of Xen 4.17. Machine frames are frames of the
 * machine's {@link org.gearshift.paging.GuestRam}: the first belong to the hypervisor, all others to the domain.
 */
package org.gearshift.vmm.xen;
