/**
 * Lifters of the x87, MMX and SSE instructions, a class for each group of the manual. What an instruction computes is in
 * {@link org.gearshift.translator.x86.runtime}; here are operands, processor-mode checks and the state each helper touches.
 * Depends on {@code lift}, {@code decode}, {@code runtime} and {@code ir}.
 */
package org.gearshift.translator.x86.lift.fp;
