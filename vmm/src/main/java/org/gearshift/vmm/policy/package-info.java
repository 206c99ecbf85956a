/**
 * Who may share what with whom, and who may run beside whom: mandatory access control between machines, after sHype (Sailer et al., Building a MAC-based
 * security architecture for the Xen open-source hypervisor, ACSAC 2005). Simple Type Enforcement decides about sharing, Chinese Wall about running; a {@link
 * org.gearshift.vmm.policy.ReferenceMonitor} is asked at every binding.
 *
 * <p>Knows nothing of machines but their names.
 */
package org.gearshift.vmm.policy;
