/**
 * Who called whom, by the call frame information that compilers put into ELF files: {@code .eh_frame} (Linux Standard Base Core 5.0, chapter "Exception Frames") and {@code .debug_frame} (DWARF 5,
 * section 6.4). {@link org.gearshift.tools.unwind.CallFrameInformation} is a section's entries, {@link org.gearshift.tools.unwind.CallFrameProgram} makes rules for one address of one, and
 * {@link org.gearshift.tools.unwind.CfiUnwinder} goes by them from a function to its caller. Everything in a file may be wrong: it is bounded and checked, and what is wrong is a
 * {@link org.gearshift.tools.unwind.CallFrameException}. Knows no virtual machine.
 */
package org.gearshift.tools.unwind;
