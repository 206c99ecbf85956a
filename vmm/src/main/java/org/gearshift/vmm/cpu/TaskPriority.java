package org.gearshift.vmm.cpu;

/** CR8: the local APIC's task priority class, as 64-bit code reaches it (SDM vol. 3A section 11.8.6). */
public interface TaskPriority {
    /** The class, 0..15. */
    int read();

    /** Sets the class, 0..15. */
    void write(int priority);

    /** A processor without a local APIC: CR8 reads as zero. */
    TaskPriority NONE = new TaskPriority() {
        @Override
        public int read() {
            return 0;
        }

        @Override
        public void write(int priority) {
            // Nothing holds interrupts back.
        }
    };
}
