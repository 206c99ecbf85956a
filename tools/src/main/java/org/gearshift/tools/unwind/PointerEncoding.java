package org.gearshift.tools.unwind;

/** How pointers are written in {@code .eh_frame}: a byte of which the lower half says how long they are and the upper what they are relative to (LSB Core 5.0, "DWARF Exception Header Encoding"). */
final class PointerEncoding {
    static final int ABSOLUTE = 0;
    static final int OMITTED = 0xff;

    private static final int FORMAT = 0x0f;
    private static final int RELATIVE = 0x70;
    private static final int PC_RELATIVE = 0x10;
    private static final int TEXT_RELATIVE = 0x20;
    private static final int DATA_RELATIVE = 0x30;
    private static final int FUNCTION_RELATIVE = 0x40;
    private static final int ALIGNED = 0x50;

    /**
     * What pointers may be relative to.
     *
     * @param section address of the section they are in
     * @param text that of {@code .text}
     * @param data that of the global offset table
     * @param wide whether addresses have 64 bits
     */
    record Bases(long section, long text, long data, boolean wide) {
        int word() {
            return wide ? Long.BYTES : Integer.BYTES;
        }

        /** An address of as many bits as there are. */
        long address(long a) {
            return wide ? a : a & 0xffffffffL;
        }
    }

    private PointerEncoding() {
    }

    /**
     * Reads a pointer. Where it leads to a place with the pointer ({@code DW_EH_PE_indirect}), that place is the result.
     *
     * @param function address of the function that the entry is for, 0 if there is none yet
     */
    static long pointer(FrameBytes in, int encoding, Bases bases, long function) throws CallFrameException {
        if ((encoding & RELATIVE) == ALIGNED) {
            long here = bases.section + in.position();
            in.skip(-here & bases.word() - 1);
            return in.unsigned(bases.word());
        }
        long here = bases.section + in.position();
        long v = number(in, encoding, bases);
        return bases.address(v + switch (encoding & RELATIVE) {
            case ABSOLUTE -> 0;
            case PC_RELATIVE -> here;
            case TEXT_RELATIVE -> bases.text;
            case DATA_RELATIVE -> bases.data;
            case FUNCTION_RELATIVE -> function;
            default -> throw unknown(encoding, in);
        });
    }

    /** The same without what it is relative to: a length. */
    static long number(FrameBytes in, int encoding, Bases bases) throws CallFrameException {
        return switch (encoding & FORMAT) {
            case 0x0 -> in.unsigned(bases.word());
            case 0x1 -> in.uleb();
            case 0x2 -> in.unsigned(2);
            case 0x3 -> in.unsigned(4);
            case 0x4, 0xc -> in.unsigned(8);
            case 0x8 -> in.signed(bases.word());
            case 0x9 -> in.sleb();
            case 0xa -> in.signed(2);
            case 0xb -> in.signed(4);
            default -> throw unknown(encoding, in);
        };
    }

    private static CallFrameException unknown(int encoding, FrameBytes in) {
        return new CallFrameException(String.format("at 0x%x a pointer of the unknown encoding 0x%02x", in.position(), encoding));
    }
}
