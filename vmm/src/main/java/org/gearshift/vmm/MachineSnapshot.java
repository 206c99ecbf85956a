package org.gearshift.vmm;

import java.util.Arrays;
import java.util.List;
import org.gearshift.paging.GuestRam;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.vmm.debug.TimeMachine;

/**
 * A state of a machine in memory. Pages that are the same in two of them exist once.
 *
 * @param counts instructions that each processor had retired
 * @param devices what processors and devices have saved
 * @param marks states of what else changes
 * @param pages contents of each frame
 */
record MachineSnapshot(long[] counts, byte[] devices, List<Object> marks, byte[][] pages) implements TimeMachine.Snapshot {
    private static final byte[] ZEROES = new byte[GuestRam.FRAME_SIZE];

    /** The pages of a machine, those of another snapshot where they are the same. */
    static MachineSnapshot of(long[] counts, byte[] devices, List<Object> marks, GuestRam ram, MachineSnapshot like) {
        byte[] now = new byte[GuestRam.FRAME_SIZE];
        byte[][] pages = new byte[ram.frames()][];
        for (int i = 0; i < pages.length; i++) {
            ram.copyOut((long) i * GuestRam.FRAME_SIZE, now, 0, GuestRam.FRAME_SIZE);
            byte[] known = like == null ? ZEROES : like.pages[i];
            if (Arrays.equals(now, known)) {
                pages[i] = known;
            } else if (like != null && Arrays.equals(now, ZEROES)) {
                pages[i] = ZEROES;
            } else {
                pages[i] = now.clone();
            }
        }
        return new MachineSnapshot(counts, devices, marks, pages);
    }

    @Override
    public long retired() {
        return Arrays.stream(counts).sum();
    }

    @Override
    public long retired(int cpu) {
        return counts[cpu];
    }

    @Override
    public long bytesBeyond(TimeMachine.Snapshot earlier) {
        byte[][] others = earlier == null ? null : ((MachineSnapshot) earlier).pages;
        long own = devices.length + (long) pages.length * Integer.BYTES;
        for (int i = 0; i < pages.length; i++) {
            if (pages[i] != (others == null ? ZEROES : others[i])) {
                own += GuestRam.FRAME_SIZE;
            }
        }
        return own;
    }

    /** Puts the pages back, as a device would write them: what was derived from their old contents goes. */
    void restorePages(PhysicalMemory memory) {
        byte[] now = new byte[GuestRam.FRAME_SIZE];
        for (int i = 0; i < pages.length; i++) {
            long at = (long) i * GuestRam.FRAME_SIZE;
            memory.ram().copyOut(at, now, 0, GuestRam.FRAME_SIZE);
            if (!Arrays.equals(now, pages[i])) {
                memory.copyIn(at, pages[i], 0, GuestRam.FRAME_SIZE);
            }
        }
    }
}
