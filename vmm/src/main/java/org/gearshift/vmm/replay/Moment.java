package org.gearshift.vmm.replay;

/**
 * Something that happened to a machine from outside, or a look at it, and when.
 *
 * @param channel what it is: one of {@link Channel}'s numbers
 * @param nanos guest time it was due at
 * @param retired instructions that had been retired by all processors then
 * @param state checksum of the processors' state just before
 * @param data what came
 */
record Moment(int channel, long nanos, long retired, int state, byte[] data) {
}
