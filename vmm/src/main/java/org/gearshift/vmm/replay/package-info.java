/**
 * Runs that repeat: what comes to a machine from outside is let in at exact moments of its own time, by way of a {@link org.gearshift.vmm.replay.Timeline}, and written
 * to a log, from
 * which the same run can be had again, bit for bit. Time itself derives from the guest's instructions ({@link org.gearshift.vmm.clock.VirtualClock}), so that nothing
 * else has to be
 * logged. Knows of devices only what they give and take. May use the clock and net packages.
 */
package org.gearshift.vmm.replay;
