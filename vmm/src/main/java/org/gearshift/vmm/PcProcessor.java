package org.gearshift.vmm;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.gearshift.paging.CodePages;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.vmm.cpu.CpuModel;
import org.gearshift.vmm.cpu.InterruptSource;
import org.gearshift.vmm.cpu.PortSpace;
import org.gearshift.vmm.cpu.RandomNumbers;
import org.gearshift.vmm.cpu.VCpu;
import org.gearshift.vmm.engine.Engine;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.engine.EventTimer;
import org.gearshift.vmm.engine.RegionLibrary;
import org.gearshift.vmm.pc.PcPlatform;

/** A processor of a PC: it has ports, and INIT and start-up messages stop and start it. */
final class PcProcessor extends Processor {
    private static final int NONE = -1;

    private final WatchedPorts ports;
    private final WatchedApic apic;
    private volatile boolean waitsForStartUp;
    private volatile boolean initRequested;
    private volatile int startUpVector = NONE;

    private PcProcessor(int number, CodePages code, ShadowMmu mmu, InterruptSource interrupts, VCpu cpu, WatchedPorts ports, WatchedApic apic) {
        super(number, code, mmu, interrupts, cpu);
        this.ports = ports;
        this.apic = apic;
        this.waitsForStartUp = number != 0;
    }

    /**
     * A processor at power-on; all but the first wait for a start-up message.
     *
     * @param number its APIC id
     * @param code tracking of the code it translates
     * @param mmu made with {@code code}; {@code memory} must know those of all processors before the first of them is made
     */
    static PcProcessor of(int number, int processors, PhysicalMemory memory, CodePages code, ShadowMmu mmu, PcPlatform platform, RandomNumbers random,
            CpuModel model) {
        WatchedPorts ports = new WatchedPorts(platform.portSpace());
        WatchedApic apic = new WatchedApic(platform.apicMsrs(number));
        InterruptSource interrupts = platform.interruptSource(number);
        VCpu cpu = new VCpu(new VCpu.Environment(memory, code, mmu, ports, interrupts, platform.timeSource(), apic,
                platform.taskPriority(number), platform.numericErrorLine(), random, model));
        cpu.place(number, processors);
        return new PcProcessor(number, code, mmu, interrupts, cpu, ports, apic);
    }

    /** Tells the engine of every port access: devices re-arm events there. */
    private static final class WatchedPorts implements PortSpace {
        private final PortSpace ports;
        private Engine engine;
        private long accesses;

        WatchedPorts(PortSpace ports) {
            this.ports = ports;
        }

        @Override
        public int in(int port, int bits) {
            engine.devicesTouched();
            accesses++;
            return ports.in(port, bits);
        }

        @Override
        public void out(int port, int value, int bits) {
            engine.devicesTouched();
            accesses++;
            ports.out(port, value, bits);
        }
    }

    @Override
    void attach(PhysicalMemory memory, EventTimer timer, EngineOptions options, RegionLibrary library) {
        super.attach(memory, timer, options, library);
        ports.engine = engine();
        apic.attach(engine());
    }

    /** Accesses of its code to I/O ports. */
    long portAccesses() {
        return ports.accesses;
    }

    /** The INIT signal. Any thread that has the devices. */
    void init() {
        startUpVector = NONE;
        initRequested = true;
        engine().requestStop();
    }

    /** The start-up message. Any thread that has the devices. */
    void startUp(int vector) {
        if (waitsForStartUp || initRequested) {
            startUpVector = vector;
        }
    }

    /** Saves its state, and what it has been told. While it does not run. */
    void save(DataOutput out) throws IOException {
        cpu.save(out);
        out.writeBoolean(waitsForStartUp);
        out.writeBoolean(initRequested);
        out.writeInt(startUpVector);
    }

    /** Reads what {@link #save} wrote. */
    void restore(DataInput in) throws IOException {
        cpu.restore(in);
        waitsForStartUp = in.readBoolean();
        initRequested = in.readBoolean();
        startUpVector = in.readInt();
    }

    @Override
    boolean isSignalled() {
        return initRequested;
    }

    @Override
    boolean waitsForStart() {
        return waitsForStartUp;
    }

    /** Acts on the INIT signal and the start-up message. */
    @Override
    boolean ready() {
        if (initRequested) {
            waitsForStartUp = true;
            initRequested = false;
            cpu.init();
        }
        if (waitsForStartUp) {
            int vector = startUpVector;
            if (vector == NONE) {
                return false;
            }
            startUpVector = NONE;
            cpu.startUp(vector);
            waitsForStartUp = false;
        }
        return true;
    }
}
