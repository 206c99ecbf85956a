package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.GOTO;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.gearshift.ir.Type;
import org.objectweb.asm.Label;

/**
 * Where accesses go that their fast path does not cover, in code that leaves the region then: the instruction is executed elsewhere, from its start.
 *
 * <p>HotSpot's optimizing compiler keeps nothing in registers across a call, and where a loop can come to one it keeps nothing in registers at all. A slow path
 * that is left for good costs a loop nothing.
 */
final class Misses {
    private record Site(int number, List<Object> stack) { }

    private final Code c;
    private final boolean leave;
    private final Map<Site, Label> labels = new LinkedHashMap<>();
    private boolean direct;
    private boolean loaded;
    private boolean stored;

    /** @param leave whether code leaves the region at all */
    Misses(Code c, boolean leave) {
        this.c = c;
        this.leave = leave;
    }

    /** Whether the code that follows works on the state array: it calls its slow paths. */
    void direct(boolean d) {
        direct = d;
    }

    /** A guest instruction begins. */
    void instruction() {
        loaded = false;
        stored = false;
    }

    /** The instruction has loaded: what its stores change it might load again from its start. */
    void loaded() {
        loaded = true;
    }

    void stored() {
        stored = true;
    }

    /** True if a load or a check here is to leave the region: not if the instruction has stored, perhaps to where it loads (ENTER). */
    boolean leave() {
        return leave && !direct && !stored;
    }

    /** True if a store here is to leave the region: what was stored before it is stored again, if nothing has been loaded. */
    boolean leaveAtStore() {
        return leave && !direct && !(stored && loaded);
    }

    /** Where to jump with these operands on the stack; they are dropped. */
    Label at(int site, List<Object> stack) {
        return labels.computeIfAbsent(new Site(site, List.copyOf(stack)), k -> new Label());
    }

    boolean isEmpty() {
        return labels.isEmpty();
    }

    /** Emits what {@link #at} jumps to: the complement of the site's number to {@link Locals#SCRATCH}, then {@code to}. */
    void emit(Label to) {
        labels.forEach((site, label) -> {
            c.stack(site.stack());
            c.label(label);
            while (!c.stackEmpty()) {
                c.drop();
            }
            c.constant(~site.number());
            c.store(Type.I32, Locals.SCRATCH);
            c.jump(GOTO, 0, to);
        });
    }
}
