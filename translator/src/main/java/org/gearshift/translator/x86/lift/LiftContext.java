package org.gearshift.translator.x86.lift;

import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.Terminator;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.runtime.AlignmentCheck;
import org.gearshift.translator.x86.runtime.LockedAccess;
import org.gearshift.translator.x86.runtime.PageCrossing;

/**
 * What a lifting method works with: the IR builder, the mode the code is translated for, the current instruction, and access to its operands.
 *
 * <p><b>Values.</b> Data of 8 to 32 bits are I32, of 64 bits I64. {@code read...} gives 8- and 16-bit data zero-extended; {@code raw...} leaves
 * the bits above the datum unspecified, which is enough where the operation does not look at them. Addresses are I32, in 64-bit mode I64.
 *
 * <p><b>Program counters</b> are offsets in CS, zero-extended to 64 bits.
 */
public final class LiftContext {
    /** Builder of the current block. */
    public final IrBuilder ir;
    /** Key of {@link X86Mode}. */
    public final long mode;
    /** Arithmetic flags and conditions. */
    public final Flags flags;
    private final X87Knowledge x87;
    private final boolean code64;
    private final boolean shared;

    private Instruction insn;
    private byte[] bytes;
    private long pc;
    private long nextPc;
    private Terminator end;
    /** What must be 0 for the code behind the instruction to be what is lifted next; null: nothing. */
    private Insn hindrance;
    /** The next instruction is the last before interrupts are taken. */
    private boolean shadowed;

    LiftContext(IrBuilder ir, long mode) {
        this(ir, mode, false, new X87Knowledge(ir, X87Knowledge.UNKNOWN));
    }

    /** @param shared whether other vCPUs work on the same memory */
    LiftContext(IrBuilder ir, long mode, boolean shared, X87Knowledge x87) {
        this.x87 = x87;
        this.shared = shared;
        this.ir = ir;
        this.mode = mode;
        this.code64 = X86Mode.is(mode, X86Mode.CODE64);
        this.flags = new Flags(ir, code64);
    }

    /** Turns to the next instruction, whose bytes are in an array. */
    void begin(Instruction i, long at, byte[] code) {
        insn = i;
        bytes = code;
        pc = at;
        nextPc = truncatePc(at + i.length());
        end = null;
    }

    /** What is known of the x87 unit. */
    public X87Knowledge x87() {
        return x87;
    }

    /** The current instruction. */
    public Instruction insn() {
        return insn;
    }

    /** For an x87 instruction what FOP holds after it: the low three bits of the opcode and the ModRM byte (SDM vol. 1, 8.1.9). */
    public int x87Opcode() {
        int at = 0;
        while ((bytes[at] & 0xf8) != 0xd8) {
            at++;
        }
        return (bytes[at] & 7) << 8 | bytes[at + 1] & 0xff;
    }

    /** Pc of the current instruction. */
    public long pc() {
        return pc;
    }

    /** Pc after the current instruction. */
    public long nextPc() {
        return nextPc;
    }

    /** A pc as 32 bits outside 64-bit mode. */
    long truncatePc(long v) {
        return code64 ? v : v & 0xffff_ffffL;
    }

    public boolean isCode64() {
        return code64;
    }

    /** True if privileged instructions are allowed: CPL 0, which includes real mode. */
    public boolean isCpl0() {
        return X86Mode.cpl(mode) == 0;
    }

    public boolean isProtected() {
        return X86Mode.is(mode, X86Mode.PROTECTED);
    }

    public boolean isV86() {
        return X86Mode.is(mode, X86Mode.V86);
    }

    /** Type of a datum of so many bits. */
    public static Type type(int bits) {
        return bits == 64 ? Type.I64 : Type.I32;
    }

    /** A constant as a datum of so many bits; 8- and 16-bit ones are zero-extended. */
    public Insn constant(int bits, long value) {
        return ir.constant(type(bits), bits == 8 ? value & 0xff : bits == 16 ? value & 0xffff : value);
    }

    // ---- registers ----

    /** General register's low {@code bits}, zero-extended. */
    public Insn readRegister(int bits, int n) {
        return ir.zext(bits, rawRegister(bits, n));
    }

    /** General register as I32 or I64, bits above {@code bits} unspecified. */
    public Insn rawRegister(int bits, int n) {
        return ir.get(type(bits), X86State.GPR + n);
    }

    /** Writes a general register's low {@code bits}; a 32-bit write clears the rest in 64-bit mode, smaller ones keep it. */
    public void writeRegister(int bits, int n, Insn value) {
        int slot = X86State.GPR + n;
        if (bits == 64) {
            ir.put(slot, value);
        } else if (bits == 32) {
            ir.put(slot, code64 ? ir.zext32(value) : value);
        } else {
            insert(slot, value, 0, bits == 8 ? 0xff : 0xffff);
        }
    }

    private void insert(int slot, Insn value, int shift, int mask) {
        Type t = code64 ? Type.I64 : Type.I32;
        Insn v = t == Type.I64 ? ir.zext32(value) : value;
        Insn keep = ir.and(ir.get(t, slot), ~((long) mask << shift));
        ir.put(slot, ir.or(keep, ir.shl(ir.zext(mask == 0xff ? 8 : 16, v), shift)));
    }

    // ---- operands ----

    /** Value of a register, memory or immediate operand; 8 and 16 bits zero-extended. */
    public Insn read(Operand o) {
        return o.kind == Operand.Kind.IMMEDIATE ? constant(o.bits, o.value) : ir.zext(o.bits, raw(o));
    }

    /** The same with unspecified bits above the operand's size. */
    public Insn raw(Operand o) {
        return switch (o.kind) {
            case GPR -> o.highByte ? ir.shr(ir.get32(X86State.GPR + o.reg), 8) : rawRegister(o.bits, o.reg);
            case MEMORY -> loadMem(o);
            case IMMEDIATE -> ir.constant(type(o.bits), o.value);
            case SEGMENT -> ir.get32(X86State.SEG_SELECTOR + o.reg);
            default -> throw new IllegalArgumentException(insn.mnemonic() + " operand " + o.kind);
        };
    }

    /** Value of an operand as a datum of {@code bits}, which may be wider or narrower: immediates sign-extend, others zero-extend. */
    public Insn readAs(int bits, Operand o) {
        if (o.kind == Operand.Kind.IMMEDIATE) {
            return constant(bits, o.value);
        }
        Insn v = read(o);
        boolean wide = v.resultType() == Type.I64;
        return bits == 64 ? wide ? v : ir.zext32(v) : wide ? ir.trunc(v) : v;
    }

    /** Writes a register or memory operand. */
    public void write(Operand o, Insn value) {
        if (o.isMemory()) {
            storeMem(o, value);
        } else if (o.highByte) {
            insert(X86State.GPR + o.reg, value, 8, 0xff);
        } else {
            writeRegister(o.bits, o.reg, value);
        }
    }

    /** A register or memory operand that is read and then written; its address is computed once. */
    public Destination modify(Operand o) {
        return new Destination(o, o.isMemory() ? address(o, true) : null);
    }

    /** See {@link #modify}. */
    public final class Destination {
        private final Operand operand;
        private final Insn address;
        private Insn loaded;

        private Destination(Operand operand, Insn address) {
            this.operand = operand;
            this.address = address;
        }

        /** The old value, bits above the operand's size unspecified. Call once, before {@link #write}. */
        public Insn raw() {
            if (address == null) {
                return LiftContext.this.raw(operand);
            }
            loaded = ir.loadRmw(operand.bits, address);
            return loaded;
        }

        /** The old value, zero-extended. */
        public Insn read() {
            return ir.zext(operand.bits, raw());
        }

        public void write(Insn value) {
            if (address != null) {
                replace(operand.bits, address, loaded, value);
            } else {
                LiftContext.this.write(operand, value);
            }
        }
    }

    /** Stores to a location this instruction has loaded from; in one step with that load if the instruction is locked, as XCHG always is. */
    public void replace(int bits, Insn address, Insn loaded, Insn value) {
        if (atomic()) {
            ir.call(LockedAccess.swap(bits), address64(address), loaded, value);
        } else {
            ir.store(bits, address, value);
        }
    }

    /** Whether the current instruction reads and writes memory in one step, and another vCPU could tell. */
    public boolean atomic() {
        return shared && (insn.lock() || insn.mnemonic() == Mnemonic.XCHG);
    }

    /** Whether other vCPUs work on the same memory. */
    public boolean shared() {
        return shared;
    }

    private Insn address64(Insn address) {
        return address.resultType() == Type.I64 ? address : ir.zext32(address);
    }

    // ---- memory ----

    /** Offset of a memory operand within its segment, wrapped to the address size; of the address type. */
    public Insn effectiveAddress(Operand o) {
        int bits = insn.addressBits();
        Type t = type(bits);
        if (o.base == Operand.RIP_BASE) {
            long a = nextPc + o.disp;
            return ir.i64(bits == 32 ? a & 0xffff_ffffL : a);
        }
        Insn a = null;
        if (o.base >= 0) {
            a = ir.get(t, X86State.GPR + o.base);
        }
        if (o.index >= 0) {
            Insn x = ir.shl(ir.get(t, X86State.GPR + o.index), Integer.numberOfTrailingZeros(o.scale));
            a = a == null ? x : ir.add(a, x);
        }
        a = a == null ? ir.constant(t, o.disp) : ir.add(a, o.disp);
        return asAddress(bits == 16 ? ir.zext16(a) : a);
    }

    /** An offset as a value of the address type of this mode. */
    public Insn asAddress(Insn offset) {
        return code64 && offset.resultType() == Type.I32 ? ir.zext32(offset) : offset;
    }

    /**
     * Linear address of {@code bytes} at an offset in a segment. Checks the segment (#GP, #SS) unless it is flat.
     *
     * @param bytes 1..512
     */
    public Insn linear(int segment, Insn offset, int bytes, boolean write) {
        Insn a = linearUnaligned(segment, offset, bytes, write);
        int alignment = alignment(bytes);
        if (X86Mode.is(mode, X86Mode.ALIGN_CHECK) && alignment > 1) {
            ir.call(AlignmentCheck.CHECK, code64 ? a : ir.zext32(a), ir.i32(alignment));
        }
        return a;
    }

    /** The same for data that are never checked for alignment. */
    private Insn linearUnaligned(int segment, Insn offset, int bytes, boolean write) {
        Insn a = offset;
        if (code64) {
            if (segment >= X86State.FS) {
                a = ir.add(offset, ir.get64(X86State.SEG_BASE + segment));
            }
        } else if (!X86Mode.isFlat(mode, segment) || write && segment == X86State.CS) {
            // A flat CS is one that may be read; writing through it is never allowed in protected mode.
            int limits = write ? X86State.SEG_WRITE_LIMIT : X86State.SEG_READ_LIMIT;
            ir.segCheck(offset, limits + segment, segment, bytes, write);
            a = ir.add(offset, ir.get32(X86State.SEG_BASE + segment));
        }
        return a;
    }

    /** What #AC asks of a datum of a size: SDM vol. 3A table 6-7. Vectors and byte strings ask nothing here. */
    private static int alignment(int bytes) {
        return switch (bytes) {
            case 2, 4, 8 -> bytes;
            // Far pointers and table registers; numbers of 80 bits; x87 environments and states in 16- and 32-bit form.
            case 6, 28, 108 -> 4;
            case 10 -> 8;
            case 14, 94 -> 2;
            default -> 1;
        };
    }

    /** Linear address of an offset, without looking at limit or rights. */
    public Insn linearUnchecked(int segment, Insn offset) {
        if (code64) {
            return segment >= X86State.FS ? ir.add(offset, ir.get64(X86State.SEG_BASE + segment)) : offset;
        }
        return X86Mode.isFlat(mode, segment) ? offset : ir.add(offset, ir.get32(X86State.SEG_BASE + segment));
    }

    /** Linear address of a memory operand of its own size. */
    public Insn address(Operand o, boolean write) {
        return linear(o.segment, effectiveAddress(o), o.bits / 8, write);
    }

    /** Linear address of a memory operand of an instruction that does not report #AC. */
    public Insn addressUnaligned(Operand o, boolean write) {
        return linearUnaligned(o.segment, effectiveAddress(o), o.bits / 8, write);
    }

    /** Linear address of a memory operand accessed with a size of its own. */
    public Insn address(Operand o, int bytes, boolean write) {
        return linear(o.segment, effectiveAddress(o), bytes, write);
    }

    /** Loads a memory operand of 8..64 bits; 8 and 16 zero-extended. */
    public Insn loadMem(Operand o) {
        return ir.load(o.bits, address(o, false));
    }

    /** Stores to a memory operand of 8..64 bits. */
    public void storeMem(Operand o, Insn value) {
        ir.store(o.bits, address(o, true), value);
    }

    /** Loads 64, 128 or 256 bits as I64s, lowest first. {@code aligned}: #GP(0) unless the address is a multiple of the size. */
    public Insn[] loadVector(Operand o, boolean aligned) {
        Insn a = vectorAddress(o, aligned, false);
        Insn[] v = new Insn[o.bits / 64];
        for (int i = 0; i < v.length; i++) {
            v[i] = ir.load(64, ir.add(a, 8 * i));
        }
        return v;
    }

    /** Stores as many bits as the operand has, given as I64s. Bytes that would be stored before a page fault of later ones are not. */
    public void storeVector(Operand o, boolean aligned, Insn... v) {
        Insn a = vectorAddress(o, aligned, true);
        if (!aligned && v.length > 1) {
            ir.call(PageCrossing.WRITABLE, wideAddress(a), ir.i32(8 * v.length));
        }
        for (int i = 0; i < v.length; i++) {
            ir.store(64, ir.add(a, 8 * i), v[i]);
        }
    }

    private Insn vectorAddress(Operand o, boolean aligned, boolean write) {
        Insn a = linear(o.segment, effectiveAddress(o), o.bits / 8, write);
        if (aligned && o.bits > 64) {
            ir.call(o.bits == 128 ? AlignmentCheck.CHECK16 : AlignmentCheck.CHECK32, wideAddress(a));
        }
        return a;
    }

    /** An address of this mode as I64, zero-extended: what helpers take. */
    public Insn wideAddress(Insn address) {
        return code64 ? address : ir.zext32(address);
    }

    // ---- stack ----

    /** Width of the stack pointer: 16, 32 or 64. */
    public int stackBits() {
        return code64 ? 64 : X86Mode.is(mode, X86Mode.STACK32) ? 32 : 16;
    }

    /** The stack pointer plus a displacement, wrapped to its width; of the address type. */
    public Insn stackOffset(long displacement) {
        return stackOffset(rawRegister(stackBits(), 4), displacement);
    }

    /** A stack offset plus a displacement, wrapped to the stack pointer's width. */
    public Insn stackOffset(Insn base, long displacement) {
        Insn v = ir.add(base, displacement);
        return stackBits() == 16 ? ir.zext16(v) : v;
    }

    /** Writes the stack pointer's {@link #stackBits}. */
    public void writeStackPointer(Insn offset) {
        writeRegister(stackBits(), 4, offset);
    }

    /** Loads from the stack segment. */
    public Insn loadStack(int bits, Insn offset) {
        return ir.load(bits, linear(X86State.SS, offset, bits / 8, false));
    }

    /** Stores to the stack segment. */
    public void storeStack(int bits, Insn offset, Insn value) {
        ir.store(bits, linear(X86State.SS, offset, bits / 8, true), value);
    }

    /** Stores below the stack pointer and then moves it. */
    public void push(int bits, Insn value) {
        Insn sp = stackOffset(-(bits / 8));
        storeStack(bits, sp, value);
        writeStackPointer(sp);
    }

    /** Operand size of pushes, pops and near transfers: 64 instead of 32 in 64-bit mode. */
    public int stackOperandBits() {
        return code64 && insn.operandBits() == 32 ? 64 : insn.operandBits();
    }

    // ---- conditions, flags ----

    /** Condition code 0..15 as I32 0 or 1. */
    public Insn condition(int cc) {
        return flags.condition(cc);
    }

    public void setFlagsAdd(int bits, Insn a, Insn b, Insn res) {
        flags.setAdd(bits, a, b, res);
    }

    public void setFlagsSub(int bits, Insn a, Insn b, Insn res) {
        flags.setSub(bits, a, b, res);
    }

    public void setFlagsLogic(int bits, Insn res) {
        flags.setLogic(bits, res);
    }

    /** CF, PF, AF, ZF, SF, OF as given, each an I32 0 or 1 (COMISD, FCOMI ...). */
    public void setFlags(Insn cf, Insn pf, Insn af, Insn zf, Insn sf, Insn of) {
        flags.setAll(cf, pf, af, zf, sf, of);
    }

    // ---- monitor ----

    /** Calls a service. Known slot values and flag producers are forgotten. */
    public Insn service(X86Service service, Insn... args) {
        Insn v = ir.vmcall(service.ordinal(), args);
        flags.forget();
        return v;
    }

    /** Calls a service and gives the low 32 bits of its result. */
    public Insn service32(X86Service service, Insn... args) {
        return ir.trunc(service(service, args));
    }

    /** Raises an exception; ends the block. {@code error} is -1 for vectors without error code. */
    public void raise(int vector, int error) {
        service(X86Service.RAISE, ir.i32(vector), ir.i32(error));
        end(Terminator.exit(pc));
    }

    /** #UD; ends the block. */
    public void undefined() {
        raise(6, -1);
    }

    /** #GP(0); ends the block. */
    public void generalProtection() {
        raise(13, 0);
    }

    /** {@link #nextPc} as a value for a service or the stack. */
    public Insn next() {
        return code64 ? ir.i64(nextPc) : ir.i32((int) nextPc);
    }

    /** Calls a service that sets the pc itself, and ends the block. */
    public void serviceExit(X86Service service, Insn... args) {
        service(service, args);
        end(Terminator.exitToState());
    }

    /** Calls a service after which mode or mapping may differ, and ends the block behind the instruction. */
    public void serviceEnd(X86Service service, Insn... args) {
        service(service, args);
        endExit();
    }

    /** Lets the block go on behind the instruction if an I32 is 0; otherwise the engine goes on there. */
    public void goOnUnless(Insn condition) {
        hindrance = condition;
    }

    /** Interrupts are allowed behind the instruction that comes next, which may belong to the block. INT_SHADOW is set. */
    public void shadowNext() {
        shadowed = true;
    }

    /** The instruction that begins comes next only if nothing hinders. */
    void expectNoHindrance() {
        if (hindrance != null) {
            ir.expect(ir.eq(hindrance, 0));
            hindrance = null;
        }
    }

    /** Whether the block, ending here, leaves to the engine whatever comes next. */
    boolean leaves() {
        return hindrance != null || shadowed;
    }

    boolean isShadowed() {
        return shadowed;
    }

    /** The instruction behind STI has been lifted: it ends the shadow, and the block, so that interrupts are looked at. */
    void endShadow() {
        shadowed = false;
        ir.put(X86State.INT_SHADOW, ir.i32(0));
        if (end == null) {
            endExit();
            return;
        }
        Terminator t = end;
        end = null;
        if (t.kind() == Terminator.Kind.INDIRECT) {
            ir.put(X86State.RIP, t.value().resultType() == Type.I64 ? t.value() : ir.zext32(t.value()));
            end(Terminator.exitToState());
        } else {
            end(t.kind() == Terminator.Kind.EXIT_TO_STATE ? t : Terminator.exit(t.target()));
        }
    }

    /** Ends the block behind the instruction, leaving to the engine. */
    public void endExit() {
        end(Terminator.exit(nextPc));
    }

    /** Ends the block. */
    public void end(Terminator t) {
        if (end != null) {
            throw new IllegalStateException(insn.mnemonic() + " ends its block twice");
        }
        end = t;
    }

    Terminator terminator() {
        return end;
    }
}
