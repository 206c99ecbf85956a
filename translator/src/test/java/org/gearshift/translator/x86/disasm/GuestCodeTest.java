package org.gearshift.translator.x86.disasm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The code that guests consist of: every instruction has the length, name and operands that objdump gives it; of the first so many of each file, or with {@code -Dguest.instructions=2000000000} of whole files. */
class GuestCodeTest {
    private static final long INSTRUCTIONS = Long.getLong("guest.instructions", 250_000);

    @Test
    void i386Kernel() throws Exception {
        compare(Objdump.Machine.CODE32, Guests.kernel("686", "i386"), 1_500_000);
    }

    @Test
    void i386CLibrary() throws Exception {
        compare(Objdump.Machine.CODE32, Guests.file("libc6", "i386", "./lib/i386-linux-gnu/libc.so.6"), 300_000);
    }

    @Test
    void amd64Kernel() throws Exception {
        compare(Objdump.Machine.CODE64, Guests.kernel("amd64", "amd64"), 1_500_000);
    }

    @Test
    void amd64CLibrary() throws Exception {
        compare(Objdump.Machine.CODE64, Guests.file("libc6", "amd64", "./lib/x86_64-linux-gnu/libc.so.6"), 250_000);
    }

    @Test
    void i386Mathematics() throws Exception {
        compare(Objdump.Machine.CODE32, Guests.file("libc6", "i386", "./lib/i386-linux-gnu/libm.so.6"), 150_000);
    }

    @Test
    void amd64Mathematics() throws Exception {
        compare(Objdump.Machine.CODE64, Guests.file("libc6", "amd64", "./lib/x86_64-linux-gnu/libm.so.6"), 90_000);
    }

    @Test
    void i386Cryptography() throws Exception {
        compare(Objdump.Machine.CODE32, Guests.file("libssl3", "i386", "./usr/lib/i386-linux-gnu/libcrypto.so.3"), 700_000);
    }

    @Test
    void amd64Cryptography() throws Exception {
        compare(Objdump.Machine.CODE64, Guests.file("libssl3", "amd64", "./usr/lib/x86_64-linux-gnu/libcrypto.so.3"), 600_000);
    }

    private static void compare(Objdump.Machine machine, Path elf, long atLeast) throws Exception {
        DisassemblyComparison comparison = new DisassemblyComparison(machine);
        Objdump.elf(elf.toString(), machine,
                (address, bytes, offset, end, length, text) -> comparison.line(address, bytes, offset, end, length, text), INSTRUCTIONS);
        System.out.print(elf.getFileName() + " " + comparison);
        assertEquals("", comparison.failures());
        assertTrue(comparison.same() > Math.min(atLeast, INSTRUCTIONS * 9 / 10), comparison::toString);
    }
}
