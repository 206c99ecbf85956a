package org.gearshift.tools.stage;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.cpu.Eflags;

/** A processor's state in words: set by {@code NAME=VALUE}, printed, and compared. Names are those of the manual for registers and flags, and of IR text for every slot. */
public final class StateText {
    private static final String[] LOW = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};
    private static final Map<String, Integer> FLAGS = Map.of("cf", Eflags.CF, "pf", Eflags.PF, "af", Eflags.AF, "zf", Eflags.ZF, "sf", Eflags.SF, "df", Eflags.DF, "of",
            Eflags.OF,
            "if", Eflags.IF, "tf", Eflags.TF);
    private static final String[] FLAG_ORDER = {"cf", "pf", "af", "zf", "sf", "tf", "if", "df", "of"};
    private static final int LINE_BYTES = 16;
    private static final int COLUMNS = 4;

    private StateText() {
    }

    /** Sets what {@code NAME=VALUE} says. */
    static void set(long[] s, String assignment) {
        int equals = assignment.indexOf('=');
        if (equals <= 0) {
            throw new InputException("--set " + assignment + ": expected NAME=VALUE, as in eax=5 or zf=1");
        }
        String name = assignment.substring(0, equals).strip().toLowerCase(Locale.ROOT);
        long value = number("--set " + assignment, assignment.substring(equals + 1).strip());
        if (name.equals("eflags") || name.equals("rflags") || name.equals("flags")) {
            Eflags.set(s, (int) value, Eflags.ALL);
        } else if (FLAGS.containsKey(name)) {
            Eflags.set(s, value != 0 ? -1 : 0, FLAGS.get(name));
        } else {
            setRegister(s, assignment, name, value);
        }
    }

    private static void setRegister(long[] s, String assignment, String name, long value) {
        for (int i = 0; i < LOW.length; i++) {
            int slot = X86State.GPR + i;
            if (name.equals("e" + LOW[i])) {
                s[slot] = (int) value;
                return;
            } else if (name.equals(LOW[i])) {
                s[slot] = s[slot] & ~0xffffL | value & 0xffff;
                return;
            } else if (i < 4 && name.equals(LOW[i].charAt(0) + "l")) {
                s[slot] = s[slot] & ~0xffL | value & 0xff;
                return;
            } else if (i < 4 && name.equals(LOW[i].charAt(0) + "h")) {
                s[slot] = s[slot] & ~0xff00L | (value & 0xff) << 8;
                return;
            }
        }
        int slot = X86State.LAYOUT.slot(name);
        if (slot < 0) {
            throw new InputException("--set " + assignment + ": no register, flag or state slot '" + name + "'");
        }
        s[slot] = value;
    }

    /** A number as C writes it, decimal or with {@code 0x}; {@code what} is for the message. */
    static long number(String what, String text) {
        try {
            boolean negative = text.startsWith("-");
            String digits = negative ? text.substring(1) : text;
            long v = digits.startsWith("0x") ? Long.parseUnsignedLong(digits.substring(2), 16) : Long.parseUnsignedLong(digits);
            return negative ? -v : v;
        } catch (NumberFormatException e) {
            throw new InputException(what + ": expected a number, as in 5 or 0x1f, not '" + text + "'");
        }
    }

    /** Values by name: registers of the code's size, pc, flags, and every other slot that is not as a machine begins. */
    static Map<String, String> values(StageMachine m, int codeSize) {
        Map<String, String> out = new java.util.LinkedHashMap<>();
        for (int i = 0; i < (codeSize == 64 ? 16 : 8); i++) {
            out.put(register(i, codeSize), hex(m.s[X86State.GPR + i], codeSize));
        }
        out.put(codeSize == 64 ? "rip" : "eip", hex(m.s[X86State.RIP], codeSize));
        out.put("eflags", flags(m.s));
        StageMachine fresh = new StageMachine(codeSize);
        for (int slot = X86State.RIP + 1; slot < X86State.LAYOUT.slotCount(); slot++) {
            boolean shown = slot == X86State.FLAG_RES || slot == X86State.FLAG_AUX || slot == X86State.DF || slot == X86State.EFLAGS_SYS || slot == X86State.RESULT_HIGH;
            if (!shown && m.s[slot] != fresh.s[slot]) {
                out.put(X86State.LAYOUT.name(slot), "0x" + Long.toHexString(m.s[slot]));
            }
        }
        return out;
    }

    private static String register(int i, int codeSize) {
        return i >= LOW.length ? "r" + i : (codeSize == 64 ? "r" : "e") + LOW[i];
    }

    private static String hex(long v, int codeSize) {
        return codeSize == 64 ? "0x" + Long.toHexString(v) : "0x" + Long.toHexString(v & 0xffffffffL);
    }

    private static String flags(long[] s) {
        int f = Eflags.get(s);
        StringBuilder b = new StringBuilder("0x" + Integer.toHexString(f) + " [");
        for (String name : FLAG_ORDER) {
            if ((f & FLAGS.get(name)) != 0) {
                b.append(b.charAt(b.length() - 1) == '[' ? "" : " ").append(name);
            }
        }
        return b.append(']').toString();
    }

    /** State and the memory that differs from {@code before}. */
    static String print(RegionRun.End end, StageMachine before, int codeSize) {
        StringBuilder out = new StringBuilder();
        out.append(end.why()).append(", ").append(end.retired()).append(" instructions\n");
        Map<String, String> now = values(end.machine(), codeSize);
        Map<String, String> then = values(before, codeSize);
        StringBuilder line = new StringBuilder();
        int column = 0;
        for (Map.Entry<String, String> e : now.entrySet()) {
            line.append(String.format("%s%-7s%-20s", e.getValue().equals(then.get(e.getKey())) ? " " : "*", e.getKey(), e.getValue()));
            if (++column % COLUMNS == 0 || e.getKey().equals("eflags")) {
                out.append(line.toString().stripTrailing()).append('\n');
                line.setLength(0);
                column = 0;
            }
        }
        if (line.length() > 0) {
            out.append(line.toString().stripTrailing()).append('\n');
        }
        memory(end.machine(), before).forEach(l -> out.append(l).append('\n'));
        return out.toString();
    }

    /** Lines of memory that have changed. */
    static List<String> memory(StageMachine now, StageMachine before) {
        List<String> out = new ArrayList<>();
        now.pages().forEach((address, page) -> {
            byte[] old = before.pages().get(address);
            for (int i = 0; i < page.length; i += LINE_BYTES) {
                byte[] line = Arrays.copyOfRange(page, i, i + LINE_BYTES);
                if (old != null && !Arrays.equals(line, Arrays.copyOfRange(old, i, i + LINE_BYTES))) {
                    out.add("*" + Long.toHexString(address + i) + ":  " + HexFormat.ofDelimiter(" ").formatHex(line));
                }
            }
        });
        return out;
    }

    /** Where two runs differ, a line each; empty if nowhere. */
    static List<String> differences(RegionRun.End a, String nameA, RegionRun.End b, String nameB, int codeSize) {
        List<String> out = new ArrayList<>();
        compare(out, "end", a.why(), nameA, b.why(), nameB);
        compare(out, "instructions", Long.toString(a.retired()), nameA, Long.toString(b.retired()), nameB);
        Map<String, String> x = values(a.machine(), codeSize);
        Map<String, String> y = values(b.machine(), codeSize);
        Map<String, String> names = new HashMap<>(x);
        names.putAll(y);
        names.keySet().stream().sorted().forEach(n -> compare(out, n, x.getOrDefault(n, "0x0"), nameA, y.getOrDefault(n, "0x0"), nameB));
        if (out.isEmpty()) {
            for (int slot = 0; slot < X86State.RESULT_HIGH; slot++) {
                compare(out, X86State.LAYOUT.name(slot), "0x" + Long.toHexString(a.machine().s[slot]), nameA, "0x" + Long.toHexString(b.machine().s[slot]), nameB);
            }
        }
        a.machine().pages().forEach((address, page) -> {
            byte[] other = b.machine().pages().get(address);
            int at = other == null ? 0 : Arrays.mismatch(page, other);
            if (at >= 0) {
                compare(out, "memory at 0x" + Long.toHexString(address + at), "0x" + Integer.toHexString(page[at] & 0xff), nameA,
                        other == null ? "not there" : "0x" + Integer.toHexString(other[at] & 0xff), nameB);
            }
        });
        return out;
    }

    private static void compare(List<String> out, String what, String a, String nameA, String b, String nameB) {
        if (!a.equals(b)) {
            out.add(what + ": " + a + " " + nameA + ", " + b + " " + nameB);
        }
    }
}
