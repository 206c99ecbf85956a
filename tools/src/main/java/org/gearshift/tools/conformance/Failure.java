package org.gearshift.tools.conformance;

import java.util.List;
import org.gearshift.translator.x86.decode.Instruction;

/**
 * A difference between the host's processor and an emulated one.
 *
 * @param what the form, or "sequence"
 * @param engine what executed it
 * @param trial a trial that shows it, minimized
 * @param instruction the trial's one instruction, or null
 * @param sequence the trial's sequence, or null
 * @param differences what differed, as text
 */
record Failure(String what, String engine, Trial trial, Instruction instruction, Sequence sequence, List<String> differences) {
}
