package org.gearshift.paging;

/** A root the guest has loaded into CR3, with what the shadow remembers of it while others are active. */
final class AddressSpace {
    /** CR3 less its flag bits. */
    final long rootAddress;
    /** The PDPTE registers of PAE paging; unused otherwise. */
    final long[] pdptes = new long[4];
    /** Pages in the active maps while this space is current; while it is not, those to restore. */
    final Journal journal = new Journal();
    /** Shadow of the root table; null until the first walk, or if the table is not in RAM. */
    ShadowTable root;
    /** Order of use. */
    long lastUse;

    AddressSpace(long rootAddress) {
        this.rootAddress = rootAddress;
    }
}
