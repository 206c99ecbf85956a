package org.gearshift.vmm.acpi;

import static org.gearshift.vmm.acpi.Aml.bytes;
import static org.gearshift.vmm.acpi.Aml.join;
import static org.gearshift.vmm.acpi.Aml.little;

import java.nio.charset.StandardCharsets;
import org.gearshift.paging.GuestRam;
import org.gearshift.vmm.device.IoApic;
import org.gearshift.vmm.device.LocalApic;
import org.gearshift.vmm.device.Mc146818;
import org.gearshift.vmm.device.PowerManagementPiix4;
import org.gearshift.vmm.device.SystemPorts;

/**
 * The machine's ACPI tables (ACPI 6.4, ch. 5): RSDP, RSDT, XSDT, FADT, FACS, DSDT and MADT, laid out in one block of the BIOS area.
 */
public final class AcpiTables {
    /** Where the block starts; the RSDP is its first table, on a 16-byte boundary of the area systems search. */
    public static final int BASE = 0xe0000;
    /** The block's end at most: firmware and option ROMs have the rest. */
    public static final int LIMIT = 0xf0000;
    /** Interrupt of the system control interrupt. */
    public static final int SCI = 9;

    /** First physical address that PCI memory BARs may take. */
    public static final long PCI_MEMORY_FIRST = Dsdt.PCI_MEMORY_FIRST;

    /** Global interrupt of PIRQA-PIRQD: the ISA interrupts that firmware routes them to. */
    static final int[] PCI_INTERRUPTS = {10, 11, 10, 11};

    private static final int RSDP_SIZE = 36;
    private static final int HEADER_SIZE = 36;
    private static final int FADT_SIZE = 244;
    private static final int FACS_SIZE = 64;
    private static final int MAX_CPUS = 255;

    private static final int ACTIVE_HIGH_EDGE = 0x05;
    private static final int ACTIVE_HIGH_LEVEL = 0x0d;

    private static final int FLAG_WBINVD = 1;
    private static final int FLAG_C1 = 1 << 2;
    private static final int FLAG_NO_SLEEP_BUTTON = 1 << 5;
    private static final int FLAG_NO_RTC_WAKE = 1 << 6;
    private static final int FLAG_RESET_REGISTER = 1 << 10;
    private static final int BOOT_LEGACY_DEVICES = 1;
    private static final int BOOT_8042 = 1 << 1;
    private static final int BOOT_NO_VGA = 1 << 2;
    private static final int SYSTEM_IO = 1;

    private AcpiTables() {
    }

    /**
     * Writes the tables to guest RAM at {@link #BASE}.
     *
     * @param cpus processors, 1..255, with local APIC ids from 0
     * @return the physical address of the RSDP
     */
    public static long write(GuestRam ram, int cpus) {
        byte[] block = build(cpus);
        ram.copyIn(BASE, block, 0, block.length);
        return BASE;
    }

    /** The whole block, RSDP first, for address {@link #BASE}. */
    static byte[] build(int cpus) {
        if (cpus < 1 || cpus > MAX_CPUS) {
            throw new IllegalArgumentException("processors: " + cpus);
        }
        byte[] dsdt = table("DSDT", 2, Dsdt.aml());
        byte[] madt = table("APIC", 3, madt(cpus));
        int facsAt = BASE + align(RSDP_SIZE, 64);
        int dsdtAt = facsAt + FACS_SIZE;
        int fadtAt = align(dsdtAt + dsdt.length, 16);
        int madtAt = align(fadtAt + FADT_SIZE, 16);
        int rsdtAt = align(madtAt + madt.length, 16);
        int xsdtAt = align(rsdtAt + HEADER_SIZE + 8, 16);
        byte[] block = new byte[xsdtAt + HEADER_SIZE + 16 - BASE];
        if (block.length > LIMIT - BASE) {
            throw new IllegalStateException("ACPI tables take " + block.length + " bytes");
        }
        put(block, BASE, rsdp(rsdtAt, xsdtAt));
        put(block, facsAt, facs());
        put(block, dsdtAt, dsdt);
        put(block, fadtAt, table("FACP", 4, fadt(facsAt, dsdtAt)));
        put(block, madtAt, madt);
        put(block, rsdtAt, table("RSDT", 1, join(little(fadtAt, 4), little(madtAt, 4))));
        put(block, xsdtAt, table("XSDT", 1, join(little(fadtAt, 8), little(madtAt, 8))));
        return block;
    }

    private static void put(byte[] block, int address, byte[] table) {
        System.arraycopy(table, 0, block, address - BASE, table.length);
    }

    private static int align(int value, int to) {
        return value + to - 1 & -to;
    }

    /** Root System Description Pointer, revision 2 (ACPI 6.4, 5.2.5.3). */
    private static byte[] rsdp(int rsdt, int xsdt) {
        byte[] rsdp = join(ascii("RSD PTR "), bytes(0), ascii("GEARSH"), bytes(2), little(rsdt, 4), little(RSDP_SIZE, 4), little(xsdt, 8),
                bytes(0, 0, 0, 0));
        rsdp[8] = checksum(rsdp, 20);
        rsdp[32] = checksum(rsdp, RSDP_SIZE);
        return rsdp;
    }

    /** A table with the common header (ACPI 6.4, 5.2.6). */
    private static byte[] table(String signature, int revision, byte[] body) {
        byte[] table = join(ascii(signature), little(HEADER_SIZE + body.length, 4), bytes(revision, 0), ascii("GEARSH"),
                ascii("GEARSHPC"), little(1, 4), ascii("GEAR"), little(1, 4), body);
        table[9] = checksum(table, table.length);
        return table;
    }

    private static byte checksum(byte[] table, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += table[i];
        }
        return (byte) -sum;
    }

    /** Firmware ACPI Control Structure, version 2 (ACPI 6.4, 5.2.10); it has no checksum. */
    private static byte[] facs() {
        byte[] facs = new byte[FACS_SIZE];
        System.arraycopy(join(ascii("FACS"), little(FACS_SIZE, 4)), 0, facs, 0, 8);
        facs[32] = 2;
        return facs;
    }

    /** Fixed ACPI Description Table after its header, revision 4 (ACPI 4.0a, 5.2.9). */
    private static byte[] fadt(int facs, int dsdt) {
        int flags = FLAG_WBINVD | FLAG_C1 | FLAG_NO_SLEEP_BUTTON | FLAG_NO_RTC_WAKE | FLAG_RESET_REGISTER;
        byte[] legacy = join(
                little(facs, 4), little(dsdt, 4),
                // Interrupt model (reserved since 2.0); preferred profile: desktop; SCI.
                bytes(0, 1), little(SCI, 2),
                little(PowerManagementPiix4.SMI_COMMAND, 4),
                bytes(PowerManagementPiix4.ACPI_ENABLE, PowerManagementPiix4.ACPI_DISABLE, 0, 0),
                little(PowerManagementPiix4.PM1_EVENT, 4), little(0, 4),
                little(PowerManagementPiix4.PM1_CONTROL, 4), little(0, 4),
                little(0, 4), little(PowerManagementPiix4.PM_TIMER, 4), little(0, 4), little(0, 4),
                // Lengths: PM1 event, PM1 control, PM2 control, PM timer, GPE0, GPE1; GPE1 base; no C-state command.
                bytes(4, 2, 0, 4, 0, 0, 0, 0),
                // C2 and C3 latencies that say "not supported"; cache flush parameters; no duty cycle.
                little(0xfff, 2), little(0xfff, 2), little(0, 2), little(0, 2), bytes(0, 0),
                // RTC: no day or month alarm; century register.
                bytes(0, 0, Mc146818.CENTURY),
                little(BOOT_LEGACY_DEVICES | BOOT_8042 | BOOT_NO_VGA, 2), bytes(0), little(flags, 4),
                io(SystemPorts.RESET_CONTROL, 8, 1), bytes(SystemPorts.RESET_CONTROL_HARD), little(0, 2), bytes(0));
        byte[] extended = join(
                // X_FIRMWARE_CTRL stays 0: only one of the two FACS addresses may be given.
                little(0, 8), little(dsdt, 8),
                io(PowerManagementPiix4.PM1_EVENT, 32, 2), new byte[12],
                io(PowerManagementPiix4.PM1_CONTROL, 16, 2), new byte[12],
                new byte[12], io(PowerManagementPiix4.PM_TIMER, 32, 3), new byte[12], new byte[12]);
        return join(legacy, extended);
    }

    /** Generic address structure of an I/O port (ACPI 6.4, 5.2.3.2); access size 1 byte, 2 word, 3 double word. */
    private static byte[] io(int port, int bits, int accessSize) {
        return join(bytes(SYSTEM_IO, bits, 0, accessSize), little(port, 8));
    }

    /** Multiple APIC Description Table after its header (ACPI 6.4, 5.2.12). */
    private static byte[] madt(int cpus) {
        // Flags: there are 8259s too.
        byte[] madt = join(little(LocalApic.DEFAULT_BASE, 4), little(1, 4));
        for (int cpu = 0; cpu < cpus; cpu++) {
            madt = join(madt, bytes(0, 8, cpu, cpu), little(1, 4));
        }
        madt = join(madt, bytes(1, 12, 0, 0), little(IoApic.BASE, 4), little(0, 4));
        madt = join(madt, override(0, 2, 0), override(SCI, SCI, ACTIVE_HIGH_LEVEL));
        for (int irq : new int[] {PCI_INTERRUPTS[0], PCI_INTERRUPTS[1]}) {
            madt = join(madt, override(irq, irq, ACTIVE_HIGH_LEVEL));
        }
        // NMI at LINT1 of every processor.
        return join(madt, bytes(4, 6, 0xff), little(ACTIVE_HIGH_EDGE, 2), bytes(1));
    }

    private static byte[] override(int irq, int global, int flags) {
        return join(bytes(2, 10, 0, irq), little(global, 4), little(flags, 2));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
