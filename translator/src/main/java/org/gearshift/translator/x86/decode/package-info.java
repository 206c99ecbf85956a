/**
 * x86 instruction bytes to {@link org.gearshift.translator.x86.decode.Instruction}: 16-, 32- and 64-bit code from the 8086 to SSE4.2, AES, SHA and
 * BMI. The opcode tables are text in the manual's notation, a line for each form; {@link org.gearshift.translator.x86.decode.OpcodeMaps} documents
 * the notation and compiles it. Knows nothing of guest state, memory or IR: may use {@code X86Mode} and {@code X86State}'s numbering only.
 */
package org.gearshift.translator.x86.decode;
