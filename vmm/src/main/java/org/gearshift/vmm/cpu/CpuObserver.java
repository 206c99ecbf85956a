package org.gearshift.vmm.cpu;

/**
 * Who watches a processor from outside: a debugger. It is told of what happens on the slow paths; what it is to see there, it has taken out of the page maps. It changes nothing but the moment at
 * which the run loop comes back. All methods are called on the vCPU's thread.
 */
public interface CpuObserver {
    /** What was delivered. */
    enum Delivery {
        /** An exception, be it a fault or a trap. */
        EXCEPTION,
        /** An external interrupt, or an event of a paravirtual platform. */
        INTERRUPT,
        /** A non-maskable interrupt. */
        NMI
    }

    /**
     * An access by guest code, about to be made on the slow path. Unless {@link VCpu#exact} the observer may ask, by {@link VCpu#restartExact}, for it to be made again by the one
     * instruction alone.
     *
     * @param linear address, zero-extended if it has 32 bits
     * @param physical where it leads to
     * @param bytes 1 to 16, in one page
     */
    void access(long linear, long physical, int bytes, boolean write);

    /** An access that the processor has made itself, to descriptor tables, task state or a stack. */
    void implicitAccess(long linear, long physical, int bytes, boolean write);

    /** About to deliver; the state is that of the interrupted code. @param errorCode -1: none */
    void delivering(Delivery kind, int vector, int errorCode);

    /** {@link VCpu#mode} has changed. */
    void modeChanged(long before, long after);
}
