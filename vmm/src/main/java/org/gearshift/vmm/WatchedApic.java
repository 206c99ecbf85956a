package org.gearshift.vmm;

import org.gearshift.vmm.cpu.ApicMsrs;
import org.gearshift.vmm.engine.Engine;

/** A local APIC by way of its MSRs that tells the engine of writes: they arm the timer or send interrupts. */
final class WatchedApic implements ApicMsrs {
    private final ApicMsrs apic;
    private Engine engine;

    WatchedApic(ApicMsrs apic) {
        this.apic = apic;
    }

    void attach(Engine e) {
        engine = e;
    }

    @Override
    public long read() {
        return apic.read();
    }

    @Override
    public boolean write(long value) {
        engine.devicesTouched();
        return apic.write(value);
    }

    @Override
    public long readRegister(int register) {
        return apic.readRegister(register);
    }

    @Override
    public boolean writeRegister(int register, long value) {
        engine.devicesTouched();
        return apic.writeRegister(register, value);
    }

    @Override
    public long deadline() {
        return apic.deadline();
    }

    @Override
    public void setDeadline(long tsc) {
        engine.devicesTouched();
        apic.setDeadline(tsc);
    }
}
