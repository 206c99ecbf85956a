package org.gearshift.backend.jvm;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.gearshift.ir.Type;

/**
 * JVM locals of the generated method. The most used have the numbers with one-byte instructions; the parameters
 * move to higher ones in the prologue. Above the fixed ones come the state slots held for the whole region, above them temporaries of a block.
 */
final class Locals {
    /** Linear address of the access in progress (32 bits). */
    static final int VA = 0;
    /** The byte[] of guest RAM. */
    static final int RAM = 1;
    /** Page-map entry of the access in progress, exclusive-or its address (32 bits). */
    static final int AT = 2;
    /** Instruction budget. */
    static final int BUDGET = 3;
    static final int CONTEXT = 4;
    /** What {@link RegionLinks#place} was, while another region runs; the link of the exit that control takes. */
    static final int PLACE = 5;
    /** The long[] of state slots. */
    static final int STATE = 6;
    static final int READ_MAP = 7;
    static final int WRITE_MAP = 8;
    /** The entry number in the prologue; a branch condition across a fetch of slots. */
    static final int SCRATCH = 9;
    /** Guest pc to leave with (long). */
    static final int NEXT_PC = 10;
    /** Page maps, address and RAM index of accesses by 64-bit address; only in regions that have such. */
    static final int WIDE_READ_MAP = 12;
    static final int WIDE_WRITE_MAP = 13;
    static final int WIDE_VA = 14;
    static final int WIDE_AT = 16;
    static final int FIRST_SLOT = 18;

    static final String RAM_TYPE = "[B";
    static final String MAP_TYPE = "[I";
    static final String WIDE_MAP_TYPE = "[J";
    static final String STATE_TYPE = "[J";
    static final String CONTEXT_TYPE = "org/gearshift/ir/GuestContext";
    static final String SELF_TYPE = "org/gearshift/backend/jvm/CompiledRegion";

    private final Code code;
    private int firstTemp;
    private int next;
    private final Deque<Integer> freeInts = new ArrayDeque<>();
    private final Deque<Integer> freeLongs = new ArrayDeque<>();
    private final Type[] tempTypes = new Type[1 << 12];

    Locals(Code code) {
        this.code = code;
    }

    /** Sets the first number for temporaries. */
    void tempsFrom(int local) {
        firstTemp = local;
        next = local;
    }

    /** A temporary that the caller stores to before the next label. */
    int allocate(Type t) {
        Deque<Integer> free = t == Type.I64 ? freeLongs : freeInts;
        int local;
        if (free.isEmpty()) {
            local = next;
            next += t == Type.I64 ? 2 : 1;
        } else {
            local = free.pop();
        }
        tempTypes[local] = t;
        code.declare(local, Code.item(t));
        return local;
    }

    void release(int local) {
        code.forget(local);
        (tempTypes[local] == Type.I64 ? freeLongs : freeInts).push(local);
    }

    /** Forgets all temporaries: at the end of a block. */
    void releaseAll() {
        for (int i = firstTemp; i < next; i++) {
            code.forget(i);
        }
        freeInts.clear();
        freeLongs.clear();
        Arrays.fill(tempTypes, firstTemp, next, null);
        next = firstTemp;
    }
}
