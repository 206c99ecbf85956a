package org.gearshift.vmm.xen;

/** A pointer that the guest gave cannot be followed: the hypercall ends with EFAULT. Carries no stack trace. */
final class GuestPointerFault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    static final GuestPointerFault INSTANCE = new GuestPointerFault();

    private GuestPointerFault() {
        super("a guest pointer cannot be followed", null, false, false);
    }
}
