package org.gearshift.vmm.cpu;

/** What drives the processor's INTR pin: the 8259 pair or the local APIC, whichever answers first. */
public interface InterruptSource {
    /** True while an interrupt is requested that the processor should take once it is interruptible. */
    boolean pending();

    /**
     * The interrupt acknowledge cycle: accepts the request of highest priority.
     *
     * @return its vector 0..255 (a spurious vector if the request has gone away)
     */
    int acknowledge();

    /** Whether a device may raise a non-maskable interrupt: a processor that has halted with interrupts off then waits for it. */
    default boolean nonMaskablePossible() {
        return false;
    }

    /** A processor with nothing on its interrupt pin. */
    InterruptSource NONE = new InterruptSource() {
        @Override
        public boolean pending() {
            return false;
        }

        @Override
        public int acknowledge() {
            return 0xff;
        }
    };
}
