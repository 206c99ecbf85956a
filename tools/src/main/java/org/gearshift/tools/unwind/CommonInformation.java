package org.gearshift.tools.unwind;

/**
 * A common information entry (CIE): what the frame descriptions of many functions share (DWARF 5, section 6.4.1; LSB Core 5.0, "The Common Information Entry Format").
 *
 * @param codeAlign bytes that advances of the location are counted in
 * @param dataAlign bytes that offsets are counted in; negative where stacks grow down
 * @param returnColumn number of the register that stands for the return address
 * @param encoding of the descriptions' pointers
 * @param sized whether each description says how long its augmentation is ({@code z})
 * @param signal whether functions have not called but were interrupted by a signal ({@code S})
 * @param program instructions for the first row
 */
record CommonInformation(long codeAlign, long dataAlign, int returnColumn, int encoding, boolean sized, boolean signal, FrameBytes program) {
    private static final int LONGEST_AUGMENTATION = 16;

    /**
     * Reads one.
     *
     * @param in behind the number that tells it from a frame description
     */
    static CommonInformation read(FrameBytes in, PointerEncoding.Bases bases) throws CallFrameException {
        int version = in.u8();
        if (version < 1 || version == 2 || version > 4) {
            throw new CallFrameException("a CIE of the unknown version " + version);
        }
        String augmentation = in.text(LONGEST_AUGMENTATION);
        if (version == 4) {
            int word = in.u8();
            int segment = in.u8();
            if (word != bases.word() || segment != 0) {
                throw new CallFrameException(String.format("a CIE for addresses of %d bytes and segment selectors of %d", word, segment));
            }
        }
        if (augmentation.equals("eh")) {
            // Compilers before gcc 3: a pointer for exceptions.
            in.skip(bases.word());
        }
        long codeAlign = in.uleb();
        long dataAlign = in.sleb();
        long column = version == 1 ? in.u8() : in.uleb();
        if (column < 0 || column >= UnwindRow.REGISTERS) {
            throw new CallFrameException("a CIE with the return address in register " + Long.toUnsignedString(column));
        }
        boolean sized = augmentation.startsWith("z");
        if (!sized && !augmentation.isEmpty() && !augmentation.equals("eh")) {
            throw new CallFrameException("a CIE with the unknown augmentation '" + printable(augmentation) + "'");
        }
        int encoding = PointerEncoding.ABSOLUTE;
        boolean signal = false;
        if (sized) {
            FrameBytes data = in.part(in.uleb());
            for (char c : augmentation.substring(1).toCharArray()) {
                switch (c) {
                    case 'R' -> encoding = data.u8();
                    case 'L' -> data.u8();
                    case 'P' -> personality(data, bases);
                    case 'S' -> signal = true;
                    default -> throw new CallFrameException("a CIE with the unknown augmentation '" + printable(augmentation) + "'");
                }
            }
        }
        return new CommonInformation(codeAlign, dataAlign, (int) column, encoding, sized, signal, in);
    }

    /** The function that a language handles exceptions with, which nobody asks for here. */
    private static void personality(FrameBytes data, PointerEncoding.Bases bases) throws CallFrameException {
        int encoding = data.u8();
        if (encoding != PointerEncoding.OMITTED) {
            PointerEncoding.pointer(data, encoding, bases, 0);
        }
    }

    private static String printable(String text) {
        return text.replaceAll("[^ -~]", "?");
    }
}
