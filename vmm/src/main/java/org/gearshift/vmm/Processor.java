package org.gearshift.vmm;

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
import org.gearshift.vmm.pc.PcPlatform;

/**
 * One processor of a machine with all that is its own: state, shadow page tables, translated code, the loop that runs it. Memory and devices are the machine's.
 */
final class Processor {
    private static final int NONE = -1;

    /** 0.., its APIC id at power-on; 0 is the bootstrap processor. */
    final int number;
    final CodePages code;
    final ShadowMmu mmu;
    final VCpu cpu;
    final InterruptSource interrupts;
    private Engine engine;
    private long portAccesses;
    private volatile boolean waitsForStartUp;
    private volatile boolean initRequested;
    private volatile int startUpVector = NONE;

    /**
     * A processor at power-on; all but the first wait for a start-up message.
     *
     * @param code tracking of the code it translates
     * @param mmu made with {@code code}; {@code memory} must know those of all processors before the first of them is made
     */
    Processor(int number, int processors, PhysicalMemory memory, CodePages code, ShadowMmu mmu, PcPlatform platform, RandomNumbers random, CpuModel model) {
        this.number = number;
        this.code = code;
        this.mmu = mmu;
        this.waitsForStartUp = number != 0;
        interrupts = platform.interruptSource(number);
        cpu = new VCpu(new VCpu.Environment(memory, code, mmu, new WatchedPorts(platform.portSpace()), interrupts, platform.timeSource(),
                platform.apicBaseMsr(number), platform.taskPriority(number), platform.numericErrorLine(), random, model));
        cpu.place(number, processors);
    }

    /** Tells the engine of every port access: devices re-arm events there. */
    private final class WatchedPorts implements PortSpace {
        private final PortSpace ports;

        WatchedPorts(PortSpace ports) {
            this.ports = ports;
        }

        @Override
        public int in(int port, int bits) {
            engine.devicesTouched();
            portAccesses++;
            return ports.in(port, bits);
        }

        @Override
        public void out(int port, int value, int bits) {
            engine.devicesTouched();
            portAccesses++;
            ports.out(port, value, bits);
        }
    }

    /** Gives it the loop that runs it. */
    void attach(PhysicalMemory memory, EventTimer timer, EngineOptions options) {
        engine = new Engine(cpu, mmu, memory, code, interrupts, timer, options);
        code.setListener(engine::codeWritten);
    }

    Engine engine() {
        return engine;
    }

    /** Accesses of its code to I/O ports. */
    long portAccesses() {
        return portAccesses;
    }

    /** The INIT signal. Any thread that has the devices. */
    void init() {
        startUpVector = NONE;
        initRequested = true;
        engine.requestStop();
    }

    /** The start-up message. Any thread that has the devices. */
    void startUp(int vector) {
        if (waitsForStartUp || initRequested) {
            startUpVector = vector;
        }
    }

    /** Whether the run must end for {@link #ready} to be asked. */
    boolean isInitRequested() {
        return initRequested;
    }

    /** Whether it has no code to run before a start-up message comes. */
    boolean waitsForStartUp() {
        return waitsForStartUp;
    }

    /** Acts on the INIT signal and the start-up message. @return whether it has code to run */
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
