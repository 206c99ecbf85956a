package org.gearshift.tools.debug;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.disasm.Disassembler;
import org.gearshift.vmm.debug.DebuggedCpu;

/** Commands that show, search and change memory. */
final class MemoryCommands {
    private static final int ROW = 16;
    private static final int MAX_ITEMS = 1 << 16;
    private static final int MAX_FOUND = 20;
    private static final int CHUNK = 1 << 12;
    private static final int MAX_STRING = 256;
    private static final int LONGEST = 15;
    private static final int DEFAULT_LINES = 8;

    private MemoryCommands() {
    }

    static void addTo(CommandSet set) {
        set.add(new Command(List.of("x"), "[/N][b|w|d|q|s|i] ADDRESS", "show memory: N bytes, words of 2, 4, 8 bytes, strings or instructions",
                (c, a) -> examine(c, a, false)));
        set.add(new Command(List.of("xp"), "[/N][b|w|d|q|s] ADDRESS", "the same by physical address", (c, a) -> examine(c, a, true)));
        set.add(new Command(List.of("disas", "u"), "[ADDRESS [N]]", "disassemble N instructions, from the current one on", MemoryCommands::disassemble));
        set.add(new Command(List.of("find"), "ADDRESS LENGTH TEXT|0xHEX", "find text, or bytes in hexadecimal, in memory", MemoryCommands::find));
        set.add(new Command(List.of("symbol", "sym"), "ADDRESS|NAME", "the symbol of an address, or the address of a symbol", (c, a) -> {
            long address = Expression.value(a.rest(), c);
            c.print("%s", c.place(address));
        }));
        set.add(new Command(List.of("print", "p"), "EXPRESSION", "the value of an expression", (c, a) -> {
            long v = Expression.value(a.rest(), c);
            c.print("0x%x = %d%s", v, v, c.symbols().at(v) == null ? "" : " <" + c.symbols().at(v) + ">");
        }));
    }

    private static void examine(DebugContext c, Arguments a, boolean physical) {
        int count = 1;
        char unit = 'd';
        if (a.peek().startsWith("/")) {
            String format = a.next("format").substring(1);
            if (!format.matches("\\d{0,6}[bwdqsi]?")) {
                throw new CommandException("x: /" + format + ": a number and one of b w d q s i, such as /8d");
            }
            String number = format.replaceAll("\\D", "");
            count = number.isEmpty() ? 1 : Math.min(MAX_ITEMS, Integer.parseInt(number));
            unit = number.length() < format.length() ? format.charAt(format.length() - 1) : unit;
        }
        if (a.isEmpty()) {
            throw new CommandException("x: ADDRESS is missing; 'help x' shows how");
        }
        long at = Expression.value(a.rest(), c);
        switch (unit) {
            case 'i' -> instructions(c, at, count);
            case 's' -> strings(c, at, count, physical);
            default -> words(c, at, count, 1 << "bwdq".indexOf(unit), physical);
        }
    }

    private static int read(DebuggedCpu cpu, long at, byte[] to, int length, boolean physical) {
        return physical ? cpu.readPhysical(at, to, 0, length) : cpu.read(at, to, 0, length);
    }

    private static void words(DebugContext c, long from, int count, int bytes, boolean physical) {
        byte[] row = new byte[ROW];
        for (long left = (long) count * bytes, at = from; left > 0; at += ROW, left -= ROW) {
            int want = (int) Math.min(ROW, left);
            int got = read(c.cpu(), at, row, want, physical);
            StringBuilder b = new StringBuilder();
            StringBuilder text = new StringBuilder();
            for (int i = 0; i + bytes <= got; i += bytes) {
                b.append(' ');
                for (int k = bytes - 1; k >= 0; k--) {
                    b.append(String.format("%02x", row[i + k]));
                }
            }
            for (int i = 0; i < got; i++) {
                text.append(row[i] >= ' ' && row[i] < 127 ? (char) row[i] : '.');
            }
            c.print("%s:%s%s", c.hex(at), b, bytes == 1 ? "  " + text : "");
            if (got < want) {
                c.print("%s: no memory", c.hex(at + got));
                return;
            }
        }
    }

    private static void strings(DebugContext c, long from, int count, boolean physical) {
        long at = from;
        for (int i = 0; i < count; i++) {
            byte[] b = new byte[MAX_STRING];
            int got = read(c.cpu(), at, b, MAX_STRING, physical);
            int n = 0;
            while (n < got && b[n] != 0) {
                n++;
            }
            if (got == 0) {
                c.print("%s: no memory", c.hex(at));
                return;
            }
            String text = new String(b, 0, n, StandardCharsets.ISO_8859_1).replace("\\", "\\\\").replace("\n", "\\n").replace("\"", "\\\"").replaceAll("[^ -~]", ".");
            c.print("%s: \"%s\"%s", c.hex(at), text, n == MAX_STRING ? "..." : "");
            at += n + 1;
        }
    }

    private static void disassemble(DebugContext c, Arguments a) {
        String where = a.nextOr("$pc");
        int count = a.isEmpty() ? DEFAULT_LINES : (int) Math.min(MAX_ITEMS, Expression.value(a.rest(), c));
        instructions(c, where.equals("$pc") ? c.cpu().pc() : Expression.value(where, c), count);
    }

    /** Shows instructions, with an arrow at the next one. */
    static void instructions(DebugContext c, long from, int count) {
        long at = from;
        for (int i = 0; i < count; i++) {
            int length = instruction(c, at);
            if (length == 0) {
                c.print("   %s: no memory", c.hex(at));
                return;
            }
            at += length;
        }
    }

    /** @return its length, 0 if it cannot be read */
    private static int instruction(DebugContext c, long at) {
        Instruction insn = decode(c.cpu(), at);
        if (insn == null) {
            return 0;
        }
        String text = new Disassembler(c.cpu().cpu().mode()).format(insn, at);
        String mark = at == c.cpu().pc() ? "=>" : "  ";
        c.print("%s %s: %s%s", mark, c.place(at), text, target(c, text));
        return insn.length();
    }

    /** The symbol of a branch's target, which is the only operand that is an address alone. */
    private static String target(DebugContext c, String text) {
        String[] word = text.split(" ");
        if (word.length < 2 || !word[word.length - 1].matches("(0x)?[0-9a-f]{4,16}") || !word[0].matches("j[a-z]+|call|loop[a-z]*")) {
            return "";
        }
        var place = c.symbols().at(Long.parseUnsignedLong(word[word.length - 1].replaceFirst("^0x", ""), 16));
        return place == null ? "" : " <" + place + ">";
    }

    /** The instruction at an address, or null if it cannot be read. */
    static Instruction decode(DebuggedCpu cpu, long at) {
        byte[] b = new byte[LONGEST + 1];
        int got = cpu.read(at, b, 0, LONGEST);
        int[] next = {0};
        Instruction i = new Decoder().decode(() -> next[0] < got ? b[next[0]++] & 0xff : next[0]++ & 0, cpu.cpu().mode() & ~X86Mode.CPL_MASK);
        return i.length() <= got && got > 0 ? i : null;
    }

    private static void find(DebugContext c, Arguments a) {
        long from = Expression.value(a.next("ADDRESS"), c);
        long length = Expression.value(a.next("LENGTH"), c);
        String what = a.rest();
        if (what.isEmpty()) {
            throw new CommandException("find: what is to be found? 'help find' shows how");
        }
        byte[] pattern = pattern(what);
        byte[] chunk = new byte[CHUNK + pattern.length - 1];
        int found = 0;
        for (long done = 0; done < length; done += CHUNK) {
            int want = (int) Math.min(chunk.length, length - done);
            int got = c.cpu().read(from + done, chunk, 0, want);
            for (int i = 0; i + pattern.length <= got && i < CHUNK; i++) {
                if (java.util.Arrays.equals(chunk, i, i + pattern.length, pattern, 0, pattern.length)) {
                    c.print("%s", c.place(from + done + i));
                    if (++found == MAX_FOUND) {
                        c.print("(and maybe more)");
                        return;
                    }
                }
            }
        }
        if (found == 0) {
            c.print("not found");
        }
    }

    private static byte[] pattern(String what) {
        if (!what.startsWith("0x")) {
            return what.getBytes(StandardCharsets.UTF_8);
        }
        try {
            return java.util.HexFormat.of().parseHex(what.substring(2).replace(" ", ""));
        } catch (IllegalArgumentException e) {
            throw new CommandException("find: " + what + ": not pairs of hexadecimal digits");
        }
    }
}
