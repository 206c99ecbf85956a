package org.gearshift.tools.unwind;

/**
 * A frame description entry (FDE): how to get from anywhere in a piece of code to its caller (DWARF 5, section 6.4.1; LSB Core 5.0, "The Frame Description Entry Format").
 *
 * @param at offset in its section
 * @param from first address of the code
 * @param length bytes of code
 * @param program instructions for the rows
 */
record FrameDescription(int at, CommonInformation common, long from, long length, FrameBytes program) {
    boolean holds(long address) {
        return Long.compareUnsigned(address - from, length) < 0;
    }
}
