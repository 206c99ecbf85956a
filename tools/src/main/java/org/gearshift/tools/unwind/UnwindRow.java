package org.gearshift.tools.unwind;

import java.util.Map;

/**
 * A row of the table that an entry stands for: rules that hold from an address to the next row's (DWARF 5, section 6.4.1).
 *
 * @param from address as linked
 * @param cfa null if nothing has been said
 * @param registers by number; of the others nothing is said
 */
record UnwindRow(long from, UnwindRule cfa, Map<Integer, UnwindRule> registers) {
    /** Numbers of registers are below that: no processor has more. */
    static final int REGISTERS = 1 << 8;
}
