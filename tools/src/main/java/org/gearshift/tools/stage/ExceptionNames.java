package org.gearshift.tools.stage;

/** Exceptions as the manual writes them: SDM vol. 3A table 6-1. */
public final class ExceptionNames {
    private static final String[] NAMES = {"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "9", "#TS", "#NP", "#SS", "#GP", "#PF", "15", "#MF", "#AC",
            "#MC", "#XM",
        "#VE", "#CP"};

    private ExceptionNames() {
    }

    public static String of(int vector) {
        return vector >= 0 && vector < NAMES.length ? NAMES[vector] : Integer.toString(vector);
    }
}
