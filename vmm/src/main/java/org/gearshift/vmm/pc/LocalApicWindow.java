package org.gearshift.vmm.pc;

import org.gearshift.paging.MmioHandler;
import org.gearshift.vmm.device.LocalApic;

/**
 * The register window of the running processor's local APIC: 32-bit registers 16 bytes apart. Narrower reads see their part of the register,
 * other writes than aligned 32-bit ones are dropped (Intel SDM vol. 3A, 11.4.1: they are undefined).
 */
final class LocalApicWindow implements MmioHandler {
    private LocalApic current;

    LocalApicWindow(LocalApic current) {
        this.current = current;
    }

    void select(LocalApic apic) {
        current = apic;
    }

    @Override
    public long read(long physical, int bits) {
        int offset = (int) physical & LocalApic.WINDOW - 1;
        return (current.read(offset) & 0xffffffffL) >>> 8 * (offset & 3);
    }

    @Override
    public void write(long physical, long value, int bits) {
        int offset = (int) physical & LocalApic.WINDOW - 1;
        if (bits >= 32 && (offset & 0xf) == 0) {
            current.write(offset, (int) value);
        }
    }
}
