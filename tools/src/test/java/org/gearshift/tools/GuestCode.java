package org.gearshift.tools;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Kernels of a few instructions, as ELF files. */
final class GuestCode {
    private static final int ENTRY = 0x100000;
    private static final int OFFSET = 0x1000;

    private GuestCode() {
    }

    /** 32-bit code, loaded and entered at 1 MiB. */
    static byte[] elf(int... code) {
        byte[] file = new byte[OFFSET + code.length];
        ByteBuffer b = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(0, 0x464c457f).put(4, (byte) 1).put(5, (byte) 1).put(6, (byte) 1).putShort(16, (short) 2).putShort(18, (short) 3);
        b.putInt(24, ENTRY).putInt(28, 52).putShort(42, (short) 32).putShort(44, (short) 1);
        b.putInt(52, 1).putInt(56, OFFSET).putInt(60, ENTRY).putInt(64, ENTRY).putInt(68, code.length).putInt(72, code.length);
        for (int i = 0; i < code.length; i++) {
            file[OFFSET + i] = (byte) code[i];
        }
        return file;
    }
}
