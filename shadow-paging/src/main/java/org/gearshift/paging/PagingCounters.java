package org.gearshift.paging;

/** Event counts of one {@link ShadowMmu} since it was made; plain fields, read them whenever the vCPU is stopped. */
public final class PagingCounters {
    /** Active map entries filled from the shadow without reading guest tables. */
    public long shadowFills;
    /** Walks of the guest's tables. */
    public long walks;
    /** Walks that ended in a page fault. */
    public long faults;
    /** Stores to traced page-table frames. */
    public long traceHits;
    /** Shadow tables dropped because their frame no longer looks like a page table. */
    public long untraced;
    /** Address-space switches. */
    public long switches;
    /** CR3 loads that did not change the address space. */
    public long reloads;
    /** Pages restored eagerly at switches. */
    public long restored;
    /** Address spaces evicted. */
    public long evictions;
    /** Shadow tables made. */
    public long tables;
    /** Times everything was dropped. */
    public long flushes;

    @Override
    public String toString() {
        return "shadowFills=" + shadowFills + " walks=" + walks + " faults=" + faults + " traceHits=" + traceHits + " untraced=" + untraced
                + " switches=" + switches + " reloads=" + reloads + " restored=" + restored + " evictions=" + evictions + " tables=" + tables
                + " flushes=" + flushes;
    }
}
