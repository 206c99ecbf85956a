package org.gearshift.vmm.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.gearshift.paging.GuestRam;

/** A machine's memory and what a loader made of it. */
final class Boot {
    static final long RSDP = 0xe0000;

    final GuestRam ram;
    BootState state;

    Boot(long mib) {
        ram = new GuestRam(mib << 20);
    }

    Boot load(byte[] kernel, byte[] initrd, String commandLine) throws BootException {
        // Memory is not zero when a loader comes to it.
        ram.fill(0x1000, 0x8e000, 0xa5);
        state = KernelLoader.load(new KernelImage("kernel", kernel), initrd, "disk", commandLine, ram, RSDP);
        return this;
    }

    Boot load(byte[] kernel) throws BootException {
        return load(kernel, new byte[0], "");
    }

    /** Loading fails with one line that contains {@code expected}. */
    static void refused(String expected, byte[] kernel, byte[] initrd, String commandLine, long mib) {
        BootException e = assertThrows(BootException.class, () -> new Boot(mib).load(kernel, initrd, commandLine), expected);
        assertTrue(e.getMessage().contains(expected), () -> "said: " + e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }

    static void refused(String expected, byte[] kernel) {
        refused(expected, kernel, new byte[0], "", 64);
    }

    String text(long at) {
        StringBuilder b = new StringBuilder();
        for (long p = at; ram.get8(p) != 0; p++) {
            b.append((char) ram.get8(p));
        }
        return b.toString();
    }

    byte[] bytes(long at, int n) {
        byte[] b = new byte[n];
        for (int i = 0; i < n; i++) {
            b[i] = (byte) ram.get8(at + i);
        }
        return b;
    }

    boolean zero(long at, int n) {
        for (int i = 0; i < n; i++) {
            if (ram.get8(at + i) != 0) {
                return false;
            }
        }
        return true;
    }

    /** The selectors of the state name flat 4 GiB segments in the GDT that was left behind. */
    void assertFlatSegments() {
        assertEquals(0x00cf9b000000ffffL, ram.get64(state.gdt() + state.code()));
        assertEquals(0x00cf93000000ffffL, ram.get64(state.gdt() + state.data()));
        assertEquals(0, ram.get64(state.gdt()));
        assertTrue(state.gdtLimit() >= state.data() + 7);
    }

    /** The selectors name 64-bit code and flat data, and page tables are left behind that map the lowest 4 GiB to themselves. */
    void assertStartsIn64BitMode() {
        assertEquals(0x00af9b000000ffffL, ram.get64(state.gdt() + state.code()));
        assertEquals(0x00cf93000000ffffL, ram.get64(state.gdt() + state.data()));
        for (long va : new long[] {0, 0x1000, 0x23456789L, 0x7fe00000, 0xffffffffL}) {
            long pointer = ram.get64(state.pageTables() + (va >>> 39 & 511) * 8);
            long directory = ram.get64((pointer & ~0xfffL) + (va >>> 30 & 511) * 8);
            long entry = ram.get64((directory & ~0xfffL) + (va >>> 21 & 511) * 8);
            assertEquals(3, pointer & 0xfff, "present and writable");
            assertEquals(3, directory & 0xfff, "present and writable");
            assertEquals(va & -0x200000L | 0x83, entry, "present and writable, 2 MiB");
        }
        assertEquals(0, ram.get64(state.pageTables() + 8), "above 512 GiB");
        assertEquals(0, ram.get64((ram.get64(state.pageTables()) & ~0xfffL) + 32), "above 4 GiB");
    }

    static byte[] disk(int bytes) {
        return "initial RAM disk".repeat(bytes / 16 + 1).substring(0, bytes).getBytes(StandardCharsets.US_ASCII);
    }
}
