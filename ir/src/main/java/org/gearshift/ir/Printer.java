package org.gearshift.ir;

import java.util.IdentityHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongFunction;

/**
 * IR as text, which {@link Parser} reads back:
 * <pre>
 * block 0x1000 bytes 5 {
 *   mark 0x1000
 *   v0 = get.i32 rax
 *   v1 = const.i32 4
 *   v2 = add.i32 v0, v1
 *   v3 = load.32 v2
 *   put.i32 rax, v3
 *   branch v3, 0x1000, 0x1005
 * }
 * </pre>
 */
public final class Printer {
    private final StateLayout layout;
    private final StringBuilder out = new StringBuilder();
    private final Map<Insn, Integer> numbers;
    private final LongFunction<String> comments;
    private int next;

    private Printer(StateLayout layout, Map<Insn, Integer> numbers, LongFunction<String> comments) {
        this.layout = layout;
        this.numbers = numbers;
        this.comments = comments;
        this.next = numbers.values().stream().mapToInt(n -> n + 1).max().orElse(0);
    }

    public static String print(Block b, StateLayout layout) {
        return print(b, layout, new IdentityHashMap<>(), pc -> null);
    }

    /**
     * The same with numbers and comments of one's own.
     *
     * @param numbers of values; those that have none get the next free one, and are entered
     * @param comments what to say of the guest instruction at a pc, or null
     */
    public static String print(Block b, StateLayout layout, Map<Insn, Integer> numbers, LongFunction<String> comments) {
        Printer p = new Printer(layout, numbers, comments);
        p.block(b);
        return p.out.toString();
    }

    /** All blocks in emission order, after a line that lists the entries. */
    public static String print(Region r, StateLayout layout) {
        return print(r, layout, pc -> null);
    }

    /** The same with comments: what to say of the guest instruction at a pc, or null. */
    public static String print(Region r, StateLayout layout, LongFunction<String> comments) {
        StringBuilder s = new StringBuilder("region");
        for (long e : r.entries()) {
            s.append(' ').append(hex(e));
        }
        s.append('\n');
        for (Block b : r.blocks()) {
            s.append(print(b, layout, new IdentityHashMap<>(), comments));
        }
        return s.toString();
    }

    private static String hex(long v) {
        return "0x" + Long.toHexString(v);
    }

    private void block(Block b) {
        out.append("block ").append(hex(b.pc())).append(" bytes ").append(b.guestBytes()).append(" {\n");
        for (Insn v : b.insns()) {
            out.append("  ");
            insn(v);
            out.append('\n');
        }
        out.append("  ");
        terminator(b.terminator());
        out.append("\n}\n");
    }

    private void insn(Insn v) {
        if (v.resultType() != Type.VOID) {
            Integer n = numbers.get(v);
            if (n == null) {
                n = next++;
                numbers.put(v, n);
            }
            out.append('v').append(n).append(" = ");
        }
        out.append(v.op().text());
        switch (v.op()) {
            case MARK -> {
                out.append(' ').append(hex(v.imm()));
                String comment = comments.apply(v.imm());
                if (comment != null) {
                    out.append("  ; ").append(comment);
                }
            }
            case CONST -> out.append('.').append(v.type()).append(' ').append(v.imm());
            case GET -> out.append('.').append(v.type()).append(' ').append(slot(v.imm()));
            case PUT -> out.append('.').append(v.type()).append(' ').append(slot(v.imm())).append(", ").append(value(v.arg(0)));
            case LOAD, LOAD_RMW, STORE -> {
                out.append('.').append(v.imm()).append(' ');
                args(v);
            }
            case AUX_ADD, AUX_SUB -> {
                out.append('.').append(v.type()).append('.').append(v.imm()).append(' ');
                args(v);
            }
            case SEGCHECK -> out.append('.').append(v.type()).append(' ').append(value(v.arg(0))).append(", ").append(slot(v.segCheckLimitSlot()))
                    .append(", ").append(v.segCheckSegment()).append(", ").append(v.segCheckBytes()).append(v.segCheckWrite() ? ", write" : ", read");
            case CALL -> call(v, v.helper().name());
            case VMCALL -> call(v, Long.toString(v.imm()));
            default -> {
                out.append('.').append(v.type()).append(' ');
                args(v);
            }
        }
    }

    private void call(Insn v, String callee) {
        out.append(' ').append(callee).append('(');
        args(v);
        out.append(')');
    }

    private void args(Insn v) {
        for (int k = 0; k < v.argCount(); k++) {
            out.append(k > 0 ? ", " : "").append(value(v.arg(k)));
        }
    }

    private String slot(long slot) {
        return slot >= 0 && slot < layout.slotCount() ? layout.name((int) slot) : "slot" + slot;
    }

    private String value(Insn v) {
        Integer n = numbers.get(v);
        return n == null ? "undefined" : "v" + n;
    }

    private void terminator(Terminator t) {
        out.append(t.kind().name().toLowerCase(Locale.ROOT).replace('_', '.'));
        switch (t.kind()) {
            case GOTO, EXIT -> out.append(' ').append(hex(t.target()));
            case BRANCH -> out.append(' ').append(value(t.value())).append(", ").append(hex(t.target())).append(", ").append(hex(t.otherwise()));
            case INDIRECT -> out.append(' ').append(value(t.value()));
            default -> {
            }
        }
    }
}
