package org.gearshift.tools.diverge;

import java.util.Arrays;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.cpu.VCpu;

/** A machine's RAM by linear address, as its processor sees it now; looked at without any effect. */
public final class GuestMemory {
    private static final int PAGE = 0x1000;

    private final VCpu cpu;
    private final byte[] ram;

    public GuestMemory(Machine m) {
        this.cpu = m.cpu();
        this.ram = m.ram().bytes();
    }

    /** A copy of the page that holds an address, or null if none is mapped there or it isn't RAM. */
    byte[] page(long linear) {
        long physical = cpu.physicalAddress(linear & -PAGE);
        return physical < 0 || physical + PAGE > ram.length ? null : Arrays.copyOfRange(ram, (int) physical, (int) physical + PAGE);
    }

    /** Bytes from an address on, fewer where they end. */
    public byte[] read(long linear, int count) {
        byte[] out = new byte[count];
        for (int i = 0; i < count; i++) {
            long physical = cpu.physicalAddress(linear + i);
            if (physical < 0 || physical >= ram.length) {
                return Arrays.copyOf(out, i);
            }
            out[i] = ram[(int) physical];
        }
        return out;
    }
}
