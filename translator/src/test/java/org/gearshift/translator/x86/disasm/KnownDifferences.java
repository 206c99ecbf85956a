package org.gearshift.translator.x86.disasm;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Where the decoder and another who reads machine code may differ, by classes. A file lists them: {@code [title]} begins a class, {@code #} a comment; a rule
 * is {@code our text => theirs}, or {@code our text => theirs | bytes}, regular expressions all three. The bytes are written as {@code 66 f2: 0f 05}: prefixes,
 * a colon, the others. A class with {@code unless flag} behind its title holds only where {@code /proc/cpuinfo} does not have the flag, or maker's name; with
 * {@code if flag} only where it does.
 */
final class KnownDifferences {
    private record Rule(DifferenceClass of, Pattern ours, Pattern theirs, Pattern bytes) {
        boolean matches(String text, String word, String code) {
            return ours.matcher(text).matches() && theirs.matcher(word).matches() && (bytes == null || bytes.matcher(code).matches());
        }
    }

    /** One class, with how often it was met. */
    static final class DifferenceClass {
        final String title;
        /** Feature that takes the reason for the difference away ({@code unless}) or is the reason ({@code if}), or the empty string. */
        private final String condition;
        private long count;
        private long confirmed;
        private long denied;

        DifferenceClass(String title, String condition) {
            this.title = title;
            this.condition = condition;
        }

        /** Whether there is the reason on a processor with these features. */
        boolean holds(Set<String> hostFlags) {
            String[] words = condition.split(" ");
            return switch (words[0]) {
                case "" -> true;
                case "if" -> hostFlags.contains(words[1]);
                case "unless" -> !hostFlags.contains(words[1]);
                default -> throw new IllegalStateException("[" + title + "] " + condition);
            };
        }

        /** A third opinion on one of the differences: whether it is with the decoder. */
        void judge(boolean forUs) {
            confirmed += forUs ? 1 : 0;
            denied += forUs ? 0 : 1;
        }

        private String line() {
            String judged = confirmed + denied == 0 ? "" : "; the processor is with us " + confirmed + ", not with us " + denied;
            return "  " + count + " " + title + judged;
        }
    }

    private final List<Rule> rules = new ArrayList<>();
    private final Map<String, DifferenceClass> classes = new LinkedHashMap<>();

    /**
     * @param resource the file, beside this class
     * @param hostFlags features of the host's processor
     */
    KnownDifferences(String resource, Set<String> hostFlags) {
        DifferenceClass current = null;
        try (BufferedReader in = new BufferedReader(new InputStreamReader(KnownDifferences.class.getResourceAsStream(resource), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.startsWith("[")) {
                    int end = line.indexOf(']');
                    current = new DifferenceClass(line.substring(1, end), line.substring(end + 1).strip());
                    classes.put(current.title, current);
                } else if (!line.isBlank() && !line.startsWith("#") && current.holds(hostFlags)) {
                    rules.add(rule(current, line));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Rule rule(DifferenceClass of, String line) {
        String[] sides = line.split(" +=> +", 2);
        String[] right = sides[1].split(" \\| ", 2);
        return new Rule(of, Pattern.compile(sides[0].trim()), Pattern.compile(right[0].trim()),
                right.length == 1 ? null : Pattern.compile(right[1].trim()));
    }

    /** The class that a difference belongs to, which counts it; null if there is none. */
    DifferenceClass find(String ours, String theirs, String bytes) {
        for (Rule r : rules) {
            if (r.matches(ours, theirs, bytes)) {
                r.of.count++;
                return r.of;
            }
        }
        return null;
    }

    /** Whether a difference belongs to a class; it is not counted. */
    boolean explains(String ours, String theirs, String bytes) {
        return rules.stream().anyMatch(r -> r.matches(ours, theirs, bytes));
    }

    /** A line for each class that was met: how often, and what it is. */
    String report() {
        StringBuilder b = new StringBuilder();
        for (DifferenceClass c : classes.values()) {
            if (c.count > 0) {
                b.append(c.line()).append('\n');
            }
        }
        return b.toString();
    }

    /** The bytes of an instruction as rules see them. */
    static String bytes(byte[] code, int offset, int length, boolean mode64) {
        StringBuilder b = new StringBuilder();
        int i = offset;
        int end = Math.min(offset + length, code.length);
        for (; i < end && isPrefix(code[i] & 0xff, mode64); i++) {
            hex(b, code[i]);
        }
        b.append(':');
        for (; i < end; i++) {
            b.append(' ');
            hex(b, code[i]);
        }
        return b.toString();
    }

    private static void hex(StringBuilder b, byte value) {
        if (b.length() > 0 && b.charAt(b.length() - 1) != ' ') {
            b.append(' ');
        }
        b.append(Character.forDigit(value >> 4 & 15, 16)).append(Character.forDigit(value & 15, 16));
    }

    private static boolean isPrefix(int b, boolean mode64) {
        return switch (b) {
            case 0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 -> true;
            default -> mode64 && (b & 0xf0) == 0x40;
        };
    }
}
