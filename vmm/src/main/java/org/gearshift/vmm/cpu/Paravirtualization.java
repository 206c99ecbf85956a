package org.gearshift.vmm.cpu;

import java.util.Map;
import java.util.function.Function;
import org.gearshift.translator.x86.X86Service;

/**
 * A system architecture that takes the place of the processor's own: a platform whose kernels know that they run on a monitor. Such a kernel runs at
 * CPL 3 as its programs do; its privileged operations, exceptions, events and stores to page tables come here.
 *
 * <p>All methods are called on the vCPU's thread, with every state slot exact.
 */
public interface Paravirtualization {
    /**
     * The services it answers; all others stay as the processor has them.
     *
     * @param own the processor's own services
     */
    Map<X86Service, SystemService> services(Function<X86Service, SystemService> own);

    /** Whether instructions that the processor reserves for CPL 0, and that {@link #services} leaves to it, are allowed now: the guest's kernel is running. */
    boolean kernel();

    /**
     * Takes an exception at the instruction the pc slot names, or, for a trap, before it; never throws.
     *
     * @param errorCode -1 if the vector has none; for a page fault the address is in the slot CR2
     */
    void exception(int vector, int errorCode);

    /** Takes the event that the {@link InterruptSource} announced. */
    void event();

    /**
     * A store that the page tables do not allow.
     *
     * @param va canonical linear address
     * @return the physical address, if {@link #tableStore} will do the store all the same, or -1: it page-faults
     */
    long refusedStore(long va);

    /** Whether stores to {@code physical} are for {@link #tableStore}, since it lies in a page table. Cheap. */
    boolean isTable(long physical);

    /** Results of {@link #tableSwap}. */
    int REFUSED = -1;
    int DIFFERS = 0;
    int DONE = 1;

    /** Stores to a page table what passes the platform's checks, false if it did not: the store page-faults. */
    boolean tableStore(long physical, long value, int bits);

    /** The same, by the store of a locked operation: if the location holds what is expected. @return {@link #REFUSED}, {@link #DIFFERS} or {@link #DONE} */
    int tableSwap(long physical, long expected, long value, int bits);
}
