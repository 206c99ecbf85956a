package org.gearshift.vmm.virtio;

import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;
import org.gearshift.vmm.clock.HostWork;

/** What a device knows of the machine it is plugged into. Not for other threads, but for {@link #hostWork}, which is there for them. */
public interface VirtioTransport {
    /** Virtqueue {@code index}, 0 to the number of queues less one. */
    Virtqueue queue(int index);

    /** Feature bits that device and driver agreed on; 0 until they have. */
    long features();

    /** True from DRIVER_OK until the device is reset or found broken. */
    boolean isRunning();

    /** The configuration space has changed: the driver is told. */
    void configurationChanged();

    /** The driver has broken the protocol: DEVICE_NEEDS_RESET; nothing more is taken from the queues. The first time is logged. */
    void broken(String why);

    /** The machine's time. */
    GuestClock clock();

    /** For what the device wants to do later. */
    EventQueue events();

    /** For what other threads want to do to the device. */
    HostWork hostWork();
}
