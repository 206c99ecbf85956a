package org.gearshift.vmm.acpi;

import static org.gearshift.vmm.acpi.Aml.busNumbers;
import static org.gearshift.vmm.acpi.Aml.device;
import static org.gearshift.vmm.acpi.Aml.eisaId;
import static org.gearshift.vmm.acpi.Aml.integer;
import static org.gearshift.vmm.acpi.Aml.io;
import static org.gearshift.vmm.acpi.Aml.ioWindow;
import static org.gearshift.vmm.acpi.Aml.irq;
import static org.gearshift.vmm.acpi.Aml.join;
import static org.gearshift.vmm.acpi.Aml.memoryWindow;
import static org.gearshift.vmm.acpi.Aml.name;
import static org.gearshift.vmm.acpi.Aml.packageOf;
import static org.gearshift.vmm.acpi.Aml.resources;
import static org.gearshift.vmm.acpi.Aml.scope;

import org.gearshift.vmm.device.PciHost;
import org.gearshift.vmm.device.PowerManagementPiix4;

/** The machine's differentiated definition block: sleep state S5, the PCI root with its interrupt routing, and the ISA devices. */
final class Dsdt {
    /** Physical addresses that PCI memory BARs may take. */
    static final long PCI_MEMORY_FIRST = 0xe0000000L;
    static final long PCI_MEMORY_LAST = 0xfebfffffL;

    private static final int PCI_DEVICES = 32;
    private static final int PCI_PINS = 4;

    private Dsdt() {
    }

    /** The AML after the table header. */
    static byte[] aml() {
        return join(
                name("_S5", packageOf(sleepType(), sleepType(), integer(0), integer(0))),
                scope("_SB", device("PCI0",
                        name("_HID", eisaId("PNP0A03")),
                        name("_ADR", integer(0)),
                        name("_BBN", integer(0)),
                        name("_UID", integer(0)),
                        name("_CRS", rootResources()),
                        name("_PRT", interruptRouting()),
                        device("ISA",
                                name("_ADR", integer(0x00010000)),
                                join(isaDevices())))));
    }

    private static byte[] sleepType() {
        return integer(PowerManagementPiix4.SLEEP_TYPE_S5);
    }

    private static byte[] rootResources() {
        return resources(
                busNumbers(0, 0xff),
                io(PciHost.CONFIG_ADDRESS, 8),
                ioWindow(0x0000, 0x0cf7),
                ioWindow(0x0d00, 0xffff),
                memoryWindow(PCI_MEMORY_FIRST, PCI_MEMORY_LAST));
    }

    /** One entry for each pin of each slot: (address, pin, no link device, global interrupt). The chipset's default routing is for keeps. */
    private static byte[] interruptRouting() {
        byte[][] entries = new byte[PCI_DEVICES * PCI_PINS][];
        for (int device = 0; device < PCI_DEVICES; device++) {
            for (int pin = 0; pin < PCI_PINS; pin++) {
                int interrupt = AcpiTables.PCI_INTERRUPTS[PciHost.pirqOf(device, pin)];
                entries[device * PCI_PINS + pin] =
                        packageOf(integer((long) device << 16 | 0xffff), integer(pin), integer(0), integer(interrupt));
            }
        }
        return packageOf(entries);
    }

    /** Interrupts 0 and 2 stay unnamed: which input of the I/O APIC they reach is the MADT's business. */
    private static byte[][] isaDevices() {
        return new byte[][] {
            isa("PIC", "PNP0000", 0, io(0x20, 2), io(0xa0, 2), io(0x4d0, 2)),
            isa("DMAC", "PNP0200", 0, io(0x00, 16), io(0x81, 15), io(0xc0, 32)),
            isa("TMR", "PNP0100", 0, io(0x40, 4)),
            isa("RTC", "PNP0B00", 0, io(0x70, 2), irq(8)),
            isa("SPKR", "PNP0800", 0, io(0x61, 1)),
            isa("FPU", "PNP0C04", 0, io(0xf0, 2), irq(13)),
            isa("KBD", "PNP0303", 0, io(0x60, 1), io(0x64, 1), irq(1)),
            isa("MOU", "PNP0F13", 0, irq(12)),
            isa("COM1", "PNP0501", 1, io(0x3f8, 8), irq(4)),
            isa("COM2", "PNP0501", 2, io(0x2f8, 8), irq(3)),
            isa("PMR", "PNP0C02", 0, io(PowerManagementPiix4.PM_BASE, 64), io(PowerManagementPiix4.SMI_COMMAND, 2)),
        };
    }

    private static byte[] isa(String name, String id, int uid, byte[]... resources) {
        byte[] identity = join(name("_HID", eisaId(id)), uid == 0 ? new byte[0] : name("_UID", integer(uid)));
        return device(name, identity, name("_STA", integer(0x0f)), name("_CRS", resources(resources)));
    }
}
