package org.gearshift.paging;

/**
 * Bits of a shadow entry: what one guest entry of any paging mode grants, in one {@code int}. Permissions are positive, so that those of a
 * translation are the AND over its levels. Zero means nothing is known; an entry exists only once the guest entry's accessed bit is set.
 */
final class ShadowEntry {
    static final int VALID = 1 << 31;
    static final int USER = 1 << 30;
    static final int WRITE = 1 << 29;
    static final int EXEC = 1 << 28;
    /** The guest's leaf entry has its dirty bit set. */
    static final int DIRTY = 1 << 27;
    static final int GLOBAL = 1 << 26;
    /** Leaf above level 1; {@link #FRAME} is then the first frame of the large page. */
    static final int LARGE = 1 << 25;
    /** Frame number; what lies above RAM is never cached. */
    static final int FRAME = (1 << 25) - 1;
    static final int PERMISSIONS = USER | WRITE | EXEC;

    private ShadowEntry() {
    }
}
