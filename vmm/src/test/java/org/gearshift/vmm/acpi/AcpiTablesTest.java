package org.gearshift.vmm.acpi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.gearshift.testing.Prerequisite;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AcpiTablesTest {
    private final byte[] block = AcpiTables.build(2);
    private final ByteBuffer memory = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);

    private int dword(int address) {
        return memory.getInt(address - AcpiTables.BASE);
    }

    private String signature(int address, int length) {
        return new String(block, address - AcpiTables.BASE, length, StandardCharsets.US_ASCII);
    }

    private int sum(int address, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += block[address - AcpiTables.BASE + i];
        }
        return sum & 0xff;
    }

    private byte[] table(int address) {
        int at = address - AcpiTables.BASE;
        return Arrays.copyOfRange(block, at, at + dword(address + 4));
    }

    private int fadt() {
        return dword(dword(AcpiTables.BASE + 16) + 36);
    }

    private int madt() {
        return dword(dword(AcpiTables.BASE + 16) + 40);
    }

    @Test
    void theRootPointerHasBothChecksums() {
        assertEquals("RSD PTR ", signature(AcpiTables.BASE, 8));
        assertEquals(0, sum(AcpiTables.BASE, 20));
        assertEquals(0, sum(AcpiTables.BASE, 36));
    }

    @Test
    void everyTableSumsToZeroAndBothRootsAgree() {
        int rsdt = dword(AcpiTables.BASE + 16);
        int xsdt = dword(AcpiTables.BASE + 24);
        assertEquals("RSDT", signature(rsdt, 4));
        assertEquals("XSDT", signature(xsdt, 4));
        assertEquals(dword(rsdt + 36), dword(xsdt + 36));
        assertEquals(dword(rsdt + 40), dword(xsdt + 44));
        int dsdt = dword(fadt() + 40);
        assertEquals("DSDT", signature(dsdt, 4));
        for (int table : new int[] {rsdt, xsdt, fadt(), madt(), dsdt}) {
            assertEquals(0, sum(table, dword(table + 4)), signature(table, 4));
        }
    }

    @Test
    void theFadtNamesTheFixedHardware() {
        int fadt = fadt();
        assertEquals("FACP", signature(fadt, 4));
        assertEquals(244, dword(fadt + 4));
        int facs = dword(fadt + 36);
        assertEquals("FACS", signature(facs, 4));
        assertEquals(0, facs % 64);
        assertEquals(9, memory.getShort(fadt + 46 - AcpiTables.BASE));
        assertEquals(0x600, dword(fadt + 56));
        assertEquals(0x604, dword(fadt + 64));
        assertEquals(0x608, dword(fadt + 76));
        assertEquals(0xcf9, dword(fadt + 120));
        assertEquals(6, block[fadt + 128 - AcpiTables.BASE]);
        assertEquals(dword(fadt + 40), dword(fadt + 140));
        assertEquals(0x600, dword(fadt + 152));
        assertEquals(0x608, dword(fadt + 212));
    }

    @Test
    void theMadtListsProcessorsAndOverrides() {
        byte[] madt = table(madt());
        StringBuilder entries = new StringBuilder();
        for (int at = 44; at < madt.length; at += madt[at + 1]) {
            entries.append(madt[at]).append(':');
            if (madt[at] == 2) {
                entries.append(madt[at + 3]).append("->").append(madt[at + 4]).append('/').append(madt[at + 8]);
            }
            entries.append(' ');
        }
        assertEquals("0: 0: 1: 2:0->2/0 2:9->9/13 2:10->10/13 2:11->11/13 4: ", entries.toString());
    }

    @Test
    void aPackageLengthCountsItselfInOneToThreeBytes() {
        assertEquals(0x3f, Aml.buffer(new byte[0x3c])[1]);
        byte[] two = Aml.buffer(new byte[0x100]);
        assertEquals(0x40, two[1] & 0xf0);
        assertEquals(two.length - 1, (two[2] & 0xff) << 4 | two[1] & 0xf);
        byte[] three = Aml.buffer(new byte[0x1000]);
        assertEquals(0x80, three[1] & 0xf0);
        assertEquals(three.length - 1, (three[3] & 0xff) << 12 | (three[2] & 0xff) << 4 | three[1] & 0xf);
    }

    @Test
    void anEisaIdIsFiveBitLettersBigEndian() {
        assertEquals("0c41d00a03", hex(Aml.eisaId("PNP0A03")));
    }

    @Test
    void theReferenceDisassemblerReadsTheDsdtAndItsTextCompilesToTheSameBytes(@TempDir Path directory) throws Exception {
        Prerequisite.program("iasl");
        byte[] dsdt = table(dword(fadt() + 40));
        Files.write(directory.resolve("dsdt.aml"), dsdt);
        String log = run(directory, "iasl", "-d", "dsdt.aml");
        String source = Files.readString(directory.resolve("dsdt.dsl"));
        assertTrue(source.contains("Device (PCI0)") && source.contains("PNP0501") && source.contains("_S5"), log);
        log = run(directory, "iasl", "-p", "again", "dsdt.dsl");
        assertTrue(log.contains(" 0 Errors"), log);
        byte[] again = Files.readAllBytes(directory.resolve("again.aml"));
        assertEquals(hex(Arrays.copyOfRange(dsdt, 36, dsdt.length)), hex(Arrays.copyOfRange(again, 36, again.length)));
    }

    @Test
    void theReferenceDisassemblerFindsNothingWrongInTheDataTables(@TempDir Path directory) throws Exception {
        Prerequisite.program("iasl");
        for (int table : new int[] {fadt(), madt(), dword(AcpiTables.BASE + 16), dword(AcpiTables.BASE + 24)}) {
            String name = signature(table, 4) + ".aml";
            Files.write(directory.resolve(name), table(table));
            String log = run(directory, "iasl", "-d", name);
            String source = Files.readString(directory.resolve(signature(table, 4) + ".dsl"));
            assertTrue(!log.contains("Error") && !log.contains("Warning") && !source.contains("**** "), log + source);
        }
    }

    private static String run(Path directory, String... command) throws Exception {
        Process process = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output;
    }

    private static String hex(byte[] bytes) {
        StringBuilder out = new StringBuilder();
        for (byte b : bytes) {
            out.append(String.format("%02x", b));
        }
        return out.toString();
    }
}
