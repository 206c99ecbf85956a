package org.gearshift.vmm.boot;

import java.util.ArrayList;
import java.util.List;
import org.gearshift.paging.GuestRam;

/** The physical memory map firmware reports: what a PC with this much RAM has, above 4 GiB too where it is too much for below the PCI hole. */
public final class MemoryMap {
    /** Types of ACPI 6.4 table 15.4. */
    public static final int USABLE = 1;
    public static final int RESERVED = 2;

    /** End of conventional memory: the extended BIOS data area follows. */
    public static final long LOW_END = 0x9fc00;
    /** Start of extended memory. */
    public static final long HIGH_START = 0x100000;

    /** One range: {@code [start, start + length)}. */
    public record Range(long start, long length, int type) {
    }

    private final List<Range> ranges = new ArrayList<>();

    /** @param ramBytes size of RAM: {@link GuestRam} says where it is */
    public MemoryMap(long ramBytes) {
        long end = GuestRam.span(ramBytes);
        long lowEnd = end > ramBytes ? GuestRam.HOLE_START : ramBytes;
        ranges.add(new Range(0, LOW_END, USABLE));
        ranges.add(new Range(LOW_END, 0xa0000 - LOW_END, RESERVED));
        ranges.add(new Range(0xe0000, HIGH_START - 0xe0000, RESERVED));
        ranges.add(new Range(HIGH_START, lowEnd - HIGH_START, USABLE));
        ranges.add(new Range(0xfec00000L, 0x1000, RESERVED));
        ranges.add(new Range(0xfee00000L, 0x1000, RESERVED));
        if (end > GuestRam.HIGH_START) {
            ranges.add(new Range(GuestRam.HIGH_START, end - GuestRam.HIGH_START, USABLE));
        }
    }

    public List<Range> ranges() {
        return ranges;
    }
}
