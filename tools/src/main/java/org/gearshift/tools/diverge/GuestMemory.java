package org.gearshift.tools.diverge;

import java.util.Arrays;
import org.gearshift.paging.GuestRam;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.cpu.VCpu;

/** A machine's RAM by linear address, as its processor sees it now; looked at without any effect. */
public final class GuestMemory {
    private static final int PAGE = 0x1000;
    private static final int PAGE_SHIFT = 12;

    private final VCpu cpu;
    private final GuestRam ram;

    public GuestMemory(Machine m) {
        this.cpu = m.cpu();
        this.ram = m.ram();
    }

    /** A copy of the page that holds an address, or null if none is mapped there or it isn't RAM. */
    byte[] page(long linear) {
        long physical = cpu.physicalAddress(linear & -PAGE);
        if (!isRam(physical)) {
            return null;
        }
        byte[] page = new byte[PAGE];
        for (int i = 0; i < PAGE; i++) {
            page[i] = (byte) ram.get8(physical + i);
        }
        return page;
    }

    private boolean isRam(long physical) {
        return physical >= 0 && physical < ram.end() && !ram.inHole(physical >>> PAGE_SHIFT);
    }

    /** Bytes from an address on, fewer where they end. */
    public byte[] read(long linear, int count) {
        byte[] out = new byte[count];
        for (int i = 0; i < count; i++) {
            long physical = cpu.physicalAddress(linear + i);
            if (!isRam(physical)) {
                return Arrays.copyOf(out, i);
            }
            out[i] = (byte) ram.get8(physical);
        }
        return out;
    }
}
