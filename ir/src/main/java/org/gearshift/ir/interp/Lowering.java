package org.gearshift.ir.interp;

import java.util.Arrays;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.StateLayout;
import org.gearshift.ir.Terminator;
import org.gearshift.ir.Type;

/**
 * Turns an IR block into micro-operations. Every value gets a home in the frame: the state slot it was read from or is put into, as long as that slot
 * keeps the value for all its uses, otherwise a temporary. Reused from block to block.
 */
class Lowering {
    static final int NONE = -1;

    private final ConstantPool constants;
    final RareOps rare;
    final int resSlot;
    final BlockAnalysis block;
    final MicroEmitter out = new MicroEmitter();
    private final FrameTemps temps;
    private int[] home = new int[256];
    /** Position up to which a slot is the home of some value. */
    private final int[] slotReadUntil;
    private final boolean[] done;
    private int[] released = new int[16];
    private int releasedCount;
    int at;
    private int guestInsns;
    private int marks;
    private int[] insnOffsets = new int[64];
    private long[] insnPcs = new long[64];
    private boolean ended;

    Lowering(StateLayout layout, ConstantPool constants, RareOps rare, int resSlot, BlockAnalysis block) {
        this.constants = constants;
        this.rare = rare;
        this.resSlot = resSlot;
        this.block = block;
        temps = new FrameTemps(layout.slotCount(), ConstantPool.firstWord());
        slotReadUntil = new int[layout.slotCount()];
        done = new boolean[1 << 16];
    }

    int[] code() {
        return out.code();
    }

    int length() {
        return out.length();
    }

    /** Lowers a block into {@link #code()}, to be appended to the interpreter's code with the record returned. */
    BlockRecord lower(Block b, int handle, int threshold) {
        block.analyze(b);
        begin(b);
        out.op(blockOpcode(), b.guestInsns(), 0);
        out.word(threshold);
        out.word(handle);
        out.barrier();
        for (at = 0; at < block.n; at++) {
            emitInsn(block.ins[at], b.terminator());
            releaseNow();
        }
        int[] exits = ended ? branchExits : terminator(b.terminator());
        BlockRecord r = new BlockRecord(handle, b.pc(), b.guestInsns(), Arrays.copyOf(insnOffsets, marks), Arrays.copyOf(insnPcs, marks), exits);
        r.threshold = threshold;
        return r;
    }

    int blockOpcode() {
        return MicroOp.BLOCK;
    }

    private int[] branchExits;

    private void begin(Block b) {
        out.begin();
        temps.begin();
        if (home.length < block.n) {
            home = new int[block.n * 2];
        }
        Arrays.fill(home, 0, block.n, NONE);
        Arrays.fill(done, 0, block.n, false);
        Arrays.fill(slotReadUntil, NONE);
        releasedCount = 0;
        marks = 0;
        guestInsns = b.guestInsns();
        ended = false;
    }

    private void emitInsn(Insn v, Terminator t) {
        FlagGroup g = block.groups[at];
        if (g != null) {
            if (g.at == at) {
                if (g == block.branchGroup) {
                    branchGroup(g, t);
                } else {
                    group(g);
                }
            }
            return;
        }
        switch (v.op()) {
            case CONST -> {
            }
            case MARK -> mark(v);
            case GET -> get(v);
            case PUT -> put(v);
            case LOAD, LOAD_RMW -> load(v);
            case STORE -> store(v);
            case SEGCHECK -> segCheck(v);
            case CALL -> call(v);
            case VMCALL -> vmcall(v);
            default -> {
                if (block.lastUse[at] >= 0 && block.lazyAt[at] < 0) {
                    pure(v, true, NONE);
                }
            }
        }
    }

    private void mark(Insn v) {
        if (marks == insnOffsets.length) {
            insnOffsets = Arrays.copyOf(insnOffsets, marks * 2);
            insnPcs = Arrays.copyOf(insnPcs, marks * 2);
        }
        insnOffsets[marks] = out.length();
        insnPcs[marks++] = v.imm();
        out.barrier();
    }

    // ---- homes ----

    /** True if a slot is written by something executed strictly between two positions. */
    private boolean isWritten(int slot, int from, int to) {
        for (int j = from + 1; j < to && j < block.n; j++) {
            Insn v = block.ins[j];
            switch (v.op()) {
                case PUT -> {
                    FlagGroup g = block.groups[j];
                    if (v.imm() == slot && (g == null || g.at < to)) {
                        return true;
                    }
                }
                case VMCALL -> {
                    return true;
                }
                case CALL -> {
                    if (v.helper().writes().get(slot)) {
                        return true;
                    }
                }
                default -> {
                }
            }
        }
        return false;
    }

    /** A slot that receives a value now becomes its home if it keeps it long enough. */
    final boolean settle(Insn v, int slot) {
        int until = block.lastUse[v.index()];
        if (until > at && (isWritten(slot, at, until) || isGroupWritePending(slot, until))) {
            return false;
        }
        home[v.index()] = slot;
        slotReadUntil[slot] = Math.max(slotReadUntil[slot], until);
        return true;
    }

    /** A group's PUT standing before this position is executed at the group's end: still a write to come. */
    private boolean isGroupWritePending(int slot, int until) {
        for (int j = at + 1; j < until && j < block.n; j++) {
            FlagGroup g = block.groups[j];
            if (g != null && g.at == j && g.from <= at && (slot == block.ins[g.resPut].imm() || slot == block.ins[g.auxPut].imm() || slot == g.dstSlot)) {
                return true;
            }
        }
        return false;
    }

    final int newTemp(Insn v) {
        int t = temps.take();
        home[v.index()] = t;
        return t;
    }

    /** Frame index of an operand at the current position; a temporary is given back behind its last use. */
    final int use(Insn value) {
        Insn x = block.of(value);
        if (x.isConst()) {
            return constant(x.imm());
        }
        int i = x.index();
        int h = home[i];
        if (h < 0) {
            throw new IllegalStateException("operand " + x.op() + " at " + i + " has no home at " + at);
        }
        if (block.lastUse[i] <= at && temps.owns(h)) {
            release(h);
            block.lastUse[i] = Integer.MAX_VALUE;
        }
        return h;
    }

    private int constant(long value) {
        int c = constants.index(value);
        if (c >= 0) {
            return c;
        }
        int t = temps.take();
        if (value == (int) value) {
            out.op(MicroOp.LI, t, 0, (int) value);
        } else {
            out.op(MicroOp.LI64, t, 0);
            out.pc(value);
        }
        release(t);
        return t;
    }

    private void release(int t) {
        if (releasedCount == released.length) {
            released = Arrays.copyOf(released, releasedCount * 2);
        }
        released[releasedCount++] = t;
    }

    /** Makes temporaries used last by the current micro-operation available, for its own result on. */
    final void releaseNow() {
        while (releasedCount > 0) {
            temps.give(released[--releasedCount]);
        }
    }

    /** Where a result goes that must be written here: a temporary, dropped at once if nobody wants it. */
    final int resultTemp(Insn v) {
        releaseNow();
        if (block.lastUse[v.index()] > at) {
            return newTemp(v);
        }
        int t = temps.take();
        temps.give(t);
        return t;
    }

    // ---- state ----

    private void get(Insn v) {
        if (block.lastUse[at] < 0) {
            return;
        }
        int slot = (int) v.imm();
        if (!settle(v, slot)) {
            out.op(v.type() == Type.I32 ? MicroOp.MOV32 : MicroOp.MOV, newTemp(v), slot);
        }
    }

    private void put(Insn v) {
        if (done[at]) {
            return;
        }
        int slot = (int) v.imm();
        Insn x = block.of(v.arg(0));
        if (x.isConst()) {
            if (x.imm() == (int) x.imm()) {
                out.op(MicroOp.LI, slot, 0, (int) x.imm());
            } else {
                out.op(MicroOp.MOV, slot, use(x));
            }
        } else if (block.lazyAt[x.index()] == at) {
            pure(x, false, slot);
        } else {
            out.op(v.arg(0).resultType() == Type.I32 ? MicroOp.MOV32 : MicroOp.MOV, slot, use(x));
        }
    }

    /**
     * Where the result of an instruction that may fault or call out goes: straight into the slot it is put into later, if nobody can notice.
     */
    final int earlySlot(Insn v) {
        for (int q = at + 1; q < block.n; q++) {
            Insn u = block.ins[q];
            if (u.op() == Op.PUT && block.of(u.arg(0)) == v) {
                if (!isPutForm(v, u.arg(0))) {
                    return NONE;
                }
                int slot = (int) u.imm();
                if (block.groups[q] != null || slotReadUntil[slot] > at || touches(slot, at, q)) {
                    return NONE;
                }
                if (!settle(v, slot, q)) {
                    return NONE;
                }
                done[q] = true;
                return slot;
            }
            if (u.mayFault() || u.op() == Op.CALL && !u.helper().isPure()) {
                return NONE;
            }
        }
        return NONE;
    }

    /** True if what computes {@code v} gives it in the form in which a slot holds {@code put}. */
    boolean isPutForm(Insn v, Insn put) {
        return true;
    }

    private boolean settle(Insn v, int slot, int put) {
        int until = block.lastUse[v.index()];
        if (isWritten(slot, put, until)) {
            return false;
        }
        home[v.index()] = slot;
        slotReadUntil[slot] = Math.max(slotReadUntil[slot], until);
        return true;
    }

    private boolean touches(int slot, int from, int to) {
        for (int j = from + 1; j < to; j++) {
            Insn u = block.ins[j];
            if ((u.op() == Op.GET || u.op() == Op.PUT) && u.imm() == slot) {
                return true;
            }
        }
        return false;
    }

    // ---- pure values ----

    /** Computes a value into a temporary ({@code slot} NONE) or into the slot it is put into, and settles it. */
    private void pure(Insn v, boolean temporary, int slot) {
        Insn sum = block.scaledSum(v);
        int d;
        if (sum != null) {
            int scaled = block.scaledTerm(sum);
            Insn index = sum.arg(scaled == 0 ? 0 : 1);
            int a = use(sum.arg(scaled == 0 ? 1 : 0));
            int b = use(scaled >= 0 ? index.arg(0) : index);
            int k = scaled >= 0 ? (int) index.arg(1).imm() & index.type().bits() - 1 : 0;
            d = destination(v, slot);
            out.op(sumOpcode(v), d, a, b | k << 12);
            out.word(v == sum ? 0 : (int) v.arg(1).imm());
        } else {
            d = simple(v, slot);
        }
        if (!temporary && d != slot) {
            out.op(MicroOp.MOV, slot, d);
        }
    }

    int sumOpcode(Insn v) {
        return MicroOp.LEA;
    }

    final int destination(Insn v, int slot) {
        releaseNow();
        if (slot != NONE && settle(v, slot)) {
            return slot;
        }
        return newTemp(v);
    }

    int simple(Insn v, int slot) {
        int immediate = PureSelector.immediate(v);
        int binary = PureSelector.binary(v);
        int unary = PureSelector.unary(v);
        if (immediate != 0 && v.arg(1).isConst()) {
            return immediate(immediate, v, (int) v.arg(1).imm(), slot);
        }
        if (v.op() == Op.SUB && v.type() == Type.I32 && v.arg(1).isConst()) {
            return immediate(MicroOp.ADDI, v, (int) -v.arg(1).imm(), slot);
        }
        if (binary != 0) {
            int a = use(v.arg(0));
            int b = use(v.arg(1));
            int d = destination(v, slot);
            out.op(binary, d, a, b);
            return d;
        }
        if (unary != 0) {
            int a = use(v.arg(0));
            int d = destination(v, slot);
            out.op(unary, d, a);
            return d;
        }
        return special(v, slot);
    }

    private int special(Insn v, int slot) {
        boolean i32 = v.type() == Type.I32;
        switch (v.op()) {
            case ZEXT8, ZEXT16:
                if (i32) {
                    return immediate(MicroOp.ANDI, v, v.op() == Op.ZEXT8 ? 0xff : 0xffff, slot);
                }
                break;
            case TRUNC, SEXT32: {
                int a = use(v.arg(0));
                int d = destination(v, slot);
                out.op(MicroOp.MOV32, d, a);
                return d;
            }
            case AUX_ADD, AUX_SUB:
                if (i32 && v.imm() == 32) {
                    int a = use(v.arg(0));
                    int bc = use(v.arg(1)) | use(v.arg(2)) << 12;
                    int d = destination(v, slot);
                    out.op(v.op() == Op.AUX_ADD ? MicroOp.AUXADD32 : MicroOp.AUXSUB32, d, a, bc);
                    return d;
                }
                break;
            case SELECT:
                if (i32) {
                    int a = use(v.arg(0));
                    int bc = use(v.arg(1)) | use(v.arg(2)) << 12;
                    int d = destination(v, slot);
                    out.op(MicroOp.SELECT, d, a, bc);
                    return d;
                }
                break;
            default:
                break;
        }
        return general(v, slot);
    }

    private int immediate(int opcode, Insn v, int imm, int slot) {
        int a = use(v.arg(0));
        int d = destination(v, slot);
        if (opcode != MicroOp.ADDI || d != a || !updatesBase(a, imm)) {
            out.op(opcode, d, a, imm);
        }
        return d;
    }

    /** Lets the access just emitted add to its base register: PUSH and POP. */
    private boolean updatesBase(int base, int imm) {
        int last = out.lastOpcode();
        if (last != MicroOp.STORE32 && last != MicroOp.STORE32I && last != MicroOp.LOAD32 || out.lastWord(0) >>> 20 != base) {
            return false;
        }
        int d = out.lastWord(0) >>> 8 & 0xfff;
        if (last != MicroOp.LOAD32 && out.lastWord(1) == imm) {
            out.changeLast(last == MicroOp.STORE32 ? MicroOp.PUSH32 : MicroOp.PUSH32I, d, base, imm);
            return true;
        }
        if (last == MicroOp.LOAD32 && out.lastWord(1) == 0 && d != base) {
            out.changeLast(MicroOp.POP32, d, base, imm);
            return true;
        }
        return false;
    }

    /** The out-of-line form that can do all. */
    final int general(Insn v, int slot) {
        return general(v, slot, 0);
    }

    /** The same with more bits for its last word. */
    final int general(Insn v, int slot, int more) {
        int a = use(v.arg(0));
        int bc = v.argCount() > 1 ? use(v.arg(1)) : 0;
        bc |= v.argCount() > 2 ? use(v.arg(2)) << 12 : 0;
        int how = more | v.op().ordinal() | (v.type() == Type.I64 ? 1 << 8 : 0) | (int) v.imm() << 16;
        for (int k = 0; k < v.argCount(); k++) {
            how |= BlockAnalysis.isNarrow(v, k) ? 1 << 9 + k : 0;
        }
        int d = destination(v, slot);
        out.op(MicroOp.PURE, d, a, bc);
        out.word(how);
        return d;
    }

    // ---- flags ----

    void group(FlagGroup g) {
        groupOp(g, 0);
    }

    /** Emits a group; {@code branch} is the opcode that replaces the register form, with the immediate form behind it, or 0. */
    private void groupOp(FlagGroup g, int branch) {
        if (g.op == null) {
            int a = use(g.result);
            out.op(branch != 0 ? branch : MicroOp.LOGICF, g.dstSlot >= 0 ? g.dstSlot : resSlot, a);
            if (branch != 0) {
                out.word(0);
            }
            return;
        }
        boolean imm = g.b.isConst() && PureSelector.flagsImmediate(g.op, g.width) != 0;
        int a = use(g.a);
        int b = imm ? (int) g.b.imm() : use(g.b);
        releaseNow();
        int opcode = imm ? PureSelector.flagsImmediate(g.op, g.width) : PureSelector.flags(g.op, g.width);
        if (branch != 0) {
            opcode = imm ? branch + (g.op == Op.SUB ? MicroOp.SUBFI_BEQ - MicroOp.SUBF_BEQ : 1) : branch;
        }
        int d = g.dstSlot >= 0 ? g.dstSlot : resSlot;
        Insn r = g.result;
        boolean settled = block.lastUse[r.index()] <= at || g.dstSlot >= 0 && settle(r, g.dstSlot) || settle(r, resSlot);
        out.op(opcode, d, a, b);
        if (!settled) {
            out.op(MicroOp.MOV, newTemp(r), d);
        }
    }

    private void branchGroup(FlagGroup g, Terminator t) {
        fusedGroup(g);
        branchExits = exits(t);
        ended = true;
    }

    /** A group and the branch on it. */
    void fusedGroup(FlagGroup g) {
        groupOp(g, g.op == null ? PureSelector.branch(MicroOp.LOGICF_BEQI, block.condition.op) : g.op == Op.AND ? MicroOp.ANDF_BEQ : PureSelector.branch(MicroOp.SUBF_BEQ, block.condition.op));
    }

    private int[] exits(Terminator t) {
        boolean swapped = block.condition.swapped;
        int first = out.exit(swapped ? t.otherwise() : t.target());
        int second = out.exit(swapped ? t.target() : t.otherwise());
        return swapped ? new int[] {second, first} : new int[] {first, second};
    }

    // ---- memory and calls ----

    void load(Insn v) {
        Insn base = block.base(v);
        int a = base == null ? use0() : use(base);
        int disp = block.displacement(v);
        int slot = earlySlot(v);
        out.op(PureSelector.load(v.op(), v.imm(), isWide(v), rare.ordered), slot != NONE ? slot : resultTemp(v), a, disp);
    }

    static boolean isWide(Insn memory) {
        return memory.arg(0).resultType() == Type.I64;
    }

    void store(Insn v) {
        Insn base = block.base(v);
        int a = base == null ? use0() : use(base);
        int disp = block.displacement(v);
        Insn x = v.arg(1);
        if (!isWide(v) && !rare.ordered && x.isConst() && (v.imm() == 8 || v.imm() == 32)) {
            out.op(v.imm() == 8 ? MicroOp.STORE8I : MicroOp.STORE32I, 0, a, disp);
            out.word((int) x.imm());
        } else {
            out.op(PureSelector.store(v.imm(), isWide(v), rare.ordered), use(x), a, disp);
        }
    }

    private void segCheck(Insn v) {
        boolean wide = v.type() == Type.I64;
        int how = v.segCheckSegment() | v.segCheckBytes() << 8 | (v.segCheckWrite() ? 1 << 24 : 0);
        int a = use(v.arg(0));
        out.op(wide ? MicroOp.SEGCHECK64 : MicroOp.SEGCHECK, v.segCheckLimitSlot(), a, how);
    }

    private int useArg(Insn v, int k) {
        return k < v.argCount() ? use(v.arg(k)) : 0;
    }

    /** Frame index of a zero. */
    final int use0() {
        return constant(0);
    }

    void call(Insn v) {
        if (v.isPure() && block.lastUse[at] < 0) {
            return;
        }
        int a = useArg(v, 0);
        int bc = useArg(v, 1) | useArg(v, 2) << 12;
        int ef = useArg(v, 3) | useArg(v, 4) << 12;
        int d = resultTemp(v);
        out.op(MicroOp.CALL, d, a, bc);
        out.word(rare.number(v.helper()));
        out.word(ef);
    }

    private void vmcall(Insn v) {
        int a = useArg(v, 0);
        int bc = useArg(v, 1) | useArg(v, 2) << 12;
        for (int k = 0; k < v.argCount(); k++) {
            bc |= v.arg(k).resultType() == Type.I32 ? 1 << 24 + k : 0;
        }
        int d = resultTemp(v);
        out.op(MicroOp.VMCALL, d, a, bc);
        out.word((int) v.imm());
        out.word(guestInsns - Math.max(marks - 1, 0));
        out.pc(marks == 0 ? 0 : insnPcs[marks - 1]);
    }

    // ---- ends ----

    private int[] terminator(Terminator t) {
        at = block.n;
        switch (t.kind()) {
            case GOTO:
                jump();
                return new int[] {out.exit(t.target())};
            case BRANCH:
                return branch(t);
            case INDIRECT:
                indirect(t.value());
                break;
            case EXIT:
                out.op(MicroOp.EXIT, 0, 0);
                out.pc(t.target());
                break;
            default:
                out.op(MicroOp.EXIT_TO_STATE, 0, 0);
                break;
        }
        return new int[0];
    }

    void jump() {
        if (out.lastOpcode() == MicroOp.PUSH32I) {
            out.changeLast(MicroOp.CALL32);
        } else {
            out.op(MicroOp.GOTO, 0, 0);
        }
    }

    void indirect(Insn to) {
        int a = use(to);
        boolean narrow = to.resultType() == Type.I32;
        if (narrow && out.lastOpcode() == MicroOp.POP32 && (out.lastWord(0) >>> 8 & 0xfff) == a) {
            out.changeLast(MicroOp.RET32);
        } else {
            out.op(narrow ? MicroOp.INDIRECT32 : MicroOp.INDIRECT64, 0, a);
        }
    }

    private int[] branch(Terminator t) {
        branchOn(block.condition);
        return exits(t);
    }

    void branchOn(Condition c) {
        int a = use(c.a);
        if (c.op == Op.AND) {
            out.op(MicroOp.BTESTI, 0, a, (int) c.b.imm());
        } else if (c.b == null || c.b.isConst()) {
            out.op(PureSelector.branch(MicroOp.BEQI, c.op), 0, a, c.b == null ? 0 : (int) c.b.imm());
        } else {
            out.op(PureSelector.branch(MicroOp.BEQ, c.op), 0, a, use(c.b));
        }
    }
}
