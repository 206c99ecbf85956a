package org.gearshift.ir;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/**
 * The one table of IR operations: argument and result types, and what each operation may do besides
 * computing its result. Verifier, printer, parser, passes, interpreter and backend all read it.
 *
 * <p>Signature letters: {@code T} the instruction's own type ({@link Insn#type()}), {@code i} I32,
 * {@code l} I64, {@code A} a guest address (I32 or I64), {@code v} nothing, {@code *} given by the
 * {@link Helper} or call site.
 */
public enum Op {
    /** {@code imm} as a value of the instruction's type. */
    CONST("", 'T'),
    /** Value of state slot {@code imm}; I32 reads the low half. */
    GET("", 'T', Trait.READS_STATE),
    /** Writes state slot {@code imm}; an I32 value is stored sign-extended. */
    PUT("T", 'v', Trait.WRITES_STATE),

    ADD("TT", 'T'),
    SUB("TT", 'T'),
    MUL("TT", 'T'),
    AND("TT", 'T'),
    OR("TT", 'T'),
    XOR("TT", 'T'),
    /** Shifts and rotates use the count modulo the width of the type, as Java does. */
    SHL("Ti", 'T'),
    SHR("Ti", 'T'),
    SAR("Ti", 'T'),
    ROTL("Ti", 'T'),
    ROTR("Ti", 'T'),
    NEG("T", 'T'),
    NOT("T", 'T'),
    /** High 64 bits of the unsigned 128-bit product. */
    MULHU("ll", 'l'),
    /** High 64 bits of the signed 128-bit product. */
    MULHS("ll", 'l'),

    /** Sign- or zero-extension of the low 8 or 16 bits within the type. */
    SEXT8("T", 'T'),
    SEXT16("T", 'T'),
    ZEXT8("T", 'T'),
    ZEXT16("T", 'T'),
    SEXT32("i", 'l'),
    ZEXT32("i", 'l'),
    TRUNC("l", 'i'),

    /** Comparisons: 1 or 0 as I32. The instruction's type is that of the operands. */
    EQ("TT", 'i'),
    NE("TT", 'i'),
    SLT("TT", 'i'),
    SLE("TT", 'i'),
    ULT("TT", 'i'),
    ULE("TT", 'i'),
    /** {@code a != 0 ? b : c}. */
    SELECT("iTT", 'T'),

    BSWAP("T", 'T'),
    /** Leading zeros, trailing zeros (width of the type when the operand is 0), ones; as a value of the type. */
    CLZ("T", 'T'),
    CTZ("T", 'T'),
    POPCNT("T", 'T'),
    /** 1 if the low byte has an even number of ones, else 0. */
    PARITY("i", 'i'),
    /**
     * Carry vector of {@code res = a + b (+ carry)} at width {@code imm} (8, 16, 32 or 64 bits), folded
     * into 32 bits: with {@code c = (a & b) | ((a | b) & ~res)}, bit 31 is c[width-1] (the carry), bit 30 is c[width-2],
     * bit 3 is c[3]; all other bits are 0. Bits of the operands above the width are ignored.
     */
    AUX_ADD("TTT", 'i'),
    /** The same for {@code res = a - b (- borrow)}: {@code c = (~a & b) | ((~a | b) & res)}. */
    AUX_SUB("TTT", 'i'),

    /** Loads {@code imm} bits (8, 16, 32 zero-extended to I32; 64 as I64) at a linear guest address. */
    LOAD("A", '*', Trait.READS_MEMORY, Trait.MAY_FAULT),
    /** A load whose location is stored to by the same guest instruction: it faults as a write does. */
    LOAD_RMW("A", '*', Trait.READS_MEMORY, Trait.MAY_FAULT),
    /** Stores the low {@code imm} bits of a value (I32 for 8..32, I64 for 64) at a linear guest address. */
    STORE("A*", 'v', Trait.WRITES_MEMORY, Trait.MAY_FAULT),
    /**
     * Faults unless the bytes {@code offset .. offset + size - 1} lie within a segment: passes when the
     * zero-extended offset plus size - 1 is, as a signed 64-bit number, at most the value of the limit slot; otherwise
     * {@link GuestContext#segmentCheckSlow} decides. {@code imm} is packed by {@link Insn#segCheck}.
     */
    SEGCHECK("A", 'v', Trait.READS_STATE, Trait.MAY_FAULT),

    /** Calls the instruction's {@link Helper}; effects are the helper's. */
    CALL("*", '*'),
    /**
     * Leaves for the monitor: service {@code imm} with up to three arguments (I32 or I64), result I64. All state
     * is in its slots while the monitor runs, the pc slot holds the address of the current guest instruction, and
     * any slot may have changed afterwards.
     */
    VMCALL("*", 'l', Trait.READS_STATE, Trait.WRITES_STATE, Trait.READS_MEMORY, Trait.WRITES_MEMORY, Trait.MAY_FAULT),

    /** Start of the guest instruction at pc {@code imm}; everything up to the next mark belongs to it. */
    MARK("", 'v', Trait.BOUNDARY);

    /** What an operation may do besides computing its result. */
    public enum Trait {
        READS_STATE,
        WRITES_STATE,
        READS_MEMORY,
        WRITES_MEMORY,
        /** May raise a guest fault: every state slot must be exact as of the previous guest instruction. */
        MAY_FAULT,
        /** Delimits guest instructions. */
        BOUNDARY
    }

    private final String args;
    private final char result;
    private final Set<Trait> traits;
    private final boolean pure;
    private final boolean mayFault;

    Op(String args, char result, Trait... traits) {
        this.args = args;
        this.result = result;
        this.traits = traits.length == 0 ? EnumSet.noneOf(Trait.class) : EnumSet.of(traits[0], traits);
        this.pure = !name().equals("CALL") && (traits.length == 0 || name().equals("GET"));
        this.mayFault = this.traits.contains(Trait.MAY_FAULT);
    }

    /** Argument signature, a letter per argument; see the class comment. */
    public String argSignature() {
        return args;
    }

    /** Result signature letter; see the class comment. */
    public char resultSignature() {
        return result;
    }

    public boolean has(Trait t) {
        return traits.contains(t);
    }

    /** The same as {@code has(Trait.MAY_FAULT)}. */
    public boolean mayFault() {
        return mayFault;
    }

    /** True if an unused result makes the whole instruction removable. */
    public boolean isPure() {
        return pure;
    }

    /** The spelling in IR text. */
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '.');
    }
}
