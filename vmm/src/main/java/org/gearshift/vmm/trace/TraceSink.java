package org.gearshift.vmm.trace;

/** Who gets events. */
@FunctionalInterface
public interface TraceSink {
    /** Called on the processor's thread, in the order of events. See {@link TraceEvent}. */
    void event(TraceKind kind, long retired, long pc, long a, long b, long c);
}
