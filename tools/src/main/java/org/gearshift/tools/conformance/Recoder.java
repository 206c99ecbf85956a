package org.gearshift.tools.conformance;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;

/**
 * Writes instructions of 32-bit code as 64-bit code. Most of them have the same bytes there, with an address-size prefix if they address memory.
 * Those that move the stack pointer or jump, which have another width in 64-bit code, become moves, LEA and a jump: what they load, store and
 * leave, and which of it comes first, is then said here and not by the processor.
 */
final class Recoder {
    private static final int LONGEST = 15;
    private static final int ESP = 4;
    private static final int EBP = 5;
    private static final Set<Mnemonic> ONLY_32 = EnumSet.of(Mnemonic.AAA, Mnemonic.AAS, Mnemonic.AAD, Mnemonic.AAM, Mnemonic.DAA, Mnemonic.DAS, Mnemonic.BOUND,
            Mnemonic.ARPL, Mnemonic.INTO, Mnemonic.SALC, Mnemonic.PUSHA, Mnemonic.POPA, Mnemonic.ENTER);
    /** VEX.W chooses the size of a general register or a datum like it, which is always 32 bits in 32-bit code. */
    private static final Set<Mnemonic> W_IS_SIZE = EnumSet.of(Mnemonic.VMOVD, Mnemonic.VPINSRD, Mnemonic.VPEXTRD, Mnemonic.VCVTSI2SS, Mnemonic.VCVTSI2SD,
            Mnemonic.VPCMPESTRI, Mnemonic.VPCMPESTRM);
    private static final Set<Mnemonic> REGISTER_IN_IMMEDIATE = EnumSet.of(Mnemonic.VBLENDVPS, Mnemonic.VBLENDVPD, Mnemonic.VPBLENDVB);

    private static final Set<Mnemonic> REWRITTEN = EnumSet.of(Mnemonic.JCC, Mnemonic.LOOP, Mnemonic.LOOPE, Mnemonic.LOOPNE, Mnemonic.JCXZ, Mnemonic.JMP, Mnemonic.CALL,
            Mnemonic.RET, Mnemonic.PUSH, Mnemonic.POP, Mnemonic.PUSHF, Mnemonic.POPF, Mnemonic.LEAVE);
    private static final Set<Mnemonic> BIT_STRINGS = EnumSet.of(Mnemonic.BT, Mnemonic.BTS, Mnemonic.BTR, Mnemonic.BTC);

    private final Recoding to;
    private final long stack;
    private EncodedParts parts;
    private Instruction i;
    private long next;

    Recoder(Recoding to, long stack) {
        this.to = to;
        this.stack = stack;
    }

    /** Whether what an instruction does is said here, and not by the processor. */
    static boolean rewrites(Instruction i) {
        return REWRITTEN.contains(i.mnemonic());
    }

    /** Writes one instruction. {@code next} is the address behind it. */
    void write(byte[] bytes, Instruction instruction, long next) throws NotRecodableException {
        i = instruction;
        parts = EncodedParts.of(bytes, i);
        this.next = next;
        if (ONLY_32.contains(i.mnemonic())) {
            throw new NotRecodableException("does not exist in 64-bit code");
        }
        if (parts.throughCs()) {
            throw new NotRecodableException("addresses memory by way of CS, which cannot be written");
        }
        switch (i.mnemonic()) {
            case FXSAVE, FXRSTOR -> throw new NotRecodableException("has an image of another format in 64-bit code");
            case JCC -> conditional();
            case LOOP, LOOPE, LOOPNE, JCXZ -> counted();
            case JMP -> jump();
            case CALL -> call();
            case RET -> ret();
            case PUSH -> push();
            case POP -> pop();
            case PUSHF -> pushFlags();
            case POPF -> popFlags();
            case LEAVE -> leave();
            default -> {
                if (!parts.vex() && parts.opcode() >> 4 == 4) {
                    // INC and DEC of a register, whose bytes are REX prefixes.
                    to.write(parts.others());
                    to.write(0xff, 0xc0 | parts.opcode() & 15);
                } else {
                    same(false, headOf());
                }
            }
        }
    }

    private byte[] headOf() {
        byte[] head = Arrays.copyOfRange(parts.bytes(), parts.opcodeAt(), parts.tailAt());
        if (!parts.vex() && head[0] == (byte) 0x82) {
            head[0] = (byte) 0x80;
        }
        return head;
    }

    /** What is at {@code head} instead of the opcode, with the operands the instruction has; ModRM.reg is R8 if {@code r8}. */
    private void same(boolean r8, byte[] head) throws NotRecodableException {
        int from = to.size();
        boolean memory = parts.memory() != null;
        boolean through15 = memory && parts.address16();
        if (parts.address16() && parts.hasImpliedAddress()) {
            throw new NotRecodableException("has implied 16-bit addresses");
        }
        if (through15) {
            if (BIT_STRINGS.contains(i.mnemonic()) && i.op(1).kind == Operand.Kind.GPR) {
                throw new NotRecodableException("has a bit string with 16-bit addresses");
            }
            if (parts.hasHighByte()) {
                throw new NotRecodableException("has 16-bit addresses and AH, BH, CH or DH");
            }
            address16();
            from = to.size();
        }
        if (parts.segment() != 0) {
            to.write(parts.segment());
        }
        if (memory || parts.hasOffset() || parts.hasImpliedAddress()) {
            to.write(EncodedParts.ADDRESS_SIZE);
        }
        to.write(parts.others());
        if (parts.vex()) {
            to.write(vex(head, through15));
        } else {
            int rex = (through15 ? 0x41 : 0) | (r8 ? 0x44 : 0);
            if (rex != 0) {
                to.write(rex);
            }
            to.write(head);
        }
        tail(r8, memory, through15);
        if (to.size() - from > LONGEST) {
            throw new NotRecodableException("is longer than 15 bytes with one more prefix");
        }
    }

    private void tail(boolean r8, boolean memory, boolean through15) {
        byte[] b = parts.bytes();
        int at = parts.tailAt();
        if (parts.hasOffset()) {
            offset(at);
            return;
        }
        int keep = r8 ? 0xc7 : 0xff;
        if (through15) {
            to.write(parts.modrm() & 0x38 & keep | 7);
            at += 1 + displacement16();
        } else if (memory && (parts.modrm() & 0xc7) == 5) {
            // Without a SIB byte it would be relative to RIP.
            to.write(parts.modrm() & keep & ~7 | 4, 0x25);
            at++;
        } else if (r8) {
            to.write(parts.modrm() & keep);
            at++;
        }
        byte[] rest = Arrays.copyOfRange(b, Math.min(at, b.length), b.length);
        if (REGISTER_IN_IMMEDIATE.contains(i.mnemonic())) {
            rest[rest.length - 1] &= 0x7f;
        }
        to.write(rest);
    }

    /** Four bytes of offset, be there two or four. */
    private void offset(int at) {
        byte[] b = parts.bytes();
        for (int k = 0; k < 4; k++) {
            to.write(at + k < b.length ? b[at + k] : 0);
        }
    }

    /** Head of a VEX instruction: bits that mean nothing in 32-bit code as that takes them. */
    private byte[] vex(byte[] head, boolean through15) {
        boolean size = W_IS_SIZE.contains(i.mnemonic()) || i.operands().stream().anyMatch(o -> o.kind == Operand.Kind.GPR);
        byte[] h = new byte[4];
        if (head[0] == (byte) 0xc5) {
            h[1] = (byte) 0xe1;
            h[2] = (byte) (head[1] & 0x7f);
            h[3] = head[2];
        } else {
            System.arraycopy(head, 0, h, 0, 4);
        }
        h[0] = (byte) 0xc4;
        h[1] |= (byte) 0xe0;
        if (through15) {
            h[1] &= ~0x20;
        }
        h[2] |= 0x40;
        if (size) {
            h[2] &= 0x7f;
        }
        return h;
    }

    // 16-bit addresses: SDM vol. 2, table 2-1.

    private int displacement16() {
        int mod = parts.modrm() >> 6;
        return mod == 1 ? 1 : mod == 2 || (parts.modrm() & 7) == 6 ? 2 : 0;
    }

    /** Loads the address into R15; neither LEA nor MOVZX changes flags. */
    private void address16() {
        int rm = parts.modrm() & 7;
        int n = displacement16();
        byte[] b = parts.bytes();
        int at = parts.tailAt() + 1;
        int displacement = n == 0 ? 0 : n == 1 ? b[at] : (short) (b[at] & 0xff | b[at + 1] << 8);
        int[] bases = {3, 3, 5, 5, 6, 7, 5, 3};
        to.write(0x44, 0x8d);
        if (rm < 4) {
            to.write(0xbc, 6 + (rm & 1) << 3 | bases[rm]);
        } else if (rm == 6 && parts.modrm() >> 6 == 0) {
            to.write(0x3c, 0x25);
        } else {
            to.write(0xb8 | bases[rm]);
        }
        to.write32(displacement);
        to.write(0x45, 0x0f, 0xb7, 0xff);
    }

    // Branches.

    private long target() {
        long t = next + i.op(0).value;
        return i.operandBits() == 16 ? t & 0xffff : t;
    }

    private void conditional() {
        to.write(0x0f, 0x80 | i.condition());
        to.displacement(target());
    }

    private void counted() throws NotRecodableException {
        if (parts.address16()) {
            throw new NotRecodableException("counts in CX");
        }
        // If it is taken, over the short jump.
        to.write(EncodedParts.ADDRESS_SIZE, parts.opcode(), 2, 0xeb, 5, 0xe9);
        to.displacement(target());
    }

    private boolean wide() {
        return i.operandBits() == 32;
    }

    /** Loads a register or memory operand of 16 or 32 bits into R8D, zero-extended. */
    private void loadOperand() throws NotRecodableException {
        EncodedParts whole = parts;
        parts = new EncodedParts(whole.bytes(), i, whole.segment(), new byte[0], whole.opcodeAt(), whole.tailAt());
        same(true, wide() ? new byte[] {(byte) 0x8b} : new byte[] {0x0f, (byte) 0xb7});
        parts = whole;
    }

    /** JMP R8: into the code by way of the oracle, which knows what has become of the address. */
    private void jumpToR8() {
        to.write(0x41, 0xff, 0xe0);
    }

    private void jump() throws NotRecodableException {
        if (i.op(0).kind == Operand.Kind.RELATIVE) {
            to.write(0xe9);
            to.displacement(target());
        } else {
            loadOperand();
            jumpToR8();
        }
    }

    private void call() throws NotRecodableException {
        boolean relative = i.op(0).kind == Operand.Kind.RELATIVE;
        if (!relative) {
            loadOperand();
        }
        storeConstant((int) next);
        if (relative) {
            to.write(0xe9);
            to.displacement(target());
        } else {
            jumpToR8();
        }
    }

    private void ret() {
        loadTop();
        int more = i.operandCount() > 0 ? (int) i.op(0).value & 0xffff : 0;
        moveStack(bytes() + more);
        jumpToR8();
    }

    // The stack.

    private int bytes() {
        return wide() ? 4 : 2;
    }

    private void size() {
        if (!wide()) {
            to.write(0x66);
        }
    }

    /** LEA ESP, [RSP + n] */
    private void moveStack(int n) {
        to.write(0x8d, 0xa4, 0x24);
        to.write32(n);
    }

    /** MOV R8D, [ESP], or MOVZX. */
    private void loadTop() {
        to.write(EncodedParts.ADDRESS_SIZE, 0x44);
        to.write(wide() ? new byte[] {(byte) 0x8b} : new byte[] {0x0f, (byte) 0xb7});
        to.write(0x04, 0x24);
    }

    /** MOV [ESP - n], register; then ESP moves down. */
    private void storeTop(int register) {
        to.write(EncodedParts.ADDRESS_SIZE);
        size();
        if (register >= 8) {
            to.write(0x44);
        }
        to.write(0x89, 0x44 | (register & 7) << 3, 0x24, -bytes());
        moveStack(-bytes());
    }

    private void storeConstant(int value) {
        to.write(EncodedParts.ADDRESS_SIZE);
        size();
        to.write(0xc7, 0x44, 0x24, -bytes());
        if (wide()) {
            to.write32(value);
        } else {
            to.write(value, value >> 8);
        }
        moveStack(-bytes());
    }

    private void push() throws NotRecodableException {
        Operand o = i.op(0);
        switch (o.kind) {
            case GPR -> storeTop(o.reg);
            case IMMEDIATE -> storeConstant((int) o.value);
            case MEMORY -> {
                loadOperand();
                storeTop(8);
            }
            default -> throw new NotRecodableException("does not exist in 64-bit code");
        }
    }

    private void pop() throws NotRecodableException {
        Operand o = i.op(0);
        loadTop();
        if (o.kind == Operand.Kind.GPR) {
            moveStack(bytes());
            size();
            to.write(0x44, 0x89, 0xc0 | o.reg);
            return;
        }
        if (!o.isMemory() || o.base == ESP) {
            throw new NotRecodableException("addresses memory by the new stack pointer");
        }
        // MOV r/m, R8
        same(true, new byte[] {(byte) 0x89});
        moveStack(bytes());
    }

    /** By way of a stack elsewhere: PUSHFQ; POP R8. */
    private void pushFlags() {
        to.write(0x49, 0x89, 0xe1, 0xbc);
        to.write32((int) stack);
        to.write(0x9c, 0x41, 0x58, 0x4c, 0x89, 0xcc);
        storeTop(8);
    }

    private void popFlags() {
        loadTop();
        // LEA R9D, [RSP + n]; PUSH R8 elsewhere; the last but one is POPF, as its trap comes behind the instruction that follows.
        to.write(0x44, 0x8d, 0x4c, 0x24, bytes(), 0xbc);
        to.write32((int) stack);
        to.write(0x41, 0x50);
        size();
        to.write(0x9d, 0x4c, 0x89, 0xcc);
    }

    private void leave() {
        // MOV R8D, [EBP] or MOVZX; LEA ESP, [RBP + n]; MOV EBP, R8D
        to.write(EncodedParts.ADDRESS_SIZE, 0x44);
        to.write(wide() ? new byte[] {(byte) 0x8b} : new byte[] {0x0f, (byte) 0xb7});
        to.write(0x45, 0);
        to.write(0x8d, 0x65, bytes());
        size();
        to.write(0x44, 0x89, 0xc0 | EBP);
    }
}
