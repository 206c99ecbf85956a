package org.gearshift.vmm.replay;

/**
 * How a recorded run ended.
 *
 * @param nanos guest time then
 * @param retired instructions retired by all processors
 * @param exitCode of the run
 * @param state hash of memory and processors, in hexadecimal
 */
public record Ending(long nanos, long retired, int exitCode, String state) {
}
