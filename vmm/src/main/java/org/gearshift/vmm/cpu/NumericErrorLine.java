package org.gearshift.vmm.cpu;

/** The processor's FERR# pin, which a PC turns into IRQ 13 while CR0.NE is clear: SDM vol. 1 appendix D. */
@FunctionalInterface
public interface NumericErrorLine {
    /** An unmasked x87 exception is pending before a waiting x87 instruction. */
    void raise();
}
