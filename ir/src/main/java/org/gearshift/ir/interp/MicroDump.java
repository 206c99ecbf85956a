package org.gearshift.ir.interp;

/** Micro-operations as text, for debugging and tests. */
final class MicroDump {
    private MicroDump() {
    }

    static String text(int[] code, int from, int to) {
        StringBuilder b = new StringBuilder();
        for (int ip = from; ip < to; ip += MicroOp.words(code[ip] & 0xff)) {
            int w = code[ip];
            b.append(MicroOp.name(w & 0xff)).append(' ').append(w >>> 8 & 0xfff).append(", ").append(w >>> 20);
            for (int i = 1; i < MicroOp.words(w & 0xff); i++) {
                b.append(", ").append(code[ip + i]);
            }
            b.append('\n');
        }
        return b.toString();
    }
}
