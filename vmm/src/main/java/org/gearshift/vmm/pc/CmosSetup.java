package org.gearshift.vmm.pc;

import org.gearshift.vmm.device.Mc146818;

/** What a BIOS setup program keeps in the battery-backed RAM (IBM PC/AT Technical Reference; the sizes above 64 MiB after SeaBIOS). */
final class CmosSetup {
    private static final int EQUIPMENT = 0x14;
    private static final int BASE_MEMORY = 0x15;
    private static final int EXTENDED_MEMORY = 0x17;
    private static final int EXTENDED_MEMORY_COPY = 0x30;
    private static final int MEMORY_ABOVE_16M = 0x34;
    private static final int MEMORY_ABOVE_4G = 0x5b;
    private static final int CPU_COUNT = 0x5f;
    /** Coprocessor and pointing device; no floppy drive, no display but what an option ROM brings. */
    private static final int EQUIPMENT_FPU_MOUSE = 0x06;
    private static final int BASE_KIB = 640;
    private static final long MIB = 1 << 20;

    private CmosSetup() {
    }

    /** Describes {@code memory} bytes of RAM from 0, {@code high} bytes from 4 GiB, and {@code cpus} processors. */
    static void write(Mc146818 rtc, long memory, long high, int cpus) {
        rtc.setRam(EQUIPMENT, EQUIPMENT_FPU_MOUSE);
        word(rtc, BASE_MEMORY, BASE_KIB);
        long extendedKib = Math.min(Math.max(0, memory - MIB) >>> 10, 0xffff);
        word(rtc, EXTENDED_MEMORY, extendedKib);
        word(rtc, EXTENDED_MEMORY_COPY, extendedKib);
        word(rtc, MEMORY_ABOVE_16M, Math.min(Math.max(0, memory - 16 * MIB) >>> 16, 0xffff));
        word(rtc, MEMORY_ABOVE_4G, high >>> 16);
        rtc.setRam(MEMORY_ABOVE_4G + 2, (int) (high >>> 32) & 0xff);
        rtc.setRam(CPU_COUNT, cpus - 1);
    }

    private static void word(Mc146818 rtc, int address, long value) {
        rtc.setRam(address, (int) value & 0xff);
        rtc.setRam(address + 1, (int) (value >>> 8) & 0xff);
    }
}
