package org.gearshift.vmm.xen;

/** The shape of a domain's page tables. Tables are of kinds, which {@link FrameTable} names; entries are those of x86-64 in all. */
interface TableShape {
    /** The kind of table that the kernel's base leads to. */
    int root();

    /** Lowest bit of an address that chooses among the entries of the root. */
    int rootShift();

    /** Whether an entry of a table is the guest's to fill; others are no entries of its, whatever it has there. */
    boolean guestSlot(int kind, int index);

    /** Whether an entry may be changed while the table is in use. */
    boolean mayChange(int kind, int index);

    /** The kind of table that an entry of a table above level 1 leads to. */
    int below(int kind, int index);

    /** Bits that no present entry of a kind of table may have. */
    long disallowed(int kind);

    /** A present entry as it is stored. */
    long adjusted(long entry, int kind);

    /**
     * Adds the hypervisor's own entries to a table whose others have been checked.
     *
     * @return 0, or EINVAL if the table cannot be of its kind after all
     */
    int complete(int table, int kind);
}
