package org.gearshift.vmm.debug;

/**
 * Something other than a place in memory that processors stop at: behind the instruction that does it, or, for what is delivered, at the first instruction of the handler.
 *
 * @param kind what happens
 * @param first lowest number that counts: port, MSR, register or vector; unsigned
 * @param last highest number
 */
public record EventCatch(Kind kind, long first, long last) {
    /** What can happen. */
    public enum Kind {
        /** IN and OUT of a port, 0 to ffff. */
        PORT,
        /** An access to physical memory that is not RAM, by address. */
        MMIO,
        /** RDMSR and WRMSR, by number. */
        MSR,
        /** A write of a control register, by number. */
        CONTROL_REGISTER,
        /** An external interrupt or NMI, by vector. */
        INTERRUPT,
        /** An exception, by vector. */
        EXCEPTION,
        /** VMCALL, or a hypercall of a paravirtual kernel, by what is in EAX. */
        HYPERCALL,
        /** The processor changes between real, virtual-8086, protected 16 and 32-bit, and 64-bit mode; without number. */
        MODE
    }

    /** Any of a kind. */
    public static EventCatch any(Kind kind) {
        return new EventCatch(kind, 0, -1L);
    }

    boolean matches(Kind what, long number) {
        return what == kind && Long.compareUnsigned(number, first) >= 0 && Long.compareUnsigned(number, last) <= 0;
    }
}
