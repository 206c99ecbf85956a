package org.gearshift.ir;

/**
 * The type of an IR value. Wherever a value lives in a 64-bit container (a state slot, an interpreter
 * register) an {@link #I32} value is kept sign-extended, exactly as Java widens an {@code int}.
 */
public enum Type {
    VOID("void", 0),
    I32("i32", 32),
    I64("i64", 64);

    private final String text;
    private final int bits;

    Type(String text, int bits) {
        this.text = text;
        this.bits = bits;
    }

    /** Width in bits; 0 for {@link #VOID}. */
    public int bits() {
        return bits;
    }

    @Override
    public String toString() {
        return text;
    }
}
