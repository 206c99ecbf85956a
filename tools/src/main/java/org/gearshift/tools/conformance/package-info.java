/**
 * Checks lifted instructions against the host's processor: forms made from the decoder's tables, run natively in a process of their own and by the
 * interpreter and compiled code, and compared in every register, defined flag, memory byte and fault.
 */
package org.gearshift.tools.conformance;
