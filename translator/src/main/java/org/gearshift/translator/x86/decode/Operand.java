package org.gearshift.translator.x86.decode;

/** One operand of a decoded {@link Instruction}. Immutable. */
public final class Operand {
    /** What an operand names. */
    public enum Kind {
        /** General register: {@link #reg} 0..15 in encoding order; 8-bit without REX: 4..7 are AH CH DH BH ({@link #highByte}). */
        GPR,
        /** Segment register, X86State order: ES CS SS DS FS GS. */
        SEGMENT,
        CONTROL,
        DEBUG,
        /** x87 stack register ST(reg). */
        ST,
        MMX,
        XMM,
        YMM,
        /** Memory {@code seg:[base + index * scale + disp]}. */
        MEMORY,
        /** Immediate {@link #value}, sign-extended to the operand size as the instruction does it. */
        IMMEDIATE,
        /** Branch target: {@link #value} is the displacement from the next instruction, sign-extended. */
        RELATIVE,
        /** Far pointer: {@link #value} is the offset, {@link #reg} the selector. */
        FAR_POINTER
    }

    public final Kind kind;
    /** Size of the datum in bits: 8, 16, 32, 48 (far pointer in memory), 64, 80, 128, 256; 0 where it has none (LEA, INVLPG, FXSAVE). */
    public final int bits;
    /** Register number, or selector of a far pointer. */
    public final int reg;
    /** True for AH CH DH BH; {@link #reg} is then 0..3, the register that contains it. */
    public final boolean highByte;
    /** Immediate, displacement of a branch, or offset of a far pointer. */
    public final long value;
    /** Memory: effective segment (override applied), X86State order. */
    public final int segment;
    /** Memory: base register 0..15, or -1; {@link #RIP_BASE} for RIP-relative. */
    public final int base;
    /** Memory: index register 0..15, or -1. */
    public final int index;
    /** Memory: 0, or 128 or 256 where {@link #index} is an XMM or YMM register of indices; {@link #bits} is the size of one element then. */
    public final int indexBits;
    /** Memory: 1, 2, 4 or 8. */
    public final int scale;
    /** Memory: displacement, sign-extended. */
    public final long disp;

    /** {@link #base} of a RIP-relative address. */
    public static final int RIP_BASE = 16;

    private Operand(Kind kind, int bits, int reg, boolean highByte, long value, int segment, int base, int index, int indexBits, int scale,
            long disp) {
        this.kind = kind;
        this.bits = bits;
        this.reg = reg;
        this.highByte = highByte;
        this.value = value;
        this.segment = segment;
        this.base = base;
        this.index = index;
        this.indexBits = indexBits;
        this.scale = scale;
        this.disp = disp;
    }

    public static Operand register(Kind kind, int bits, int reg) {
        return new Operand(kind, bits, reg, false, 0, 0, -1, -1, 0, 1, 0);
    }

    /** AH, CH, DH or BH: {@code reg} is 0..3. */
    public static Operand highByte(int reg) {
        return new Operand(Kind.GPR, 8, reg, true, 0, 0, -1, -1, 0, 1, 0);
    }

    public static Operand memory(int bits, int segment, int base, int index, int scale, long disp) {
        return new Operand(Kind.MEMORY, bits, 0, false, 0, segment, base, index, 0, scale, disp);
    }

    /** Memory at a vector of indices. */
    public static Operand gather(int bits, int segment, int base, int index, int indexBits, int scale, long disp) {
        return new Operand(Kind.MEMORY, bits, 0, false, 0, segment, base, index, indexBits, scale, disp);
    }

    public static Operand immediate(int bits, long value) {
        return new Operand(Kind.IMMEDIATE, bits, 0, false, value, 0, -1, -1, 0, 1, 0);
    }

    public static Operand relative(int bits, long displacement) {
        return new Operand(Kind.RELATIVE, bits, 0, false, displacement, 0, -1, -1, 0, 1, 0);
    }

    public static Operand farPointer(int bits, int selector, long offset) {
        return new Operand(Kind.FAR_POINTER, bits, selector, false, offset, 0, -1, -1, 0, 1, 0);
    }

    public boolean isMemory() {
        return kind == Kind.MEMORY;
    }
}
