package org.gearshift.tools.conformance;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.gearshift.ir.Block;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.OpSemantics;
import org.gearshift.ir.Terminator;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.runtime.AlignmentCheck;

/**
 * What a block does when its inputs (slots, memory, results of helpers with effects and of services) have made-up values, whether a processor could have them or
 * not. Two blocks that do the same for any values are one and the same.
 */
final class IrValuation {
    private static final long[] CORNERS = {0, 1, -1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffffL, 0x8000_0000L, 0xffff_ffffL,
        Long.MAX_VALUE, Long.MIN_VALUE, 31, 32, 63, 64};

    // FLAG_AUX, see X86State: what arithmetic leaves there, and what other flag combinations have beside it.
    private static final long CARRIES = 0xffff_ffff_c000_0008L;
    private static final long TURNED = 0x101;
    /** Slots of the last x87 instruction's pointers and opcode. */
    private static final int FIRST_POINTER = X86State.X87_FIP;
    private static final int LAST_POINTER = X86State.X87_FOP;

    private final long seed;
    private final boolean pointers;
    private final Map<Insn, Long> values = new IdentityHashMap<>();
    private final Map<Long, Integer> memory = new HashMap<>();
    private final Map<Integer, Long> slots = new TreeMap<>();
    /** Everything that can be observed, in order. */
    private final List<Object> effects = new ArrayList<>();
    /** How many effects so far may have changed slots and memory. */
    private int epoch;

    private IrValuation(long seed, boolean pointers) {
        this.seed = seed;
        this.pointers = pointers;
    }

    /**
     * Whether two blocks do the same with the values that a seed stands for.
     *
     * @param pointers x87 instruction and data pointers count
     */
    static boolean agree(Block a, Block b, long seed, boolean pointers) {
        return new IrValuation(seed, pointers).run(a).equals(new IrValuation(seed, pointers).run(b));
    }

    /** The slots written so far, as others see them: flags as such. */
    private Map<Integer, Long> written() {
        Map<Integer, Long> seen = new TreeMap<>(slots);
        long res = slot(X86State.FLAG_RES);
        int aux = (int) slot(X86State.FLAG_AUX);
        seen.put(X86State.FLAG_RES, (res == 0 ? 1L : 0) | (res < 0 ? 2L : 0) ^ (aux & 1) << 1);
        seen.put(X86State.FLAG_AUX, (long) (aux & 0xc000_0008 | Long.bitCount((res ^ aux >>> 8) & 0xff) & 1));
        if (!pointers) {
            seen.keySet().removeIf(k -> k >= FIRST_POINTER && k <= LAST_POINTER);
        }
        return seen;
    }

    private List<Object> run(Block block) {
        for (Insn v : block.insns()) {
            values.put(v, step(v));
        }
        effects.add(written());
        Terminator t = block.terminator();
        boolean taken = t.kind() == Terminator.Kind.BRANCH && value(t.value()) != 0;
        effects.add(t.kind() + " " + switch (t.kind()) {
            case BRANCH -> taken ? t.target() : t.otherwise();
            case INDIRECT -> value(t.value());
            default -> t.target();
        });
        return effects;
    }

    private long value(Insn v) {
        return values.get(v);
    }

    private long step(Insn v) {
        switch (v.op()) {
            case CONST:
                return v.imm();
            case MARK:
                return 0;
            case GET: {
                long x = slot((int) v.imm());
                return v.type() == Type.I32 ? (int) x : x;
            }
            case PUT:
                slots.put((int) v.imm(), value(v.arg(0)));
                return 0;
            case LOAD, LOAD_RMW:
                effects.add(v.op() + " " + v.imm() + " " + address(v));
                return load(address(v), (int) v.imm());
            case STORE:
                effects.add("STORE " + v.imm() + " " + address(v));
                store(address(v), (int) v.imm(), value(v.arg(1)));
                return 0;
            case SEGCHECK:
                effects.add("SEGCHECK " + v.imm() + " " + address(v));
                return 0;
            case CALL, VMCALL:
                return call(v);
            default:
                return OpSemantics.eval(v.op(), v.type(), v.imm(), value(v.arg(0)), v.argCount() > 1 ? value(v.arg(1)) : 0,
                        v.argCount() > 2 ? value(v.arg(2)) : 0);
        }
    }

    private long slot(int n) {
        Long put = slots.get(n);
        if (put != null) {
            return put;
        }
        long x = madeUp(n * 31L + epoch);
        if (n != X86State.FLAG_RES && n != X86State.FLAG_AUX) {
            return x;
        }
        // What bits 0 and 8 of FLAG_AUX turn round belongs to results 0 and 1 only.
        boolean result = (mix(seed + epoch) & 1) == 0;
        return n == X86State.FLAG_RES ? result ? x : x & 1 : x & (result ? CARRIES : CARRIES | TURNED);
    }

    private long call(Insn v) {
        long[] a = new long[5];
        for (int k = 0; k < v.argCount(); k++) {
            a[k] = value(v.arg(k));
        }
        if (v.helper() == AlignmentCheck.CHECK || v.helper() == AlignmentCheck.CHECK16) {
            a[0] &= v.helper() == AlignmentCheck.CHECK ? a[1] - 1 : 15;
        }
        if (v.op() == Op.CALL && v.helper().isPure()) {
            try {
                return (long) v.helper().uniform().invokeExact((GuestContext) null, a[0], a[1], a[2], a[3], a[4]);
            } catch (Throwable e) {
                throw new IllegalStateException(v.helper().name(), e);
            }
        }
        effects.add((v.op() == Op.CALL ? v.helper().name() : "service " + v.imm()) + " " + List.of(a[0], a[1], a[2], a[3], a[4]) + written());
        slots.clear();
        epoch++;
        long x = madeUp(~epoch);
        return v.resultType() == Type.I32 ? (int) x : x;
    }

    private long address(Insn v) {
        long a = value(v.arg(0));
        return v.arg(0).resultType() == Type.I32 ? a & 0xffff_ffffL : a;
    }

    private long load(long address, int bits) {
        long x = madeUp(address ^ 0x5555_5555_5555L);
        for (int k = 0; k < bits / 8; k++) {
            Integer b = memory.get(address + k);
            x = b == null ? x : x & ~(0xffL << 8 * k) | (long) b << 8 * k;
        }
        return switch (bits) {
            case 64 -> x;
            case 32 -> (int) x;
            default -> x & (1L << bits) - 1;
        };
    }

    private void store(long address, int bits, long v) {
        for (int k = 0; k < bits / 8; k++) {
            int b = (int) (v >> 8 * k) & 0xff;
            memory.put(address + k, b);
            effects.add(b);
        }
    }

    /** The value of an input: often one at a border. */
    private long madeUp(long input) {
        long h = mix(seed + mix(input));
        int corner = (int) (h >>> 56);
        long v = mix(h);
        return corner < 96 ? CORNERS[corner % CORNERS.length] : corner < 128 ? CORNERS[corner % CORNERS.length] + (v & 7) : v;
    }

    private static long mix(long x) {
        long h = (x ^ x >>> 30) * 0xbf58476d1ce4e5b9L;
        h = (h ^ h >>> 27) * 0x94d049bb133111ebL;
        return h ^ h >>> 31;
    }
}
