/**
 * What x86 instructions mean where that is too large to spell in IR operations: 80-bit x87 arithmetic, SSE floating point with exact exception
 * flags, packed integer functions, integer division, string copies. Public static methods called from IR through
 * {@link org.gearshift.ir.Helper}, and tested against a real processor. Depends on {@code ir} and the state layout
 * {@link org.gearshift.translator.x86.X86State} only; nothing here allocates except the transcendental functions.
 */
package org.gearshift.translator.x86.runtime;
