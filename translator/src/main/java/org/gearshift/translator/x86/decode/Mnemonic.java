package org.gearshift.translator.x86.decode;

/** Mnemonics, one constant for each of the manual's; condition-coded families are one constant each. */
public enum Mnemonic {
    /** Bytes that are no instruction: raises #UD. */
    INVALID
}
