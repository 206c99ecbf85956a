package org.gearshift.vmm.cpu;

/** IA32_APIC_BASE (MSR 1Bh), which belongs to the local APIC: SDM vol. 3A section 11.4.4. */
public interface ApicBaseMsr {
    /** The register: bit 8 BSP, bit 11 enabled, bits 12.. base address. */
    long read();

    /** Moves, enables or disables the local APIC. Reserved bits have been checked. */
    void write(long value);

    /** A processor without a local APIC; its CPUID must not claim one. */
    ApicBaseMsr NONE = new ApicBaseMsr() {
        @Override
        public long read() {
            return 0xfee00100L;
        }

        @Override
        public void write(long value) {
            // Without an APIC there is nothing to move.
        }
    };
}
