package org.gearshift.paging;

/**
 * Numbers that change when a mapping that code was fetched through goes away; they wrap around. One is for all mappings and always even, one for those that survive switches of the
 * address space and always odd: a reader that holds either can tell which it is. Those of a vCPU's two sets of maps are never the same.
 */
final class MappingEpoch {
    /** By so much numbers grow; what they are modulo this says what they are of. */
    static final int STEP = 4;

    int all;
    int global;

    /** @param second whether it is for the second of two sets */
    MappingEpoch(boolean second) {
        all = second ? 2 : 0;
        global = all + 1;
    }

    /** A mapping goes that may be global. */
    void changed() {
        all += STEP;
        global += STEP;
    }

    /** A mapping goes that is not. */
    void changedInSpace() {
        all += STEP;
    }
}
