package org.gearshift.ir;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Reads the text that {@link Printer} writes. {@code ;} starts a comment that lasts to the end of the line. What is wrong with a text is told with line, column and what is
 * expected there, by an {@link IrSyntaxException}.
 */
public final class Parser {
    private static final Map<String, Op> OPS = new HashMap<>();
    private static final int MOST_SERVICE_ARGUMENTS = 3;

    static {
        for (Op op : Op.values()) {
            OPS.put(op.text(), op);
        }
    }

    private final StateLayout layout;
    private final Function<String, Helper> helpers;
    private final Map<String, Insn> values = new HashMap<>();
    private final List<Block> blocks = new ArrayList<>();
    private final List<Long> entries = new ArrayList<>();
    private List<Insn> insns;
    private long pc;
    private int bytes;
    private Terminator end;
    private LineScanner in;

    private Parser(StateLayout layout, Function<String, Helper> helpers) {
        this.layout = layout;
        this.helpers = helpers;
    }

    /**
     * Reads the blocks of a text.
     *
     * @param helpers helpers by name, for calls
     * @throws IrSyntaxException if the text is not IR
     */
    public static List<Block> parse(String text, StateLayout layout, Map<String, Helper> helpers) {
        Parser p = new Parser(layout, helpers::get);
        p.read(text);
        return p.blocks;
    }

    /** The only block of a text. */
    public static Block parseBlock(String text, StateLayout layout, Map<String, Helper> helpers) {
        List<Block> all = parse(text, layout, helpers);
        if (all.size() != 1) {
            throw new IllegalArgumentException(all.size() + " blocks where one is expected");
        }
        return all.get(0);
    }

    /**
     * Reads a region: one {@code region} line with the entries, and its blocks. Without that line the first block is the entry.
     *
     * @param helpers helpers by name, null for unknown names
     * @throws IrSyntaxException if the text is not IR, or has no block
     */
    public static Region parseRegion(String text, StateLayout layout, Function<String, Helper> helpers) {
        Parser p = new Parser(layout, helpers);
        p.read(text);
        if (p.blocks.isEmpty()) {
            throw p.in.expected("'block PC bytes N {'");
        }
        return new Region(p.blocks, p.entries.isEmpty() ? List.of(p.blocks.get(0).pc()) : p.entries);
    }

    private void read(String text) {
        int number = 0;
        List<LineScanner> entryLines = new ArrayList<>();
        in = new LineScanner(1, "");
        for (String raw : text.split("\n", -1)) {
            in = new LineScanner(++number, raw);
            if (in.atEnd()) {
                continue;
            }
            if (insns == null) {
                outside(entryLines);
            } else if (in.take("}")) {
                in.end();
                finish();
            } else if (end != null) {
                throw in.expected("'}' behind the block's end");
            } else {
                statement();
            }
        }
        if (insns != null) {
            throw in.expected(end == null ? "a block end (goto, branch, indirect, exit, exit.to.state)" : "'}'");
        }
        for (LineScanner line : entryLines) {
            for (long e : entries) {
                if (blocks.stream().noneMatch(b -> b.pc() == e)) {
                    throw line.error("entry 0x" + Long.toHexString(e) + " is none of the blocks");
                }
            }
        }
    }

    private void outside(List<LineScanner> entryLines) {
        String w = in.word("'region' or 'block'");
        if (w.equals("region")) {
            while (!in.atEnd()) {
                entries.add(in.number("an entry's pc"));
            }
            entryLines.add(in);
        } else if (w.equals("block")) {
            pc = in.number("the block's pc");
            if (blocks.stream().anyMatch(b -> b.pc() == pc)) {
                throw in.error("a second block at this pc");
            }
            if (!in.word("'bytes'").equals("bytes")) {
                throw in.error("expected 'bytes'");
            }
            bytes = (int) in.number("the number of code bytes");
            in.expect("{");
            in.end();
            values.clear();
            insns = new ArrayList<>();
            end = null;
        } else {
            throw in.error("expected 'region' or 'block', not '" + w + "'");
        }
    }

    private void finish() {
        if (end == null) {
            throw in.error("expected a block end (goto, branch, indirect, exit, exit.to.state) before '}'");
        }
        blocks.add(new Block(pc, insns, end, (int) insns.stream().filter(v -> v.op() == Op.MARK).count(), bytes));
        insns = null;
    }

    private void statement() {
        String w = in.word("an operation or a value's name");
        end = terminator(w);
        if (end == null) {
            String name = null;
            if (in.take("=")) {
                name = w;
                if (values.containsKey(name)) {
                    throw in.error(name + " is defined twice");
                }
                w = in.word("an operation");
            }
            Insn v = operation(w);
            insns.add(v);
            if (name != null) {
                if (v.resultType() == Type.VOID) {
                    throw in.error(v.op().text() + " has no result to be called " + name);
                }
                values.put(name, v);
            }
        }
        in.end();
    }

    private Terminator terminator(String word) {
        return switch (word) {
            case "goto" -> Terminator.jump(in.number("a target pc"));
            case "branch" -> {
                Insn condition = value();
                in.expect(",");
                long target = in.number("a target pc");
                in.expect(",");
                yield Terminator.branch(condition, target, in.number("the other target pc"));
            }
            case "indirect" -> Terminator.indirect(value());
            case "exit" -> Terminator.exit(in.number("a pc"));
            case "exit.to.state" -> Terminator.exitToState();
            default -> null;
        };
    }

    /** Splits {@code op[.type][.width]}. */
    private Insn operation(String word) {
        String opText = word;
        long width = 0;
        Type type = Type.VOID;
        int dot = opText.lastIndexOf('.');
        if (dot > 0 && dot + 1 < opText.length() && Character.isDigit(opText.charAt(dot + 1))) {
            width = width(opText.substring(dot + 1));
            opText = opText.substring(0, dot);
            type = width == 64 ? Type.I64 : Type.I32;
        }
        for (Type t : Type.values()) {
            if (opText.endsWith("." + t)) {
                type = t;
                opText = opText.substring(0, opText.length() - t.toString().length() - 1);
                break;
            }
        }
        Op op = OPS.get(opText);
        if (op == null) {
            throw in.error("no operation '" + word + "'");
        }
        return operands(op, type, width);
    }

    private long width(String digits) {
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException e) {
            throw in.error("expected a width of 8, 16, 32 or 64, not '" + digits + "'");
        }
    }

    private Insn operands(Op op, Type type, long width) {
        return switch (op) {
            case CALL, VMCALL -> call(op);
            case MARK -> new Insn(op, Type.VOID, in.number("a pc"), null);
            case CONST -> new Insn(op, typed(op, type), in.number("a number"), null);
            case GET -> new Insn(op, typed(op, type), slot(), null);
            case PUT -> {
                int slot = slot();
                in.expect(",");
                yield new Insn(op, typed(op, type), slot, null, value());
            }
            case SEGCHECK -> segmentCheck(typed(op, type));
            default -> {
                Insn[] args = new Insn[op.argSignature().length()];
                for (int i = 0; i < args.length; i++) {
                    if (i > 0) {
                        in.expect(",");
                    }
                    args[i] = value();
                }
                yield new Insn(op, typed(op, type), width, null, args);
            }
        };
    }

    private Type typed(Op op, Type t) {
        if (t == Type.VOID) {
            throw in.error("expected '" + op.text() + "." + (op == Op.LOAD || op == Op.STORE || op == Op.LOAD_RMW ? "32" : "i32") + "' or the like: the type is missing");
        }
        return t;
    }

    private Insn segmentCheck(Type type) {
        Insn offset = value();
        in.expect(",");
        int limit = slot();
        in.expect(",");
        int segment = (int) in.number("a segment number");
        in.expect(",");
        int size = (int) in.number("a number of bytes");
        in.expect(",");
        String access = in.word("'read' or 'write'");
        if (!access.equals("read") && !access.equals("write")) {
            throw in.error("expected 'read' or 'write', not '" + access + "'");
        }
        return new Insn(Op.SEGCHECK, type, Insn.segCheck(limit, segment, size, access.equals("write")), null, offset);
    }

    private Insn call(Op op) {
        Helper h = null;
        long service = 0;
        if (op == Op.VMCALL) {
            service = in.number("a service number");
        } else {
            String name = in.word("a helper's name");
            h = helpers.apply(name);
            if (h == null) {
                throw in.error("no helper '" + name + "'");
            }
        }
        int most = h == null ? MOST_SERVICE_ARGUMENTS : h.params().size();
        List<Insn> args = new ArrayList<>();
        in.expect("(");
        while (!in.take(")")) {
            if (args.size() == most) {
                throw in.expected("')' behind " + most + " arguments");
            }
            if (!args.isEmpty()) {
                in.expect(",");
            }
            args.add(value());
        }
        if (h != null && args.size() != most) {
            throw in.error("expected " + most + " arguments of " + h.name() + ", not " + args.size());
        }
        return new Insn(op, h == null ? Type.I64 : h.result(), service, h, args.toArray(new Insn[0]));
    }

    private Insn value() {
        String name = in.word("a value");
        Insn v = values.get(name);
        if (v == null) {
            throw in.error("no value '" + name + "' before this line of the block");
        }
        return v;
    }

    private int slot() {
        String name = in.word("a state slot");
        int s = layout.slot(name);
        if (s < 0) {
            throw in.error("no state slot '" + name + "'");
        }
        return s;
    }
}
