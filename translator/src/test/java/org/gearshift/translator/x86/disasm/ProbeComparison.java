package org.gearshift.translator.x86.disasm;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.disasm.KnownDifferences.DifferenceClass;

/**
 * Compares with the host's processor how long strings of bytes are as instructions and whether they exist. Differences that
 * {@code processor-differences.txt} gives reasons for are counted by class, all others collected.
 */
final class ProbeComparison {
    private static final int REPORTED = 40;
    private static final int REPETITIONS = 3;

    /** A string whose answer is due. */
    private record Pending(byte[] code, int offset, Instruction ours, DifferenceClass objdumps) {
    }

    private final Objdump.Machine machine;
    private final LengthProbe probe;
    private final KnownDifferences known;
    private final Disassembler disassembler;
    private final List<Pending> pending = new ArrayList<>();
    private final Set<String> distinct = new HashSet<>();
    private final List<String> failures = new ArrayList<>();

    private long exist;
    private long undefined;
    private long tooLong;
    private long knownStrings;
    private long failed;
    private long unconfirmed;

    ProbeComparison(Objdump.Machine machine, LengthProbe probe, Set<String> hostFlags) {
        this.machine = machine;
        this.probe = probe;
        this.known = new KnownDifferences("processor-differences.txt", hostFlags);
        this.disassembler = new Disassembler(machine.mode);
    }

    /**
     * Compares the string of {@link LengthProbe#STRING} bytes at an offset, now or later.
     *
     * @param ours what the decoder made of it
     * @param objdumps class of its difference from objdump, which learns what the processor says; or null
     */
    void add(byte[] code, int offset, Instruction ours, DifferenceClass objdumps) throws IOException {
        probe.add(machine.bits, ours.length(), code, offset);
        pending.add(new Pending(code, offset, ours, objdumps));
        if (probe.size() == LengthProbe.BATCH) {
            flush();
        }
    }

    /** Compares what was added and is not compared yet. */
    void flush() throws IOException {
        probe.answer();
        List<Pending> doubtful = new ArrayList<>();
        for (int i = 0; i < pending.size(); i++) {
            if (!isExpected(pending.get(i), probe.length(i), probe.vector(i))) {
                doubtful.add(pending.get(i));
            } else {
                judge(pending.get(i), probe.length(i), probe.vector(i));
            }
        }
        pending.clear();
        for (Pending p : doubtful) {
            askAgain(p);
        }
    }

    /**
     * A difference counts only if it is there each time: a hypervisor under the host that takes page faults for itself answers a few strings in a million otherwise, once.
     */
    private void askAgain(Pending p) throws IOException {
        int number = 0;
        for (int n = 0; n < REPETITIONS; n++) {
            number = probe.add(machine.bits, p.ours.length(), p.code, p.offset);
            probe.answer();
            if (isExpected(p, probe.length(number), probe.vector(number))) {
                unconfirmed++;
                break;
            }
        }
        judge(p, probe.length(number), probe.vector(number));
    }

    /** Whether the answer is the decoder's, or differs for a known reason. */
    private boolean isExpected(Pending p, int length, int vector) {
        String theirs = verdict(p.ours, length, vector);
        return theirs == null || known.explains(disassembler.format(p.ours, 0), theirs, shown(p, length));
    }

    private String shown(Pending p, int length) {
        return KnownDifferences.bytes(p.code, p.offset, Math.max(length, p.ours.length()), machine.bits == 64);
    }

    private void judge(Pending p, int length, int vector) {
        String theirs = verdict(p.ours, length, vector);
        if (p.objdumps != null) {
            p.objdumps.judge(theirs == null);
        }
        if (theirs == null) {
            switch (p.ours.mnemonic()) {
                case INVALID -> undefined++;
                case TOO_LONG -> tooLong++;
                default -> exist++;
            }
            return;
        }
        String ours = disassembler.format(p.ours, 0);
        String bytes = shown(p, length);
        if (known.find(ours, theirs, bytes) != null) {
            knownStrings++;
            return;
        }
        failed++;
        if (failures.size() < REPORTED && distinct.add(p.ours.mnemonic() + theirs + opcode(bytes))) {
            failures.add(bytes + " | " + ours + ", " + p.ours.length() + " bytes => " + theirs + ", " + length + " bytes, vector " + vector);
        }
    }

    /** What makes two differences the same for the report: map and opcode. */
    private static String opcode(String bytes) {
        String b = bytes.replaceAll(".*: ", "");
        return b.startsWith("c4") ? b.replaceAll("c4 (..) .. (..).*", "$1$2") : b.replaceAll("(c5 .. ..|0f ..|..).*", "$1");
    }

    /**
     * The processor's word where it is another than the decoder's: {@code exists}, {@code #UD}, {@code longer}, {@code shorter}, {@code too long}; or null.
     * Of what both say is too long, {@code 16th byte} if the processor says so only when it has that byte.
     */
    private static String verdict(Instruction ours, int length, int vector) {
        boolean theirsUndefined = vector == LengthProbe.UNDEFINED;
        boolean theirsTooLong = vector == LengthProbe.GENERAL_PROTECTION && length > LengthProbe.LONGEST;
        if (ours.mnemonic() == Mnemonic.TOO_LONG) {
            return theirsTooLong ? "16th byte" : vector == LengthProbe.GENERAL_PROTECTION && length == LengthProbe.LONGEST ? null : theirsUndefined ? "#UD" : "exists";
        }
        boolean oursUndefined = ours.mnemonic() == Mnemonic.INVALID;
        if (oursUndefined != theirsUndefined) {
            return oursUndefined ? "exists" : "#UD";
        }
        if (theirsTooLong) {
            return "too long";
        }
        return length == ours.length() ? null : length > ours.length() ? "longer" : "shorter";
    }

    /** Strings compared. */
    long compared() {
        return exist + undefined + tooLong + knownStrings + failed;
    }

    /** Strings that differ and may not; the empty string if there are none. */
    String failures() {
        return failed == 0 ? "" : machine + ": " + failed + " differences from the processor without a reason (ours => the processor's):\n"
                + String.join("\n", failures);
    }

    /** Counts, and below them each class of differences that was met. */
    @Override
    public String toString() {
        return machine + ": " + compared() + " strings, of which the processor says the same of " + exist + " instructions, " + undefined
                + " that do not exist, " + tooLong + " that are too long; " + knownStrings + " known differences, " + failed + " different, " + unconfirmed
                + " were so only once\n" + known.report();
    }
}
