package org.gearshift.translator.x86.disasm;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.gearshift.translator.x86.decode.ByteSource;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;

/**
 * Decodes what objdump decoded and compares length and text. Differences that are justified in {@code objdump-differences.txt} are counted,
 * all others collected.
 */
final class DisassemblyComparison {
    private static final int REPORTED = 40;
    private static final List<Pattern[]> JUSTIFIED = justified();

    private final Objdump.Machine machine;
    private final Decoder decoder = new Decoder();
    private final Disassembler disassembler;
    private final Code code = new Code();
    private final Set<String> distinct = new HashSet<>();

    private long same;
    private long undecoded;
    private long justifiedLines;
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
     */
    void line(long address, byte[] bytes, int offset, int end, int theirLength, String theirText) {
        code.bytes = bytes;
        code.next = offset;
        code.end = end;
        String theirs = ObjdumpText.strip(theirText);
        String ours;
        int length;
        boolean bad;
        try {
            Instruction insn = decoder.decode(code, machine.mode);
            bad = insn.mnemonic() == Mnemonic.INVALID || insn.mnemonic() == Mnemonic.TOO_LONG;
            ours = disassembler.format(insn, address);
            length = insn.length();
            if (length == theirLength && ours.equals(theirs)) {
                same++;
                return;
            }
        } catch (IndexOutOfBoundsException e) {
            ours = e.getMessage();
            length = 0;
            bad = false;
        }
        String normal = ObjdumpText.normalize(theirs);
        boolean theirsBad = normal.equals("(bad)");
        if (bad && theirsBad) {
            undecoded++;
        } else if (length == theirLength && ObjdumpText.normalize(ours).equals(normal)) {
            same++;
        } else if (isJustified(ours, theirs) || isJustified(ours, encoding(bytes, offset) + theirs)) {
            justifiedLines++;
        } else {
            fail(address, bytes, offset, Math.max(length, theirLength), length + " " + ours + " => " + theirLength + " " + theirs);
        }
    }

    /** The prefix byte that opens an encoding of its own, behind legacy prefixes, as a word; objdump's text need not show it. */
    private String encoding(byte[] bytes, int offset) {
        int at = offset;
        while (isLegacyPrefix(bytes[at] & 0xff)) {
            at++;
        }
        return switch (bytes[at] & 0xff) {
            case 0x62 -> "EVEX ";
            case 0x8f -> "XOP ";
            case 0xc4, 0xc5 -> "VEX ";
            default -> "";
        };
    }

    private boolean isLegacyPrefix(int b) {
        return switch (b) {
            case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3 -> true;
            default -> machine == Objdump.Machine.CODE64 && b >= 0x40 && b < 0x50;
        };
    }

    private static boolean isJustified(String ours, String theirs) {
        for (Pattern[] pair : JUSTIFIED) {
            if (pair[0].matcher(ours).matches() && pair[1].matcher(theirs).matches()) {
                return true;
            }
        }
        return false;
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
        return failed == 0 ? "" : machine + ": " + failed + " unjustified differences (ours => objdump's):\n" + String.join("\n", failures);
    }

    @Override
    public String toString() {
        return machine + ": " + same + " same, " + undecoded + " undecodable in both, " + justifiedLines + " justified, " + failed + " different";
    }

    private static List<Pattern[]> justified() {
        List<Pattern[]> pairs = new ArrayList<>();
        try (BufferedReader in = new BufferedReader(new InputStreamReader(
                DisassemblyComparison.class.getResourceAsStream("objdump-differences.txt"), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (!line.isBlank() && !line.startsWith("#")) {
                    String[] sides = line.split(" +=> +");
                    pairs.add(new Pattern[] {Pattern.compile(sides[0].trim()), Pattern.compile(sides[1].trim())});
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return pairs;
    }
}
