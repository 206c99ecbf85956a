package org.gearshift.ir.interp;

import java.util.Arrays;

/** Writes micro-operations into a growing array, one block at a time. */
final class MicroEmitter {
    private int[] code = new int[1024];
    private int length;
    /** Offset of the last micro-operation, or -1. */
    private int last;

    void begin() {
        length = 0;
        last = -1;
    }

    int[] code() {
        return code;
    }

    int length() {
        return length;
    }

    void op(int opcode, int d, int a) {
        last = length;
        word(opcode | d << 8 | a << 20);
    }

    void op(int opcode, int d, int a, int word1) {
        op(opcode, d, a);
        word(word1);
    }

    void word(int w) {
        if (length == code.length) {
            code = Arrays.copyOf(code, length * 2);
        }
        code[length++] = w;
    }

    void pc(long pc) {
        word((int) pc);
        word((int) (pc >>> 32));
    }

    /** Writes an exit; returns the offset of its successor word. */
    int exit(long pc) {
        int at = length;
        word(-1);
        pc(pc);
        return at;
    }

    /** The last micro-operation's opcode, or -1 at the start of a block. */
    int lastOpcode() {
        return last < 0 ? -1 : code[last] & 0xff;
    }

    int lastWord(int i) {
        return code[last + i];
    }

    /** Forbids looking back: control or a fault may enter here. */
    void barrier() {
        last = -1;
    }

    /** Replaces the last micro-operation, which has two words. */
    void changeLast(int opcode, int d, int a, int word1) {
        code[last] = opcode | d << 8 | a << 20;
        code[last + 1] = word1;
    }
}
