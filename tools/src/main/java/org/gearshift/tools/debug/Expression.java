package org.gearshift.tools.debug;

import java.util.List;
import org.gearshift.tools.symbols.Symbol;
import org.gearshift.vmm.debug.DebuggedCpu;

/**
 * Addresses and conditions as they are typed: numbers (decimal, or hexadecimal with 0x), registers ($rax, $pc, $sp), symbols, {@code [ADDRESS]} for the word in memory
 * there ({@code b[}, {@code w[},
 * {@code d[}, {@code q[} for 1 to 8 bytes), and the operators of C from || down to *, with its precedence. Arithmetic is of 64 bits; comparisons are unsigned.
 */
final class Expression {
    private static final List<List<String>> LEVELS = List.of(List.of("||"), List.of("&&"), List.of("|"), List.of("^"), List.of("&"), List.of("==", "!="), List.of("<=",
            ">=", "<", ">"),
            List.of("<<", ">>"), List.of("+", "-"), List.of("*", "/", "%"));

    private final String text;
    private final DebugContext context;
    private final DebuggedCpu cpu;
    private int at;

    private Expression(String text, DebugContext context, DebuggedCpu cpu) {
        this.text = text;
        this.context = context;
        this.cpu = cpu;
    }

    /** The value of a text. @throws CommandException if it is none; the message says where */
    static long value(String text, DebugContext context) {
        return value(text, context, context.cpu());
    }

    /** The same with the registers and memory of a processor. */
    static long value(String text, DebugContext context, DebuggedCpu cpu) {
        Expression e = new Expression(text, context, cpu);
        long v = e.level(0);
        e.blanks();
        if (e.at < text.length()) {
            throw e.error("'" + text.substring(e.at) + "' does not belong there");
        }
        return v;
    }

    private CommandException error(String what) {
        return new CommandException("in '" + text + "': " + what);
    }

    private void blanks() {
        while (at < text.length() && text.charAt(at) == ' ') {
            at++;
        }
    }

    private String operator(int level) {
        blanks();
        for (String o : LEVELS.get(level)) {
            if (text.startsWith(o, at) && !longer(o)) {
                return o;
            }
        }
        return null;
    }

    /** Whether what begins as an operator is another one. */
    private boolean longer(String o) {
        String next = at + o.length() < text.length() ? o + text.charAt(at + o.length()) : o;
        return o.length() == 1 && (next.equals("||") || next.equals("&&") || next.equals("<<") || next.equals(">>"));
    }

    private long level(int level) {
        if (level == LEVELS.size()) {
            return unary();
        }
        long left = level(level + 1);
        for (String o = operator(level); o != null; o = operator(level)) {
            at += o.length();
            left = apply(o, left, level(level + 1));
        }
        return left;
    }

    private long apply(String o, long a, long b) {
        int order = Long.compareUnsigned(a, b);
        return switch (o) {
            case "||" -> a != 0 || b != 0 ? 1 : 0;
            case "&&" -> a != 0 && b != 0 ? 1 : 0;
            case "|" -> a | b;
            case "^" -> a ^ b;
            case "&" -> a & b;
            case "==" -> a == b ? 1 : 0;
            case "!=" -> a != b ? 1 : 0;
            case "<=" -> order <= 0 ? 1 : 0;
            case ">=" -> order >= 0 ? 1 : 0;
            case "<" -> order < 0 ? 1 : 0;
            case ">" -> order > 0 ? 1 : 0;
            case "<<" -> b < 0 || b > 63 ? 0 : a << b;
            case ">>" -> b < 0 || b > 63 ? 0 : a >>> b;
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            default -> divide(o, a, b);
        };
    }

    private long divide(String o, long a, long b) {
        if (b == 0) {
            throw error("division by zero");
        }
        return o.equals("/") ? Long.divideUnsigned(a, b) : Long.remainderUnsigned(a, b);
    }

    private long unary() {
        blanks();
        if (at == text.length()) {
            throw error("something is missing at the end");
        }
        char c = text.charAt(at);
        switch (c) {
            case '-' -> {
                at++;
                return -unary();
            }
            case '~' -> {
                at++;
                return ~unary();
            }
            case '!' -> {
                at++;
                return unary() == 0 ? 1 : 0;
            }
            case '(' -> {
                return bracketed(')');
            }
            case '[' -> {
                return load(cpu.isCode64() ? 8 : 4);
            }
            default -> {
                return word();
            }
        }
    }

    private long bracketed(char end) {
        at++;
        long v = level(0);
        blanks();
        if (at == text.length() || text.charAt(at) != end) {
            throw error("'" + end + "' is missing");
        }
        at++;
        return v;
    }

    private long load(int bytes) {
        long address = bracketed(']');
        Long v = cpu.read(address, bytes);
        if (v == null) {
            throw error("no memory at " + Long.toHexString(address));
        }
        return v;
    }

    private long word() {
        int from = at;
        while (at < text.length() && (Character.isLetterOrDigit(text.charAt(at)) || "_$.@".indexOf(text.charAt(at)) >= 0)) {
            at++;
        }
        String w = text.substring(from, at);
        if (w.isEmpty()) {
            throw error("'" + text.substring(from) + "' is no number, register or symbol");
        }
        if (w.length() == 1 && at < text.length() && text.charAt(at) == '[' && "bwdq".contains(w)) {
            return load(1 << "bwdq".indexOf(w));
        }
        if (w.startsWith("$")) {
            return register(w.substring(1));
        }
        return Character.isDigit(w.charAt(0)) ? number(w) : symbol(w);
    }

    private long register(String name) {
        String r = switch (name) {
            case "pc", "ip" -> "rip";
            case "sp" -> cpu.isCode64() ? "rsp" : "esp";
            case "bp", "fp" -> cpu.isCode64() ? "rbp" : "ebp";
            case "flags" -> "eflags";
            default -> name;
        };
        if (!cpu.registers().has(r)) {
            throw error("no register $" + name + "; 'regs all' lists them");
        }
        return cpu.registers().get(r);
    }

    private long number(String w) {
        try {
            return w.startsWith("0x") || w.startsWith("0X") ? Long.parseUnsignedLong(w.substring(2), 16) : Long.parseUnsignedLong(w);
        } catch (NumberFormatException e) {
            throw error("'" + w + "' is no number (hexadecimal ones begin with 0x)");
        }
    }

    private long symbol(String name) {
        Symbol s = context.symbols().find(name);
        if (s != null) {
            return s.address();
        }
        if (context.symbols().isEmpty()) {
            throw error("no symbols are loaded to look '" + name + "' up in: give --symbols FILE, the kernel's System.map or vmlinux");
        }
        List<String> near = context.symbols().nearest(name, 3);
        throw error("no symbol '" + name + "'" + (near.isEmpty() ? "" : "; there is " + String.join(", ", near)));
    }
}
