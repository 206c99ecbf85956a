package org.gearshift.paging;

/** One paging mode's table format: how to walk the guest's tables, and the geometry shadow tables mirror. Stateless but for its memory. */
interface PageWalker {
    /** Level of the root; leaf tables are level 1. */
    int topLevel();

    /** Entries of a table of {@code level}, a power of two. */
    int entries(int level);

    /** Log2 of the 4 KiB pages that one entry of a table of {@code level} spans. */
    int shift(int level);

    /**
     * What the shadow would hold of a level-1 entry of eight bytes after a walk that changes nothing in it: 0 unless its accessed bit is set.
     *
     * @param frames frames from here on are not RAM's: 0 for them, too
     */
    default int leaf(long entry, int frames) {
        return 0;
    }

    /** Bytes of a guest entry. */
    int entryBytes();

    /**
     * Translates.
     *
     * @param walk receives the result
     * @param space root of the tables
     * @param va linear address
     * @param access one of {@link ShadowMmu#READ}, {@link ShadowMmu#WRITE}, {@link ShadowMmu#EXECUTE}
     * @param update whether to set accessed and dirty bits; they are set only when the access is allowed
     * @return false if the access page-faults; {@code walk.errorCode} is set then
     */
    boolean walk(Walk walk, AddressSpace space, long va, int access, boolean user, boolean update);
}
