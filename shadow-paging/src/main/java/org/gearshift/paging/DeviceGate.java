package org.gearshift.paging;

/** What a vCPU passes to reach devices: one at a time. */
public interface DeviceGate {
    /** For a lone vCPU. */
    DeviceGate OPEN = new DeviceGate() {
        @Override
        public void enter() {
        }

        @Override
        public void leave() {
        }
    };

    /** Waits until nobody else is at the devices; may be nested. */
    void enter();

    /** Lets others. */
    void leave();
}
