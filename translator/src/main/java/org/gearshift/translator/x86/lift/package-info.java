/**
 * Guest instructions to IR: what each x86 instruction does, written once. {@link org.gearshift.translator.x86.lift.X86Lifter} walks the code,
 * {@link org.gearshift.translator.x86.lift.LiftTable} maps mnemonics to lifting methods, which sit in one class for each instruction group of
 * the manual and speak to {@link org.gearshift.translator.x86.lift.LiftContext}. Depends on {@code ir}, the decoder and the run-time helpers.
 */
package org.gearshift.translator.x86.lift;
