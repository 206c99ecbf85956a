package org.gearshift.tools.unwind;

import java.util.List;
import java.util.Set;

/** Numbers that DWARF has for registers: System V ABI, i386 supplement 1.1, table 2.14, and AMD64 supplement, figure 3.36. The last one stands for the return address. */
public enum DwarfRegisters {
    I386(false, List.of("eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "eip"), Set.of("ebx", "ebp", "esi", "edi")),
    X86_64(true, List.of("rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip"),
            Set.of("rbx", "rbp", "r12", "r13", "r14", "r15"));

    private final boolean wide;
    private final List<String> names;
    private final Set<String> preserved;
    private final int stackPointer;

    DwarfRegisters(boolean wide, List<String> names, Set<String> preserved) {
        this.wide = wide;
        this.names = names;
        this.preserved = preserved;
        this.stackPointer = names.indexOf(wide ? "rsp" : "esp");
    }

    public static DwarfRegisters of(boolean wide) {
        return wide ? X86_64 : I386;
    }

    /** Whether they have 64 bits. */
    boolean isWide() {
        return wide;
    }

    /** Bytes of one. */
    int word() {
        return wide ? Long.BYTES : Integer.BYTES;
    }

    /** How many there are; their numbers are below that. */
    int count() {
        return names.size();
    }

    /** What debuggers call one; vector and other registers, of which nothing is known here, by their number. */
    String name(int number) {
        return number < names.size() ? names.get(number) : "r" + number;
    }

    int stackPointer() {
        return stackPointer;
    }

    int framePointer() {
        return names.indexOf(wide ? "rbp" : "ebp");
    }

    /** Number of the one that stands for where the code is. */
    int pc() {
        return names.size() - 1;
    }

    /** Whether functions leave it as they found it, so that it need not be mentioned. */
    boolean isPreserved(int number) {
        return preserved.contains(name(number));
    }

    /** A value of as many bits as a register has. */
    long value(long v) {
        return wide ? v : v & 0xffffffffL;
    }

    /** The same sign-extended. */
    long signed(long v) {
        return wide ? v : (int) v;
    }
}
