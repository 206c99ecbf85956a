package org.gearshift.tools.conformance;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.vmm.cpu.Eflags;

/** Instructions in a row, with jumps among them that keep their targets when instructions are taken away. */
final class Sequence {
    /**
     * One instruction, or some that belong together.
     *
     * @param target index of the unit it jumps to (the number of units: the end), or -1; the displacement is then its last four bytes
     */
    record Unit(byte[] bytes, int target) {
    }

    private final int bits;
    private final List<Unit> units;

    Sequence(int bits, List<Unit> units) {
        this.bits = bits;
        this.units = List.copyOf(units);
    }

    int length() {
        return units.size();
    }

    Code code() {
        int[] at = new int[units.size() + 1];
        for (int i = 0; i < units.size(); i++) {
            at[i + 1] = at[i] + units.get(i).bytes.length;
        }
        ByteArrayOutputStream b = new ByteArrayOutputStream();
        for (int i = 0; i < units.size(); i++) {
            Unit u = units.get(i);
            byte[] bytes = u.bytes.clone();
            if (u.target >= 0) {
                int displacement = at[u.target] - at[i + 1];
                for (int k = 0; k < 4; k++) {
                    bytes[bytes.length - 4 + k] = (byte) (displacement >> 8 * k);
                }
            }
            b.writeBytes(bytes);
        }
        return new Code(bits, b.toByteArray());
    }

    /** The sequence without units {@code from} to {@code to}; jumps to those go to what follows them. */
    Sequence without(int from, int to) {
        List<Unit> left = new ArrayList<>();
        for (int i = 0; i < units.size(); i++) {
            if (i < from || i >= to) {
                Unit u = units.get(i);
                int target = u.target <= from ? u.target : Math.max(from, u.target - (to - from));
                left.add(new Unit(u.bytes, target));
            }
        }
        return new Sequence(bits, left);
    }

    /** The instructions one by one. */
    List<Instruction> instructions() {
        List<Instruction> all = new ArrayList<>();
        Decoder decoder = new Decoder();
        for (Unit u : units) {
            for (int[] at = {0}; at[0] < u.bytes.length;) {
                all.add(decoder.decode(() -> at[0] < u.bytes.length ? u.bytes[at[0]++] & 0xff : 0, Code.mode(bits)));
            }
        }
        return all;
    }

    /** EFLAGS bits that may be undefined in the end: AF, since {@link Sequencer} has the others defined at once. */
    int undefinedFlags() {
        for (Instruction i : instructions()) {
            if (UndefinedResults.flagsEver(i) == Eflags.AF) {
                return Eflags.AF;
            }
        }
        return 0;
    }

    /** x87 status bits that some instruction leaves undefined. */
    int undefinedStatus() {
        int f = 0;
        for (Instruction i : instructions()) {
            f |= UndefinedResults.status(i);
        }
        return f;
    }
}
