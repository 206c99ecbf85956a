/**
 * The vCPU run loop and everything between "a guest pc" and "code that executes it": the cache of translations, block
 * translation, the choice of what to compile, region formation, invalidation, and the lockstep comparison of the two engines.
 *
 * <p>May use everything below {@code vmm} and {@code vmm.cpu}; knows devices only as an event queue, a clock and an interrupt source.
 */
package org.gearshift.vmm.engine;
