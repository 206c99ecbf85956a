package org.gearshift.tools.bench;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** A bare-metal image of peerbench, a boot sector that copies what follows to 1 MiB and jumps there, as an ELF program that starts the same way without a boot sector. */
final class BareImage {
    private static final int SECTOR = 512;
    private static final int START = 1 << 20;
    private static final int HEADER = 52;
    private static final int PROGRAM_HEADER = 32;
    private static final byte[] IDENTITY = {0x7f, 'E', 'L', 'F', 1, 1, 1};

    private BareImage() {
    }

    /** ELF-32, one segment (System V ABI, chapters 4 and 5). */
    static byte[] elf(byte[] image) {
        byte[] program = Arrays.copyOfRange(image, SECTOR, image.length);
        ByteBuffer b = ByteBuffer.allocate(HEADER + PROGRAM_HEADER + program.length).order(ByteOrder.LITTLE_ENDIAN);
        b.put(IDENTITY).position(16);
        // An executable for the 80386.
        b.putShort((short) 2).putShort((short) 3).putInt(1).putInt(START).putInt(HEADER).putInt(0).putInt(0);
        b.putShort((short) HEADER).putShort((short) PROGRAM_HEADER).putShort((short) 1).putShort((short) 40).putShort((short) 0).putShort((short) 0);
        // Loaded; readable, writable, executable.
        b.putInt(1).putInt(HEADER + PROGRAM_HEADER).putInt(START).putInt(START).putInt(program.length).putInt(program.length).putInt(7).putInt(1);
        return b.put(program).array();
    }
}
