package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.IADD;

import org.gearshift.ir.Type;

/** Bytecode that works on the instruction budget: in a local for the whole region, or in place, in the context. */
final class Budget {
    private static final String FIELD = "budget";

    private final Code c;
    private final boolean inPlace;

    Budget(Code c, boolean inPlace) {
        this.c = c;
        this.inPlace = inPlace;
    }

    /** Context to local, where that is its home. */
    void fetch() {
        if (!inPlace) {
            pushFromContext();
            c.store(Type.I32, Locals.BUDGET);
        }
    }

    /** Local to context. */
    void writeBack() {
        if (!inPlace) {
            toContext(0);
        }
    }

    /** Pushes it. */
    void push() {
        if (inPlace) {
            pushFromContext();
        } else {
            c.load(Type.I32, Locals.BUDGET);
        }
    }

    void add(int n) {
        if (!inPlace) {
            c.increment(Locals.BUDGET, n);
        } else {
            addInContext(n);
        }
    }

    /** Before a call of the monitor: the context's becomes this one plus {@code refund}. */
    void expose(int refund) {
        if (inPlace) {
            addInContext(refund);
        } else {
            toContext(refund);
        }
    }

    /** After a call that cannot have changed it: takes back what {@link #expose} has done. */
    void conceal(int refund) {
        if (inPlace) {
            addInContext(-refund);
        }
    }

    /** After a call that may have changed it: this one becomes the context's less {@code refund}. */
    void adopt(int refund) {
        fetch();
        add(-refund);
    }

    private void pushFromContext() {
        c.loadRef(Locals.CONTEXT, Locals.CONTEXT_TYPE);
        c.getField(Locals.CONTEXT_TYPE, FIELD, "I");
    }

    private void toContext(int more) {
        c.loadRef(Locals.CONTEXT, Locals.CONTEXT_TYPE);
        c.load(Type.I32, Locals.BUDGET);
        if (more != 0) {
            c.constant(more);
            c.op(IADD);
        }
        c.putField(Locals.CONTEXT_TYPE, FIELD, "I");
    }

    private void addInContext(int n) {
        c.loadRef(Locals.CONTEXT, Locals.CONTEXT_TYPE);
        c.dup();
        c.getField(Locals.CONTEXT_TYPE, FIELD, "I");
        c.constant(n);
        c.op(IADD);
        c.putField(Locals.CONTEXT_TYPE, FIELD, "I");
    }
}
