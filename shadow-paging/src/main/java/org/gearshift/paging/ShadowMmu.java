package org.gearshift.paging;

/** Shadow paging of one vCPU. */
public final class ShadowMmu {
    /** Access kinds of {@link #translate}. */
    public static final int READ = 0;
    public static final int WRITE = 1;
    public static final int EXECUTE = 2;

    public ShadowMmu(PhysicalMemory memory, CodePages code) {
        memory.attach(this);
    }

    public int[] readMap(boolean user) {
        throw new UnsupportedOperationException();
    }

    public int[] writeMap(boolean user) {
        throw new UnsupportedOperationException();
    }

    /** Any write to CR0, CR3, CR4 or EFER, with the values after it. A call with nothing changed means CR3 was rewritten. */
    public void setControl(long cr0, long cr3, long cr4, long efer) {
        throw new UnsupportedOperationException();
    }

    /** Whether MOV CR3 (or turning PAE paging on) may proceed: false means #GP(0) for reserved bits in a present PDPTE. */
    public boolean pdptesValid(long cr3) {
        throw new UnsupportedOperationException();
    }

    /** EFLAGS.AC as it acts on supervisor data accesses under CR4.SMAP. */
    public void setSmapOverride(boolean ac) {
        throw new UnsupportedOperationException();
    }

    public void invlpg(long va) {
        throw new UnsupportedOperationException();
    }

    public void flushAll() {
        throw new UnsupportedOperationException();
    }

    /** Physical address (A20 applied) or -1 if the access page-faults; then {@link #faultErrorCode()} is the #PF error code. */
    public long translate(long va, int access, boolean user) {
        throw new UnsupportedOperationException();
    }

    public int faultErrorCode() {
        throw new UnsupportedOperationException();
    }

    /** What {@link #translate} would return, without any side effect on guest or shadow. */
    public long probe(long va, int access, boolean user) {
        throw new UnsupportedOperationException();
    }

    /** Frame number for an instruction fetch; -1 if it page-faults (see {@link #faultErrorCode()}), -2 if the page is not RAM. */
    public int execFrame(long va, boolean user) {
        throw new UnsupportedOperationException();
    }

    /** Changes whenever an existing mapping of this vCPU may have changed. */
    public int mappingEpoch() {
        throw new UnsupportedOperationException();
    }

    /** Live event counts. */
    public PagingCounters counters() {
        throw new UnsupportedOperationException();
    }

    void frameProtected(int frame) {
        throw new UnsupportedOperationException();
    }

    boolean traces(int frame) {
        return false;
    }

    void tracedStore(long physical, int bytes) {
        throw new UnsupportedOperationException();
    }
}
