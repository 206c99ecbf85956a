package org.gearshift.paging;

/** The pages that two address spaces are known to translate alike: by the same tables, or by entries that say the same. What is known of a table holds for all that it spans. */
final class CommonPages {
    private final ShadowTable one;
    private final ShadowTable other;
    /** Pages below a table that both have. */
    private long first;
    private long count;

    /** @param one root of one space, null if nothing is known of it; as {@code other} */
    CommonPages(ShadowTable one, ShadowTable other) {
        this.one = one;
        this.other = other;
    }

    /** Whether all pages from one to another are below one table that both have. */
    boolean haveAll(long least, long most) {
        return has(least) && least - first >= 0 && most >= least && most - first < count;
    }

    boolean has(long page) {
        if (page - first >= 0 && page - first < count) {
            return true;
        }
        ShadowTable x = one;
        ShadowTable y = other;
        while (x != y) {
            int e = x == null || y == null ? 0 : x.entries[x.index(page)];
            if (e == 0 || e != y.entries[y.index(page)]) {
                return false;
            }
            if (x.children == null || (e & ShadowEntry.LARGE) != 0) {
                return true;
            }
            x = x.children[x.index(page)];
            y = y.children[y.index(page)];
        }
        if (x == null) {
            return false;
        }
        first = x.firstPage;
        count = x.span();
        return true;
    }
}
