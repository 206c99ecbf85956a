package org.gearshift.vmm.pc;

import org.gearshift.vmm.acpi.AcpiTables;
import org.gearshift.vmm.device.IsaBridgePiix3;
import org.gearshift.vmm.device.PciFunction;
import org.gearshift.vmm.device.PciHost;

/** What firmware does to PCI functions: places their ranges, switches them on, and notes which interrupt their pin reaches (PCI Firmware Specification 3.0). */
final class PciSetup {
    private static final long PORTS_FIRST = 0xc000;
    private static final int DEVICES = 32;
    private static final int FUNCTIONS = 8;

    private PciSetup() {
    }

    /** Sets up every function on the bus; one after the other from the lowest slot on, so that the same bus is always set up alike. */
    static void write(PciHost pci, IsaBridgePiix3 router) {
        long[] next = {AcpiTables.PCI_MEMORY_FIRST, PORTS_FIRST};
        for (int device = 0; device < DEVICES; device++) {
            for (int number = 0; number < FUNCTIONS; number++) {
                PciFunction function = pci.at(device, number);
                if (function == null) {
                    continue;
                }
                place(function, next);
                if (function.hasInterruptPin()) {
                    int irq = router.irqOf(PciHost.pirqOf(device, 0));
                    function.writeConfig(PciFunction.INTERRUPT_LINE, irq & 0xff, 8);
                }
            }
        }
    }

    private static void place(PciFunction function, long[] next) {
        int decode = 0;
        for (int i = 0; i < PciFunction.BARS; i++) {
            long size = function.barSize(i);
            if (size != 0) {
                int kind = function.isIoBar(i) ? 1 : 0;
                long base = next[kind] + size - 1 & -size;
                next[kind] = base + size;
                function.writeConfig(PciFunction.BAR0 + 4 * i, (int) base, 32);
                decode |= kind == 1 ? PciFunction.COMMAND_IO : PciFunction.COMMAND_MEMORY;
            }
        }
        if (decode != 0) {
            function.writeConfig(PciFunction.COMMAND, function.readConfig(PciFunction.COMMAND, 16) | decode, 16);
        }
    }
}
