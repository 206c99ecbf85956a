package org.gearshift.vmm.xen;

/** How often the domain entered its kernel by way of the hypervisor, by reason. */
final class TrapCounters {
    final long[] exceptions = new long[32];
    long events;
    long systemCalls;
    long softwareInterrupts;
    long emulated;
    long forcedCpuid;
    /** Stores to page tables that were checked and done. */
    long tableStores;

    /** Adds another vCPU's. */
    void add(TrapCounters other) {
        for (int v = 0; v < exceptions.length; v++) {
            exceptions[v] += other.exceptions[v];
        }
        events += other.events;
        systemCalls += other.systemCalls;
        softwareInterrupts += other.softwareInterrupts;
        emulated += other.emulated;
        forcedCpuid += other.forcedCpuid;
        tableStores += other.tableStores;
    }
}
