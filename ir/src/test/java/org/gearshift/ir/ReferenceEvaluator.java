package org.gearshift.ir;

import java.util.HashMap;
import java.util.Map;

/** The plainest possible execution of a block, one instruction after another: what interpreter, passes and backend are compared with. */
public final class ReferenceEvaluator {
    private final SampleContext ctx;

    public ReferenceEvaluator(SampleContext ctx) {
        this.ctx = ctx;
    }

    /** Executes one block with enough budget; the pc slot tells where to go on. Returns false after a fault. */
    public boolean run(Block b) {
        Map<Insn, Long> values = new HashMap<>();
        int retired = 0;
        int marks = 0;
        long pc = b.pc();
        int budget = ctx.budget;
        try {
            for (Insn v : b.insns()) {
                if (v.op() == Op.MARK) {
                    retired = marks++;
                    pc = v.imm();
                }
                ctx.budget = budget - retired;
                long r = execute(v, values, pc);
                values.put(v, v.resultType() == Type.I32 ? (int) r : r);
            }
        } catch (GuestFault f) {
            ctx.s[SampleContext.PC] = pc;
            return false;
        }
        ctx.budget = budget - b.guestInsns();
        Terminator t = b.terminator();
        switch (t.kind()) {
            case GOTO, EXIT -> ctx.s[SampleContext.PC] = t.target();
            case BRANCH -> ctx.s[SampleContext.PC] = values.get(t.value()) != 0 ? t.target() : t.otherwise();
            case INDIRECT -> ctx.s[SampleContext.PC] = t.value().resultType() == Type.I32 ? values.get(t.value()) & 0xffffffffL : values.get(t.value());
            default -> {
            }
        }
        return true;
    }

    private static long address(Insn v, long a) {
        return v.arg(0).resultType() == Type.I64 ? a : a & 0xffffffffL;
    }

    private long execute(Insn v, Map<Insn, Long> values, long pc) {
        long a = v.argCount() > 0 ? values.get(v.arg(0)) : 0;
        long b = v.argCount() > 1 ? values.get(v.arg(1)) : 0;
        long c = v.argCount() > 2 ? values.get(v.arg(2)) : 0;
        int slot = (int) v.imm();
        switch (v.op()) {
            case CONST:
                return v.imm();
            case GET:
                return v.type() == Type.I32 ? (int) ctx.s[slot] : ctx.s[slot];
            case PUT:
                ctx.s[slot] = a;
                return 0;
            case MARK:
                return 0;
            case LOAD, LOAD_RMW:
                return ctx.loadSlow(address(v, a), (int) v.imm(), v.op() == Op.LOAD_RMW);
            case STORE:
                ctx.storeSlow(address(v, a), b, (int) v.imm());
                return 0;
            case SEGCHECK:
                long offset = v.type() == Type.I32 ? a & 0xffffffffL : a;
                if (offset + v.segCheckBytes() - 1 > ctx.s[v.segCheckLimitSlot()]) {
                    ctx.segmentCheckSlow(v.segCheckSegment(), offset, v.segCheckBytes(), v.segCheckWrite());
                }
                return 0;
            case CALL:
                if (v.helper() == SampleContext.CHECK) {
                    SampleContext.check(ctx, a);
                    return 0;
                }
                return v.helper() == SampleContext.MIX ? SampleContext.mix((int) a, b) : SampleContext.swap(ctx, (int) a);
            case VMCALL:
                ctx.s[SampleContext.PC] = pc;
                return ctx.vmcall((int) v.imm(), a, b, c);
            default:
                return OpSemantics.eval(v.op(), v.type(), v.imm(), a, b, c);
        }
    }
}
