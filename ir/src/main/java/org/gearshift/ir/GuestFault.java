package org.gearshift.ir;

/**
 * Thrown out of a memory access, helper or monitor service to abandon the current guest instruction. Carries no
 * stack trace and is reused: one instance a context. Before it leaves the engine, every state slot is exact as of the
 * start of the instruction (plus whatever a helper or monitor service committed itself) and the pc slot holds its address.
 */
public final class GuestFault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why the instruction was abandoned. */
    public enum Kind {
        /** The guest takes exception {@link #vector}. */
        EXCEPTION,
        /**
         * Nothing happened yet, but this access has effects outside RAM, or changes translated code: the vCPU loop executes this one instruction
         * again with {@link GuestContext#exact} set.
         */
        RESTART_EXACT,
        /** Nothing happened yet: compiled code leaves this instruction, whose memory access has no fast path, to the vCPU loop, which executes it like {@link #RESTART_EXACT}. */
        MISS,
        /** The instruction does not begin before the vCPU has taken an interrupt. */
        WAIT_FOR_INTERRUPT,
        /** A locked operation found that another vCPU had changed its location since it was loaded: nothing happened, the instruction begins anew. */
        RETRY
    }

    /** See {@link Kind}. */
    public Kind kind = Kind.EXCEPTION;
    /** Exception vector, 0..31. */
    public int vector;
    /** Error code, or -1 if the vector pushes none. */
    public int errorCode;

    public GuestFault() {
        super(null, null, false, false);
    }

    @Override
    public String getMessage() {
        return kind + " vector " + vector + " error code " + errorCode;
    }
}
