package org.gearshift.ir;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** Checks that a block keeps the rules of the IR; names every broken rule and shows the block. */
public final class Verifier {
    private final Block block;
    private final StateLayout layout;
    private final List<String> broken = new ArrayList<>();
    private final Map<Insn, Integer> defined = new IdentityHashMap<>();
    private int at;
    private boolean putInInsn;

    private Verifier(Block block, StateLayout layout) {
        this.block = block;
        this.layout = layout;
    }

    /** Broken rules of a block, each with the position; empty if there are none. */
    public static List<String> check(Block b, StateLayout layout) {
        Verifier v = new Verifier(b, layout);
        v.run();
        return v.broken;
    }

    /**
     * Throws if a rule is broken.
     *
     * @param stage what produced the block, for the message
     */
    public static void verify(Block b, StateLayout layout, String stage) {
        List<String> broken = check(b, layout);
        if (!broken.isEmpty()) {
            throw new IllegalStateException("IR rules broken after " + stage + ":\n  " + String.join("\n  ", broken) + "\n" + Printer.print(b, layout));
        }
    }

    private void run() {
        int marks = 0;
        for (Insn v : block.insns()) {
            checkInsn(v);
            if (v.op() == Op.MARK) {
                marks++;
            }
            if (defined.put(v, at) != null) {
                rule("defined-once", "instruction stands in the block twice");
            }
            at++;
        }
        if (marks != block.guestInsns()) {
            rule("marks", marks + " marks, but " + block.guestInsns() + " guest instructions");
        }
        checkTerminator();
    }

    private void rule(String name, String text) {
        broken.add(at + ": " + name + ": " + text);
    }

    private void checkInsn(Insn v) {
        for (Insn a : v.args()) {
            if (!defined.containsKey(a)) {
                rule("defined-before-use", "operand " + a.op().text() + " of " + v.op().text());
            }
        }
        switch (v.op()) {
            case CALL -> call(v);
            case VMCALL -> {
                if (v.argCount() > 3) {
                    rule("vmcall-arguments", "at most 3, not " + v.argCount());
                }
            }
            default -> signature(v);
        }
        immediate(v);
        order(v);
    }

    private void call(Insn v) {
        if (v.helper() == null) {
            rule("helper", "a call without helper");
            return;
        }
        List<Type> params = v.helper().params();
        boolean fits = params.size() == v.argCount();
        for (int k = 0; fits && k < params.size(); k++) {
            fits = v.arg(k).resultType() == params.get(k);
        }
        if (!fits) {
            rule("helper-arguments", v.helper().name() + " takes " + params);
        }
    }

    private void signature(Insn v) {
        String sig = v.op().argSignature();
        if (sig.length() != v.argCount()) {
            rule("argument-count", v.op().text() + " takes " + sig.length() + ", not " + v.argCount());
            return;
        }
        for (int k = 0; k < sig.length(); k++) {
            Type t = v.arg(k).resultType();
            boolean ok = switch (sig.charAt(k)) {
                case 'T' -> t == v.type();
                case 'i' -> t == Type.I32;
                case 'l' -> t == Type.I64;
                case 'A' -> t != Type.VOID;
                default -> t == (v.imm() == 64 ? Type.I64 : Type.I32);
            };
            if (!ok) {
                rule("argument-type", "operand " + k + " of " + v.op().text() + "." + v.type() + " is " + t);
            }
        }
    }

    private void immediate(Insn v) {
        long imm = v.imm();
        switch (v.op()) {
            case CONST -> {
                if (v.type() == Type.VOID || v.type() == Type.I32 && imm != (int) imm) {
                    rule("constant", "not a value of its type: " + imm);
                }
            }
            case GET, PUT -> slot(imm, v.op());
            case SEGCHECK -> slot(v.segCheckLimitSlot(), v.op());
            case AUX_ADD, AUX_SUB -> width(v, v.type().bits());
            case LOAD, LOAD_RMW, STORE -> width(v, 64);
            default -> {
            }
        }
        if (v.type() == Type.VOID && v.op() != Op.MARK && v.op() != Op.CALL) {
            rule("type", v.op().text() + " has no type");
        }
    }

    private void slot(long slot, Op op) {
        if (slot < 0 || slot >= layout.slotCount()) {
            rule("slot", op.text() + " of slot " + slot);
        }
    }

    private void width(Insn v, int most) {
        long w = v.imm();
        if (w != 8 && w != 16 && w != 32 && w != 64 || w > most) {
            rule("width", v.op().text() + " of " + w + " bits");
        }
    }

    /** Inside a guest instruction nothing may fault once a result is committed. */
    private void order(Insn v) {
        if (v.op() == Op.MARK) {
            putInInsn = false;
        } else if (v.op() == Op.PUT) {
            putInInsn = true;
        } else if (putInInsn && v.mayFault() && v.op() != Op.VMCALL) {
            rule("fault-before-put", v.op().text() + " may fault behind a put of the same guest instruction");
        }
    }

    private void checkTerminator() {
        Terminator t = block.terminator();
        if (t.value() == null) {
            return;
        }
        if (!defined.containsKey(t.value())) {
            rule("defined-before-use", "value of the terminator");
        }
        Type type = t.value().resultType();
        if (type == Type.VOID || t.kind() == Terminator.Kind.BRANCH && type != Type.I32) {
            rule("terminator-type", t.kind() + " on " + type);
        }
    }
}
