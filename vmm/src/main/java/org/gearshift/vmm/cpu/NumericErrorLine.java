package org.gearshift.vmm.cpu;

/** The processor's pins FERR# and IGNNE# by which a PC reports x87 exceptions while CR0.NE is clear: SDM vol. 1 appendix D. */
public interface NumericErrorLine {
    /** Pins that are not connected. */
    NumericErrorLine NONE = new NumericErrorLine() {
        @Override
        public void raise() {
        }

        @Override
        public void lower() {
        }

        @Override
        public boolean ignored() {
            return false;
        }
    };

    /** FERR# goes active: an unmasked x87 exception is pending before an instruction that waits. */
    void raise();

    /** FERR# goes inactive: the exception's flag was cleared or masked. */
    void lower();

    /** IGNNE#: instructions do not wait for the exception to be handled. */
    boolean ignored();
}
