package org.gearshift.tools.conformance;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;

/**
 * 32-bit code written anew as 64-bit code that does the same with the same general registers, flags, vector registers and memory, for processors
 * on which nothing but 64-bit code can be run. It stands at {@link Layout#RECODED}; each instruction, however many it has become, belongs to the
 * address it had. Registers R8 to R15 are its own. What segment limits do is not the same: there are none.
 */
final class Recoding {
    /** JMP through an address that is an absolute 32-bit number. */
    private static final byte[] JUMP_THROUGH = {(byte) 0xff, 0x24, 0x25};
    private static final int EXIT_BYTES = 6;

    /** A 32-bit displacement to be filled in: where it is, and the address it leads to, in the code as it was. */
    private record Displacement(int at, long target) {
    }

    private final Code code;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final List<Displacement> displacements = new ArrayList<>();
    /** Offsets in the recoded code by addresses of instructions. */
    private final TreeMap<Long, Integer> places = new TreeMap<>();
    private byte[] bytes;

    private Recoding(Code code) {
        this.code = code;
    }

    /**
     * @param exitPointer address of the pointer through which the end of the code leads back
     * @param stack address behind some bytes of stack that the code can use for its own purposes
     * @throws NotRecodableException if some instruction has no 64-bit code that does the same
     */
    static Recoding of(Code code, long exitPointer, long stack) throws NotRecodableException {
        Recoding r = new Recoding(code);
        Recoder recoder = new Recoder(r, stack);
        int[] at = {0};
        Decoder decoder = new Decoder();
        byte[] all = code.bytes();
        while (at[0] < all.length) {
            int from = at[0];
            Instruction i = decoder.decode(() -> at[0] < all.length ? all[at[0]++] & 0xff : 0, Code.mode(code.bits()));
            if (i.mnemonic() == Mnemonic.INVALID || i.mnemonic() == Mnemonic.TOO_LONG) {
                throw new NotRecodableException("is cut off by the end of the code, or no instruction");
            }
            if (from + i.length() > all.length) {
                throw new NotRecodableException("is cut off by the end of the code, or no instruction");
            }
            at[0] = from + i.length();
            r.places.put(code.start() + from, r.out.size());
            recoder.write(Arrays.copyOfRange(all, from, at[0]), i, code.start() + at[0]);
        }
        r.end(exitPointer);
        return r;
    }

    private void end(long exitPointer) throws NotRecodableException {
        places.put(code.end(), out.size());
        if (code.offset() + code.bytes().length + EXIT_BYTES <= Layout.CODE_BYTES) {
            write(JUMP_THROUGH);
            write32((int) exitPointer);
        } else {
            // The code runs on to where no page is.
            write(0xe9);
            displacement(Layout.CODE + Layout.CODE_BYTES);
        }
        bytes = out.toByteArray();
        if (bytes.length > Layout.RECODED_BYTES) {
            throw new NotRecodableException("is part of a sequence that becomes too long");
        }
        ByteBuffer b = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (Displacement d : displacements) {
            b.putInt(d.at, (int) (address(d.target) - (Layout.RECODED + d.at + 4)));
        }
    }

    /** Where a branch to an address of the code leads; to others it leads as it is. */
    private long address(long target) throws NotRecodableException {
        Integer place = places.get(target);
        if (place != null) {
            return Layout.RECODED + place;
        }
        if (target >= code.start() && target < code.end()) {
            throw new NotRecodableException("leads into the middle of an instruction");
        }
        return target;
    }

    void write(int... values) {
        for (int v : values) {
            out.write(v);
        }
    }

    void write(byte[] values) {
        out.writeBytes(values);
    }

    void write32(int v) {
        for (int k = 0; k < 4; k++) {
            out.write(v >> 8 * k);
        }
    }

    int size() {
        return out.size();
    }

    /** Four bytes that lead to an address of the code, or elsewhere. */
    void displacement(long target) {
        displacements.add(new Displacement(out.size(), target & 0xffff_ffffL));
        write32(0);
    }

    /** The 64-bit code, to stand at {@link Layout#RECODED}. */
    byte[] bytes() {
        return bytes;
    }

    /** Pairs of offsets: from {@link Layout#CODE} that of an instruction, from {@link Layout#RECODED} that of what it has become; in order. */
    Map<Long, Integer> places() {
        return places;
    }

    /** The address of the instruction that the one at an address has been made from; others as they are. */
    long original(long ip) {
        if (ip < Layout.RECODED || ip >= Layout.RECODED + bytes.length) {
            return ip;
        }
        long address = code.start();
        for (Map.Entry<Long, Integer> e : places.entrySet()) {
            if (Layout.RECODED + e.getValue() <= ip) {
                address = e.getKey();
            }
        }
        return address;
    }
}
