package org.gearshift.vmm.policy;

/** Something a policy does not allow; the message names the rule. */
public final class Denied extends Exception {
    private static final long serialVersionUID = 1L;

    Denied(String message) {
        super(message);
    }
}
