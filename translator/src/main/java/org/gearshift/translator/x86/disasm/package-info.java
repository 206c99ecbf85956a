/**
 * Decoded instructions as text in Intel syntax, worded like {@code objdump -d -M intel}, so that the decoder can be checked against it. May use
 * {@code x86.decode} and {@code X86Mode} only.
 */
package org.gearshift.translator.x86.disasm;
