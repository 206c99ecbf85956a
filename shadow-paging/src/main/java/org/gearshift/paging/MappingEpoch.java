package org.gearshift.paging;

/**
 * Numbers that change when a mapping that code was fetched through goes away; they wrap around. One is for all mappings and always even, one for those that survive switches of the
 * address space and always odd: a reader that holds either can tell which it is.
 */
final class MappingEpoch {
    int all;
    int global = 1;

    /** A mapping goes that may be global. */
    void changed() {
        all += 2;
        global += 2;
    }

    /** A mapping goes that is not. */
    void changedInSpace() {
        all += 2;
    }
}
