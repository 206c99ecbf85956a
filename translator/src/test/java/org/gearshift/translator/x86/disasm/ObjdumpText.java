package org.gearshift.translator.x86.disasm;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Brings objdump's text to what the disassembler can say: {@code Instruction} keeps what an instruction does, not how it was encoded, so the following
 * do not show and are removed here. Symbols and comments; prefixes without effect; displacement zero; absent index; redundant segment overrides; the
 * distinction of {@code mov} and {@code movabs}, of {@code shl eax,1} and {@code shl eax,0x1}, of {@code fadd st,st(0)} and {@code fadd st(0),st}.
 */
final class ObjdumpText {
    /** Prefixes that objdump spells because the instruction does not use them; hints (bnd, notrack, xacquire, xrelease, branch taken). */
    private static final Pattern IDLE_PREFIX = Pattern.compile(
            "^(?:rex(?:\\.[WRXB]+)?|data16|data32|addr16|addr32|[c-gs]s|es|repz|repnz|rep|bnd|notrack|xacquire|xrelease) (?=\\S)");
    private static final Pattern REPEATABLE = Pattern.compile("^(?:movs|stos|lods|ins|outs|cmps|scas) \\S+ PTR |^(?:lods|scas|outs) ");

    private static final Pattern REDUNDANT_DS = Pattern.compile("ds:(\\[(?!(?:[er]?[sb]p)(?=[\\]+-]))[^\\]]*\\])");
    private static final Pattern REDUNDANT_SS = Pattern.compile("ss:(\\[[er]?[sb]p(?=[\\]+-])[^\\]]*\\])");
    private static final Pattern SHIFT_ONE = Pattern.compile("^((?:sh[lr]|sar|ro[lr]|rc[lr]) .*),1$");
    private static final Pattern TOP_TOP = Pattern.compile("^(fadd|fmul|fsub|fsubr|fdiv|fdivr) st\\(0\\),st$");

    private static final Pattern NO_INDEX = Pattern.compile("\\+[er]iz\\*[1248]");
    private static final Pattern NO_BASE_NO_INDEX = Pattern.compile("([c-gs]s:)?\\[[er]iz\\*[1248]([+-])0x([0-9a-f]+)\\]");
    private static final Pattern OFFSET_TO = Pattern.compile("^mov ([c-gs]s:0x[0-9a-f]+),(al|[er]?ax)$");
    private static final Pattern OFFSET_FROM = Pattern.compile("^mov (al|[er]?ax),([c-gs]s:0x[0-9a-f]+)$");

    private ObjdumpText() {
    }

    /** What is compared. {@code text} is {@link #strip}ped. */
    static String normalize(String text) {
        return text.contains("(bad)") ? "(bad)" : operands(prefixes(text));
    }

    /** Without comments and symbols, all white space one blank. Branch targets with a symbol lack the 0x that those without have; they get it. */
    static String strip(String line) {
        String t = line;
        int comment = t.indexOf(" # ");
        t = comment >= 0 ? t.substring(0, comment) : t;
        int symbol = t.indexOf(" <");
        if (symbol >= 0) {
            int target = t.lastIndexOf(' ', symbol - 1) + 1;
            t = t.substring(0, target) + (t.startsWith("0x", target) ? "" : "0x") + t.substring(target, symbol);
        }
        StringBuilder out = new StringBuilder(t.length());
        for (int i = 0; i < t.length(); i++) {
            char c = t.charAt(i);
            if (c != ' ' || out.length() > 0 && out.charAt(out.length() - 1) != ' ') {
                out.append(c);
            }
        }
        return out.toString().trim();
    }

    private static String prefixes(String text) {
        String t = text;
        boolean lock = false;
        String repeat = "";
        while (true) {
            if (t.startsWith("lock ")) {
                lock = true;
                t = t.substring(5);
                continue;
            }
            Matcher m = IDLE_PREFIX.matcher(t);
            if (!m.find()) {
                break;
            }
            String prefix = m.group().trim();
            if (prefix.startsWith("rep")) {
                repeat = prefix;
            }
            t = t.substring(m.end());
        }
        if (!repeat.isEmpty() && REPEATABLE.matcher(t).find()) {
            boolean compares = t.startsWith("cmps") || t.startsWith("scas");
            t = (compares ? repeat : "rep") + " " + t;
        }
        return lock ? "lock " + t : t;
    }

    private static String operands(String text) {
        String t = text;
        if (t.indexOf('[') >= 0) {
            t = NO_INDEX.matcher(t).replaceAll("");
            t = absolute(t).replace("+0x0]", "]");
            if (!REPEATABLE.matcher(t).find() && t.contains("s:[")) {
                t = REDUNDANT_DS.matcher(t).replaceAll("$1");
                t = REDUNDANT_SS.matcher(t).replaceAll("$1");
            }
        }
        if (t.startsWith("movabs ")) {
            t = "mov " + t.substring(7);
        }
        if (t.startsWith("jmpw ") || t.startsWith("jmpd ")) {
            t = "jmp " + t.substring(5);
        }
        Matcher to = OFFSET_TO.matcher(t);
        if (to.find()) {
            t = "mov " + pointer(to.group(2)) + to.group(1) + "," + to.group(2);
        }
        Matcher from = OFFSET_FROM.matcher(t);
        if (from.find()) {
            t = "mov " + from.group(1) + "," + pointer(from.group(1)) + from.group(2);
        }
        t = SHIFT_ONE.matcher(t).replaceAll("$1,0x1");
        return TOP_TOP.matcher(t).replaceAll("$1 st,st(0)");
    }

    private static String pointer(String accumulator) {
        return switch (accumulator) {
            case "al" -> "BYTE PTR ";
            case "ax" -> "WORD PTR ";
            case "eax" -> "DWORD PTR ";
            default -> "QWORD PTR ";
        };
    }

    /** {@code [eiz*1-0x10]} is the address {@code ds:0xfffffff0}. */
    private static String absolute(String text) {
        Matcher m = NO_BASE_NO_INDEX.matcher(text);
        if (!m.find()) {
            return text;
        }
        long value = Long.parseUnsignedLong(m.group(3), 16);
        value = m.group(2).equals("-") ? -value : value;
        boolean narrow = m.group().contains("eiz");
        String address = Long.toHexString(narrow ? value & 0xffffffffL : value);
        return text.substring(0, m.start()) + (m.group(1) == null ? "ds:" : m.group(1)) + "0x" + address + text.substring(m.end());
    }
}
