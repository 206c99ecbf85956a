package org.gearshift.ir;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads the text that {@link Printer} writes. {@code ;} starts a comment that lasts to the end of the line. */
public final class Parser {
    private static final Map<String, Op> OPS = new HashMap<>();

    static {
        for (Op op : Op.values()) {
            OPS.put(op.text(), op);
        }
    }

    private final StateLayout layout;
    private final Map<String, Helper> helpers;
    private final Map<String, Insn> values = new HashMap<>();
    private List<Insn> insns = new ArrayList<>();
    private int line;

    private Parser(StateLayout layout, Map<String, Helper> helpers) {
        this.layout = layout;
        this.helpers = helpers;
    }

    /**
     * Reads the blocks of a text.
     *
     * @param helpers helpers by name, for calls
     * @throws IllegalArgumentException with the line number if the text is not IR
     */
    public static List<Block> parse(String text, StateLayout layout, Map<String, Helper> helpers) {
        return new Parser(layout, helpers).blocks(text);
    }

    /** The only block of a text. */
    public static Block parseBlock(String text, StateLayout layout, Map<String, Helper> helpers) {
        List<Block> all = parse(text, layout, helpers);
        if (all.size() != 1) {
            throw new IllegalArgumentException(all.size() + " blocks where one is expected");
        }
        return all.get(0);
    }

    private IllegalArgumentException error(String what) {
        return new IllegalArgumentException("line " + line + ": " + what);
    }

    private List<Block> blocks(String text) {
        List<Block> out = new ArrayList<>();
        long pc = 0;
        int bytes = 0;
        Terminator end = null;
        for (String raw : text.split("\n")) {
            line++;
            int comment = raw.indexOf(';');
            String s = (comment >= 0 ? raw.substring(0, comment) : raw).trim();
            if (s.isEmpty() || s.startsWith("region")) {
                continue;
            }
            if (s.startsWith("block ")) {
                String[] w = s.split("\\s+");
                pc = number(w[1]);
                bytes = (int) number(w[3]);
                values.clear();
                insns = new ArrayList<>();
                end = null;
            } else if (s.equals("}")) {
                if (end == null) {
                    throw error("block without end");
                }
                out.add(new Block(pc, insns, end, (int) insns.stream().filter(v -> v.op() == Op.MARK).count(), bytes));
            } else {
                end = terminator(s);
                if (end == null) {
                    insn(s);
                }
            }
        }
        return out;
    }

    private Terminator terminator(String s) {
        int space = s.indexOf(' ');
        String word = space < 0 ? s : s.substring(0, space);
        String[] a = space < 0 ? new String[0] : s.substring(space + 1).split(",\\s*");
        return switch (word) {
            case "goto" -> Terminator.jump(number(a[0]));
            case "branch" -> Terminator.branch(value(a[0]), number(a[1]), number(a[2]));
            case "indirect" -> Terminator.indirect(value(a[0]));
            case "exit" -> Terminator.exit(number(a[0]));
            case "exit.to.state" -> Terminator.exitToState();
            default -> null;
        };
    }

    private void insn(String s) {
        String name = null;
        String body = s;
        int equals = s.indexOf(" = ");
        if (equals >= 0) {
            name = s.substring(0, equals);
            body = s.substring(equals + 3);
        }
        int space = body.indexOf(' ');
        if (space < 0) {
            throw error("no operands: " + body);
        }
        Insn v = operation(body.substring(0, space), body.substring(space + 1).trim());
        insns.add(v);
        if (name != null && values.put(name, v) != null) {
            throw error(name + " is defined twice");
        }
    }

    /** Splits {@code op[.type][.width]}. */
    private Insn operation(String word, String rest) {
        String opText = word;
        long width = 0;
        Type type = Type.VOID;
        int dot = opText.lastIndexOf('.');
        if (dot > 0 && Character.isDigit(opText.charAt(dot + 1))) {
            width = number(opText.substring(dot + 1));
            opText = opText.substring(0, dot);
            type = width == 64 ? Type.I64 : Type.I32;
        }
        if (opText.endsWith(".i32") || opText.endsWith(".i64") || opText.endsWith(".void")) {
            dot = opText.lastIndexOf('.');
            type = opText.endsWith("32") ? Type.I32 : opText.endsWith("64") ? Type.I64 : Type.VOID;
            opText = opText.substring(0, dot);
        }
        Op op = OPS.get(opText);
        if (op == null) {
            throw error("no operation " + word);
        }
        return operands(op, type, width, rest);
    }

    private Insn operands(Op op, Type type, long width, String rest) {
        if (op == Op.CALL || op == Op.VMCALL) {
            return call(op, rest);
        }
        String[] a = rest.split(",\\s*");
        return switch (op) {
            case MARK -> new Insn(op, Type.VOID, number(a[0]), null);
            case CONST -> new Insn(op, type, number(a[0]), null);
            case GET -> new Insn(op, type, slot(a[0]), null);
            case PUT -> new Insn(op, type, slot(a[0]), null, value(a[1]));
            case SEGCHECK -> new Insn(op, type, Insn.segCheck(slot(a[1]), (int) number(a[2]), (int) number(a[3]), a[4].equals("write")), null, value(a[0]));
            default -> new Insn(op, type, width, null, values(a));
        };
    }

    private Insn call(Op op, String rest) {
        int open = rest.indexOf('(');
        if (open < 0 || !rest.endsWith(")")) {
            throw error("no argument list: " + rest);
        }
        String callee = rest.substring(0, open);
        String list = rest.substring(open + 1, rest.length() - 1).trim();
        Insn[] args = list.isEmpty() ? new Insn[0] : values(list.split(",\\s*"));
        if (op == Op.VMCALL) {
            return new Insn(op, Type.I64, number(callee), null, args);
        }
        Helper h = helpers.get(callee);
        if (h == null) {
            throw error("no helper " + callee);
        }
        return new Insn(op, h.result(), 0, h, args);
    }

    private Insn[] values(String[] names) {
        Insn[] out = new Insn[names.length];
        for (int i = 0; i < names.length; i++) {
            out[i] = value(names[i]);
        }
        return out;
    }

    private Insn value(String name) {
        Insn v = values.get(name);
        if (v == null) {
            throw error("no value " + name);
        }
        return v;
    }

    private int slot(String name) {
        int s = layout.slot(name);
        if (s < 0) {
            throw error("no state slot " + name);
        }
        return s;
    }

    private long number(String s) {
        try {
            return s.startsWith("0x") ? Long.parseUnsignedLong(s.substring(2), 16) : Long.parseLong(s);
        } catch (NumberFormatException e) {
            throw error("not a number: " + s);
        }
    }
}
