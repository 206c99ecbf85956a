package org.gearshift.vmm.cpu;

/** The model-specific registers that belong to the local APIC: IA32_APIC_BASE (SDM vol. 3A section 11.4.4), those of x2APIC mode (11.12.1), IA32_TSC_DEADLINE (11.5.4.1). */
public interface ApicMsrs {
    /** What {@link #readRegister} says of a register that cannot be read. */
    long FAULT = -1;

    /** IA32_APIC_BASE: bit 8 BSP, bit 10 x2APIC mode, bit 11 enabled, bits 12.. base address. */
    long read();

    /** Moves, enables or disables the local APIC, or changes its mode. Reserved bits have been checked. @return false for a change of modes that is #GP */
    boolean write(long value);

    /** MSR {@code 800h + register} (0..FFh); {@link #FAULT} if it is #GP. */
    long readRegister(int register);

    /** Writes it. @return false if it is #GP */
    boolean writeRegister(int register, long value);

    /** When the timer will fire, on the time-stamp counter as it counts from power-on; 0 if it is not armed in that mode. */
    long deadline();

    /** Arms it, if that is its mode; 0 disarms. */
    void setDeadline(long tsc);

    /** A processor without a local APIC; its CPUID must not claim one. */
    ApicMsrs NONE = new ApicMsrs() {
        @Override
        public long read() {
            return 0xfee00100L;
        }

        @Override
        public boolean write(long value) {
            // Without an APIC there is nothing to move.
            return true;
        }

        @Override
        public long readRegister(int register) {
            return FAULT;
        }

        @Override
        public boolean writeRegister(int register, long value) {
            return false;
        }

        @Override
        public long deadline() {
            return 0;
        }

        @Override
        public void setDeadline(long tsc) {
            // Nothing would fire.
        }
    };
}
