package org.gearshift.translator.x86.disasm;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.gearshift.translator.x86.decode.ByteSource;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.disasm.KnownDifferences.DifferenceClass;

/**
 * Decodes what objdump decoded and compares length and text. Differences that {@code objdump-differences.txt} gives reasons for are counted by class,
 * all others collected.
 */
final class DisassemblyComparison {
    private static final int REPORTED = 40;

    private final Objdump.Machine machine;
    private final KnownDifferences known = new KnownDifferences("objdump-differences.txt", Set.of());
    private final Decoder decoder = new Decoder();
    private final Disassembler disassembler;
    private final Code code = new Code();
    private final Set<String> distinct = new HashSet<>();

    private Instruction instruction;
    private long same;
    private long undecoded;
    private long knownLines;
    private final List<String> failures = new ArrayList<>();
    private long failed;

    /** The bytes of one instruction; running out of them is an error of the decoder. */
    private static final class Code implements ByteSource {
        private byte[] bytes;
        private int next;
        private int end;

        @Override
        public int next() {
            if (next == end) {
                throw new IndexOutOfBoundsException("read behind the instruction");
            }
            return bytes[next++] & 0xff;
        }
    }

    DisassemblyComparison(Objdump.Machine machine) {
        this.machine = machine;
        this.disassembler = new Disassembler(machine.mode);
    }

    /**
     * Compares one line.
     *
     * @param bytes holds the instruction from {@code offset}; bytes from {@code end} on must not be read
     * @return the class of a difference that has a reason, or null
     */
    DifferenceClass line(long address, byte[] bytes, int offset, int end, int theirLength, String theirText) {
        code.bytes = bytes;
        code.next = offset;
        code.end = end;
        String theirs = ObjdumpText.strip(theirText);
        String ours;
        int length;
        boolean bad;
        try {
            instruction = decoder.decode(code, machine.mode);
            bad = instruction.mnemonic() == Mnemonic.INVALID || instruction.mnemonic() == Mnemonic.TOO_LONG;
            ours = disassembler.format(instruction, address);
            length = instruction.length();
            if (length == theirLength && ours.equals(theirs)) {
                same++;
                return null;
            }
        } catch (IndexOutOfBoundsException e) {
            instruction = null;
            ours = e.getMessage();
            length = 0;
            bad = false;
        }
        String normal = ObjdumpText.normalize(theirs);
        boolean theirsBad = normal.equals("(bad)");
        if (bad && theirsBad) {
            undecoded++;
            return null;
        }
        if (length == theirLength && ObjdumpText.normalize(ours).equals(normal)) {
            same++;
            return null;
        }
        DifferenceClass reason = known.find(ours, theirs, KnownDifferences.bytes(bytes, offset, Math.max(length, theirLength), machine.bits == 64));
        if (reason != null) {
            knownLines++;
        } else {
            fail(address, bytes, offset, Math.max(length, theirLength), length + " " + ours + " => " + theirLength + " " + theirs);
        }
        return reason;
    }

    /** What the decoder made of the last line; null if it read behind the end of the bytes. */
    Instruction instruction() {
        return instruction;
    }

    private void fail(long address, byte[] bytes, int offset, int length, String what) {
        failed++;
        String kind = what.replaceAll("0x[0-9a-f]+", "N").replaceAll("\\[.*?\\]", "M");
        if (failures.size() < REPORTED && distinct.add(kind)) {
            StringBuilder hex = new StringBuilder();
            for (int i = offset; i < Math.min(offset + length, bytes.length); i++) {
                hex.append(String.format("%02x ", bytes[i]));
            }
            failures.add(Long.toHexString(address) + ": " + hex + "| " + what);
        }
    }

    /** Lines that agree, after normalization. */
    long same() {
        return same;
    }

    /** Lines that differ and may not; the empty string if there are none. */
    String failures() {
        return failed == 0 ? "" : machine + ": " + failed + " differences without a reason (ours => objdump's):\n" + String.join("\n", failures);
    }

    /** Counts, and below them each class of differences that was met. */
    @Override
    public String toString() {
        return machine + ": " + same + " same, " + undecoded + " undecodable in both, " + knownLines + " known differences, " + failed + " different\n"
                + known.report();
    }
}
