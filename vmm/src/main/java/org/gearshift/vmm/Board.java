package org.gearshift.vmm;

import org.gearshift.paging.DeviceGate;
import org.gearshift.paging.PhysicalMemory;

/** What the processors of a machine share, as those see it who run them. */
interface Board {
    PhysicalMemory memory();

    /** A processor is the one that uses the devices from now on, in turns or as it has got at them. */
    void select(int processor);

    /**
     * Says that a processor is run on a thread of its own, before it is.
     *
     * @param gate passed to get at what all share; the processor rests while it waits there
     * @param kick ends its sleep: to be called when its interrupt pin is raised, on any thread
     */
    void runsApart(int processor, DeviceGate gate, Runnable kick);
}
