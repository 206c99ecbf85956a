package org.gearshift.tools.stage;

import java.util.ArrayList;
import java.util.List;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.disasm.Disassembler;

/**
 * A stretch of guest code to look at.
 *
 * @param image where its bytes are
 * @param start address of the first instruction
 * @param end address behind the last byte
 * @param codeSize 16, 32 or 64
 */
public record Code(CodeImage image, long start, long end, int codeSize) {
    private static final long FLAT = X86Mode.PROTECTED | X86Mode.FLAT_CS | X86Mode.FLAT_DS | X86Mode.FLAT_ES | X86Mode.FLAT_SS;
    private static final long FP = X86Mode.OSFXSR | X86Mode.OSXMMEXCPT | X86Mode.OSXSAVE | X86Mode.AVX | X86Mode.MP;

    /** An instruction where it stands. */
    public record Line(long address, byte[] bytes, Instruction instruction, String text) {
        long next() {
            return address + bytes.length;
        }
    }

    /** The processor mode code of a size is translated for: a kernel's, with flat segments, SSE and AVX in use. */
    public static long mode(int codeSize) {
        return FLAT | FP | switch (codeSize) {
            case 64 -> X86Mode.CODE64 | X86Mode.STACK32;
            case 32 -> X86Mode.CODE32 | X86Mode.STACK32;
            default -> 0;
        };
    }

    public long mode() {
        return mode(codeSize);
    }

    boolean holds(long address) {
        return address - start >= 0 && address - end < 0;
    }

    /** A byte, as the decoder reads them: beyond the end there is what makes no instruction longer. */
    int byteAt(long address) {
        int b = address - end < 0 ? image.byteAt(address) : -1;
        return b < 0 ? 0xff : b;
    }

    /** The instruction at an address; null if its bytes are not all there. */
    public Line line(long address) {
        int[] used = {0};
        Instruction i = new Decoder().decode(() -> byteAt(address + used[0]++), mode());
        if (address + i.length() - end > 0 || image.at(address) == null || image.byteAt(address + i.length() - 1) < 0) {
            return null;
        }
        byte[] bytes = new byte[i.length()];
        for (int k = 0; k < bytes.length; k++) {
            bytes[k] = (byte) byteAt(address + k);
        }
        return new Line(address, bytes, i, new Disassembler(mode()).format(i, address));
    }

    /** All instructions one behind the other, from the first; the last may be cut off, and is left out then. */
    public List<Line> lines() {
        List<Line> out = new ArrayList<>();
        for (long at = start; at - end < 0;) {
            Line l = line(at);
            if (l == null) {
                break;
            }
            out.add(l);
            at = l.next();
        }
        if (out.isEmpty()) {
            throw new InputException(image.name() + ": the bytes are no complete instruction");
        }
        return out;
    }
}
