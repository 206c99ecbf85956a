package org.gearshift.vmm.cpu;

/** Exception vectors (SDM vol. 3A table 6-1) and what double-fault classification and delivery need to know of them. */
final class Vector {
    static final int DE = 0;
    static final int DB = 1;
    static final int NMI = 2;
    static final int BP = 3;
    static final int OF = 4;
    static final int BR = 5;
    static final int UD = 6;
    static final int NM = 7;
    static final int DF = 8;
    static final int TS = 10;
    static final int NP = 11;
    static final int SS = 12;
    static final int GP = 13;
    static final int PF = 14;
    static final int MF = 16;
    static final int AC = 17;
    static final int XM = 19;

    private static final int CONTRIBUTORY = 1 << DE | 1 << TS | 1 << NP | 1 << SS | 1 << GP;
    private static final int WITH_ERROR_CODE = 1 << DF | 1 << TS | 1 << NP | 1 << SS | 1 << GP | 1 << PF | 1 << AC;

    private Vector() {
    }

    /** Whether an exception while delivering another makes a double fault: SDM vol. 3A table 6-5. */
    static boolean makesDoubleFault(int first, int second) {
        boolean contributory = in(CONTRIBUTORY, second);
        return in(CONTRIBUTORY, first) && contributory || first == PF && (contributory || second == PF);
    }

    static boolean hasErrorCode(int vector) {
        return in(WITH_ERROR_CODE, vector);
    }

    private static boolean in(int set, int vector) {
        return vector < 32 && (set >>> vector & 1) != 0;
    }
}
