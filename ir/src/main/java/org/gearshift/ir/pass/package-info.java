/**
 * Passes over IR: each takes a block or region and returns an equivalent one. Equivalent means: the same slots, memory, calls and budget after the
 * block, at every fault and at every monitor call. Depends on {@link org.gearshift.ir} only.
 */
package org.gearshift.ir.pass;
