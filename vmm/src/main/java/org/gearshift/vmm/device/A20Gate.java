package org.gearshift.vmm.device;

import java.util.function.Consumer;

/**
 * The switch that the keyboard controller's output port and port 92h share: the last writer wins. Open at power-on, as firmware of this
 * century leaves it.
 */
public final class A20Gate {
    private final Consumer<Boolean> addressLine;
    private boolean enabled = true;

    /** @param addressLine told of each change: true lets address line 20 pass */
    public A20Gate(Consumer<Boolean> addressLine) {
        this.addressLine = addressLine;
    }

    /** True if address line 20 passes. */
    public boolean isEnabled() {
        return enabled;
    }

    void set(boolean enable) {
        if (enabled != enable) {
            enabled = enable;
            addressLine.accept(enable);
        }
    }
}
