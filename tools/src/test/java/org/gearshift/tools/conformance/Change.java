package org.gearshift.tools.conformance;

import static org.gearshift.ir.Op.*;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.Op;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.X86State;

/** A way to get an IR operation wrong that the IR's rules do not forbid: what a slip of the pen in a lifter would do. */
final class Change {
    /** Operations that are taken for each other: same operands, same kind of result. */
    private static final Map<Op, List<Op>> CONFUSED = new EnumMap<>(Op.class);

    static {
        confuse(ADD, SUB, OR);
        confuse(AND, OR, XOR);
        confuse(MULHU, MULHS);
        confuse(SHL, SHR, ROTL);
        confuse(SHR, SAR, ROTR);
        confuse(NEG, NOT);
        confuse(SEXT8, ZEXT8, SEXT16);
        confuse(SEXT16, ZEXT16, SEXT8);
        confuse(ZEXT8, ZEXT16);
        confuse(SEXT32, ZEXT32);
        confuse(EQ, NE);
        confuse(SLT, SLE, ULT);
        confuse(ULT, ULE, SLT);
        confuse(ULE, SLE);
        confuse(AUX_ADD, AUX_SUB);
        confuse(CLZ, CTZ);
        confuse(POPCNT, CLZ);
    }

    private final String text;
    private final BiFunction<IrBuilder, Insn, Insn> wrong;

    private Change(String text, BiFunction<IrBuilder, Insn, Insn> wrong) {
        this.text = text;
        this.wrong = wrong;
    }

    private static void confuse(Op... ops) {
        for (Op a : ops) {
            for (Op b : ops) {
                if (a != b && !CONFUSED.computeIfAbsent(a, k -> new ArrayList<>()).contains(b)) {
                    CONFUSED.get(a).add(b);
                }
            }
        }
    }

    /** What is to be emitted in place of an instruction, nothing if null. Emits what that needs by itself. */
    Insn apply(IrBuilder ir, Insn v) {
        return wrong.apply(ir, v);
    }

    /** One of the errors that can be made of an instruction, or null if there are none. */
    static Change of(Insn v, SplittableRandom random) {
        List<Change> all = new ArrayList<>();
        for (Op op : CONFUSED.getOrDefault(v.op(), List.of())) {
            all.add(new Change("becomes " + op.text(), (ir, x) -> new Insn(op, x.type(), x.imm(), null, arguments(x))));
        }
        switch (v.op()) {
            case SUB, SLT, SLE, ULT, ULE -> all.add(swap(0, 1));
            case AUX_ADD, AUX_SUB -> {
                all.add(swap(0, 1));
                all.add(swap(0, 2));
                all.add(width(v));
            }
            case SELECT -> all.add(swap(1, 2));
            case LOAD, LOAD_RMW, STORE -> {
                if (v.imm() <= 32) {
                    all.add(width(v));
                }
            }
            case CONST -> constants(all, v, random);
            case PUT, GET -> slots(all, v);
            case CALL -> calls(all, v, random);
            default -> {
            }
        }
        if (v.op() == PUT || v.op() == STORE || v.op() == SEGCHECK) {
            all.add(new Change((v.op() == PUT ? X86State.LAYOUT.name((int) v.imm()) + " " : "") + "is missing", (ir, x) -> null));
        }
        return all.isEmpty() ? null : all.get(random.nextInt(all.size()));
    }

    private static void constants(List<Change> all, Insn v, SplittableRandom random) {
        // Bits that the number has: what lies above them is often cut off.
        int bit = random.nextInt(v.imm() < 0 ? 32 : Math.max(4, 64 - Long.numberOfLeadingZeros(v.imm())));
        all.add(new Change("one more", (ir, x) -> constant(x, x.imm() + 1)));
        all.add(new Change("one less", (ir, x) -> constant(x, x.imm() - 1)));
        all.add(new Change("with bit " + bit + " turned", (ir, x) -> constant(x, x.imm() ^ 1L << bit)));
    }

    private static Insn constant(Insn x, long value) {
        return new Insn(CONST, x.type(), x.type() == Type.I32 ? (int) value : value, null);
    }

    private static void slots(List<Change> all, Insn v) {
        int slot = (int) v.imm();
        int other = slot == X86State.FLAG_AUX || slot == X86State.FLAG_RES ? X86State.FLAG_AUX + X86State.FLAG_RES - slot : slot ^ 1;
        if (other < X86State.LAYOUT.slotCount()) {
            all.add(new Change(X86State.LAYOUT.name(slot) + " becomes " + X86State.LAYOUT.name(other), (ir, x) -> new Insn(x.op(), x.type(), other, null, arguments(x))));
        }
        if (v.op() == PUT) {
            all.add(new Change(X86State.LAYOUT.name(slot) + " is twice the value", (ir, x) -> new Insn(PUT, x.type(), x.imm(), null, ir.add(x.arg(0), x.arg(0)))));
        }
    }

    private static void calls(List<Change> all, Insn v, SplittableRandom random) {
        for (int b = 1; b < v.argCount(); b++) {
            for (int a = 0; a < b; a++) {
                if (v.arg(a).resultType() == v.arg(b).resultType()) {
                    all.add(swap(a, b));
                }
            }
        }
        if (v.resultType() == Type.VOID) {
            all.add(new Change(v.helper() + " is missing", (ir, x) -> x.resultType() == Type.VOID ? null : x));
            return;
        }
        int bit = random.nextInt(v.resultType().bits());
        all.add(new Change(v.helper() + " with bit " + bit + " of the result turned", (ir, x) -> {
            if (x.resultType() != v.resultType()) {
                return x;
            }
            return new Insn(XOR, x.resultType(), 0, null, ir.call(x.helper(), arguments(x)), ir.constant(x.resultType(), 1L << bit));
        }));
    }

    private static Change swap(int a, int b) {
        return new Change("with operands " + (a + 1) + " and " + (b + 1) + " exchanged", (ir, x) -> {
            Insn[] args = arguments(x);
            if (b >= args.length || args[a].resultType() != args[b].resultType()) {
                return x;
            }
            Insn first = args[a];
            args[a] = args[b];
            args[b] = first;
            return new Insn(x.op(), x.type(), x.imm(), x.helper(), args);
        });
    }

    /** Half the width, or twice that of bytes. */
    private static Change width(Insn v) {
        long bits = v.imm() == 8 ? 16 : v.imm() / 2;
        return new Change("of " + bits + " bits", (ir, x) -> x.imm() == v.imm() ? new Insn(x.op(), x.type(), bits, null, arguments(x)) : x);
    }

    private static Insn[] arguments(Insn x) {
        Insn[] args = new Insn[x.argCount()];
        for (int k = 0; k < args.length; k++) {
            args[k] = x.arg(k);
        }
        return args;
    }

    @Override
    public String toString() {
        return text;
    }
}
