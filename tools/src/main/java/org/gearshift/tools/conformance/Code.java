package org.gearshift.tools.conformance;

import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.decode.Instruction;

/**
 * Instructions to execute: they begin at {@code Layout.CODE + offset} and end where the next instruction would begin.
 *
 * @param bits 32 or 64
 */
record Code(int bits, byte[] bytes, int offset) {
    private static final long FLAT = X86Mode.FLAT_CS | X86Mode.FLAT_DS | X86Mode.FLAT_ES | X86Mode.FLAT_SS;
    private static final long FP = X86Mode.OSFXSR | X86Mode.OSXMMEXCPT | X86Mode.OSXSAVE | X86Mode.AVX | X86Mode.MP;

    Code(int bits, byte[] bytes) {
        this(bits, bytes, 0);
    }

    long start() {
        return Layout.CODE + offset;
    }

    long end() {
        return start() + bytes.length;
    }

    /** The instruction at an address, which may be cut off by the end of the code; null if the address is outside. */
    Instruction instructionAt(long ip) {
        if (ip < start() || ip >= end()) {
            return null;
        }
        int[] at = {(int) (ip - start())};
        return new Decoder().decode(() -> at[0] < bytes.length ? bytes[at[0]++] & 0xff : 0, mode(bits));
    }

    /** The instruction that ends at an address, decoded from the beginning of the code; null if there is none. */
    Instruction instructionBefore(long ip) {
        Instruction last = null;
        long at = start();
        while (at < ip && at < end()) {
            last = instructionAt(at);
            at += last.length();
        }
        return at == ip ? last : null;
    }

    /** {@link X86Mode} in which user code of so many bits is decoded. */
    static long mode(int bits) {
        return 3 | X86Mode.PROTECTED | X86Mode.STACK32 | FLAT | FP | (bits == 64 ? X86Mode.CODE64 : X86Mode.CODE32);
    }
}
