package org.gearshift.backend.jvm;

/** Operations that Java 17 has no single method for. Called from generated code. */
final class Arithmetic {
    private Arithmetic() {
    }

    /** High half of the unsigned product ({@code Math.unsignedMultiplyHigh} is of Java 18). */
    static long multiplyHighUnsigned(long a, long b) {
        return Math.multiplyHigh(a, b) + (a >> 63 & b) + (b >> 63 & a);
    }
}
