package org.gearshift.vmm;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import java.util.zip.Checksum;
import org.gearshift.paging.GuestRam;
import org.gearshift.translator.x86.X86State;

/** Short names for states of a machine, by which runs are compared. */
final class MachineState {
    private MachineState() {
    }

    /** A checksum of the processors' registers: cheap enough for some hundred times a second. */
    static int checksum(List<? extends Processor> processors) {
        CRC32C sum = new CRC32C();
        for (Processor p : processors) {
            sum.update(bytes(p).flip());
        }
        return (int) sum.getValue();
    }

    private static ByteBuffer bytes(Processor p) {
        ByteBuffer b = ByteBuffer.allocate(X86State.LAYOUT.slotCount() * Long.BYTES + 1);
        for (int slot = 0; slot < X86State.LAYOUT.slotCount(); slot++) {
            b.putLong(p.cpu.s[slot]);
        }
        return b.put((byte) (p.cpu.halted ? 1 : 0));
    }

    /**
     * SHA-256, in hexadecimal, over registers and two checksums of each page of memory: these are fast where SHA-256 of all of it would take longer than many a run. Pages of
     * zeroes are passed over: memory nobody has used costs little.
     */
    static String hash(GuestRam ram, List<? extends Processor> processors) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has it", e);
        }
        for (Processor p : processors) {
            digest.update(bytes(p).flip());
        }
        byte[] page = new byte[GuestRam.FRAME_SIZE];
        byte[] zeroes = new byte[GuestRam.FRAME_SIZE];
        ByteBuffer entry = ByteBuffer.allocate(3 * Integer.BYTES);
        CRC32 first = new CRC32();
        CRC32C second = new CRC32C();
        for (int frame = 0; frame < ram.frames(); frame++) {
            if (ram.inHole(frame)) {
                continue;
            }
            ram.copyOut((long) frame * GuestRam.FRAME_SIZE, page, 0, page.length);
            if (!Arrays.equals(page, zeroes)) {
                digest.update(entry.clear().putInt(frame).putInt(checksum(first, page)).putInt(checksum(second, page)).flip());
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static int checksum(Checksum sum, byte[] page) {
        sum.reset();
        sum.update(page, 0, page.length);
        return (int) sum.getValue();
    }
}
