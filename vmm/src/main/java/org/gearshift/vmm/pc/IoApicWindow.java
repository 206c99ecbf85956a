package org.gearshift.vmm.pc;

import org.gearshift.paging.MmioHandler;
import org.gearshift.vmm.device.IoApic;

/** The I/O APIC's two registers in memory; the index register may also be written as a byte (Intel 290566). */
record IoApicWindow(IoApic ioApic) implements MmioHandler {
    @Override
    public long read(long physical, int bits) {
        int offset = (int) physical & IoApic.WINDOW - 1;
        return (ioApic.read(offset & ~3) & 0xffffffffL) >>> 8 * (offset & 3);
    }

    @Override
    public void write(long physical, long value, int bits) {
        int offset = (int) physical & IoApic.WINDOW - 1;
        if (bits >= 32 || offset == 0) {
            ioApic.write(offset, (int) value);
        }
    }
}
