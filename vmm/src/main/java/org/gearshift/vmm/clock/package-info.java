/**
 * Guest time: what "now" is, and what happens next.
 *
 * <p>All guest-visible time is nanoseconds of one {@link org.gearshift.vmm.clock.GuestClock}. With the virtual clock nothing here reads host
 * time, so that a run repeats exactly. Depends on the JDK only.
 */
package org.gearshift.vmm.clock;
