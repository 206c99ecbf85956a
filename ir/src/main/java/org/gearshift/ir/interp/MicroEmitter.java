package org.gearshift.ir.interp;

import java.util.Arrays;

/** Writes micro-operations into a growing array, one block at a time. */
final class MicroEmitter {
    private int[] code = new int[1024];
    private int length;
    /** Offset of the last micro-operation, or -1; of the one before it, and the one before that. */
    private int last;
    private int second;
    private int third;

    void begin() {
        length = 0;
        barrier();
    }

    int[] code() {
        return code;
    }

    int length() {
        return length;
    }

    void op(int opcode, int d, int a) {
        third = second;
        second = last;
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
        second = -1;
        third = -1;
    }

    /** True if the last three micro-operations have these opcodes. */
    boolean endsWith(int opcode1, int opcode2, int opcode3) {
        return third >= 0 && (code[third] & 0xff) == opcode1 && (code[second] & 0xff) == opcode2 && (code[last] & 0xff) == opcode3;
    }

    /** Word {@code i} from the start of the last but two. */
    int thirdLastWord(int i) {
        return code[third + i];
    }

    int secondLastWord(int i) {
        return code[second + i];
    }

    /** Takes the last three micro-operations back. */
    void dropThree() {
        length = third;
        barrier();
    }

    /** Replaces the last micro-operation's opcode. */
    void changeLast(int opcode) {
        code[last] = code[last] & ~0xff | opcode;
    }

    /** Replaces the last micro-operation, which has two words. */
    void changeLast(int opcode, int d, int a, int word1) {
        code[last] = opcode | d << 8 | a << 20;
        code[last + 1] = word1;
    }
}
