package org.gearshift.vmm.pc;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.paging.GuestRam;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.vmm.acpi.AcpiTables;
import org.gearshift.vmm.bus.InterruptLine;
import org.gearshift.vmm.bus.PortBus;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;
import org.gearshift.vmm.clock.HostWork;
import org.gearshift.vmm.clock.VirtualClock;
import org.gearshift.vmm.clock.WallClock;
import org.gearshift.vmm.cpu.ApicMsrs;
import org.gearshift.vmm.cpu.InterruptSource;
import org.gearshift.vmm.cpu.NumericErrorLine;
import org.gearshift.vmm.cpu.PortSpace;
import org.gearshift.vmm.cpu.TaskPriority;
import org.gearshift.vmm.cpu.TimeSource;
import org.gearshift.vmm.device.A20Gate;
import org.gearshift.vmm.device.ApicBus;
import org.gearshift.vmm.device.DebugExit;
import org.gearshift.vmm.device.Device;
import org.gearshift.vmm.device.Dma8237;
import org.gearshift.vmm.device.HostBridge440Fx;
import org.gearshift.vmm.device.I8042;
import org.gearshift.vmm.device.IoApic;
import org.gearshift.vmm.device.IsaBridgePiix3;
import org.gearshift.vmm.device.LocalApic;
import org.gearshift.vmm.device.Mc146818;
import org.gearshift.vmm.device.PciHost;
import org.gearshift.vmm.device.PicPair;
import org.gearshift.vmm.device.Pit8254;
import org.gearshift.vmm.device.PostPort;
import org.gearshift.vmm.device.PowerManagementPiix4;
import org.gearshift.vmm.device.SystemPorts;
import org.gearshift.vmm.device.Uart16550;
import org.gearshift.vmm.virtio.VirtioDevice;
import org.gearshift.vmm.virtio.VirtioFunction;

/**
 * A PC: 440FX and PIIX with an I/O APIC, two serial ports, keyboard and mouse, ACPI. It has no display adapter, disk or HPET.
 *
 * <p>ISA interrupts reach both the 8259 pair and the I/O APIC; interrupt 0 is input 2 there. All methods but those that deliver input from
 * the host belong to the vCPU thread, or, with several vCPUs, to whoever holds the device lock; the loop that runs the vCPU (or the event
 * thread) calls {@link #poll} now and then and runs due events.
 */
public final class PcPlatform {
    private static final int SNAPSHOT_VERSION = 2;
    private static final int ISA_IRQS = 16;
    private static final int IRQ_TIMER = 0;
    private static final int IRQ_KEYBOARD = 1;
    private static final int IRQ_COM2 = 3;
    private static final int IRQ_COM1 = 4;
    private static final int IRQ_RTC = 8;
    private static final int IRQ_MOUSE = 12;
    private static final int IRQ_COPROCESSOR = 13;
    private static final int IOAPIC_TIMER_PIN = 2;
    private static final int PIIX_SLOT = 1;
    private static final int PIIX_PM_FUNCTION = 3;
    /** IRQ 9, 10 and 11 carry level-triggered sources: SCI and PCI. */
    private static final int ELCR_SLAVE = 0x0e;

    private final PhysicalMemory memory;
    private final GuestClock clock;
    private final EventQueue events;
    private final PcOptions options;
    private final PortBus ports = new PortBus();
    private final ApicBus apicBus = new ApicBus();
    private final IoApic ioApic = new IoApic(apicBus);
    private final PicPair pic;
    private final LocalApic[] lapics;
    private final LocalApicWindow lapicWindow;
    private final Pit8254 pit;
    private final Mc146818 rtc;
    private final Uart16550 com1;
    private final Uart16550 com2;
    private final I8042 keyboard;
    private final SystemPorts systemPorts;
    private final PostPort post = new PostPort();
    private final PciHost pci = new PciHost();
    private final IsaBridgePiix3 isaBridge;
    private final PowerManagementPiix4 power;
    private final List<Device> devices = new ArrayList<>();
    private PlatformListener listener;
    private long lapicBase = LocalApic.DEFAULT_BASE;
    private volatile boolean inputArrived;
    private volatile Runnable wakeUp = () -> { };
    private final HostWork hostWork = new HostWork(this::inputArrived);

    /**
     * Builds the machine around {@code memory}, maps its windows and brings it to the state firmware would leave.
     *
     * @param clock the machine's time
     * @param events where devices schedule; run by the vCPU loop against the same clock
     * @param listener told when the guest ends or resets the machine
     */
    public PcPlatform(PhysicalMemory memory, GuestClock clock, EventQueue events, PcOptions options, PlatformListener listener) {
        this.memory = memory;
        this.clock = clock;
        this.events = events;
        this.options = options;
        this.listener = listener;
        lapics = new LocalApic[options.cpus()];
        for (int cpu = 0; cpu < lapics.length; cpu++) {
            lapics[cpu] = new LocalApic(cpu, apicBus, clock, events, this::intAcknowledge);
        }
        pic = new PicPair(this::intr);
        lapicWindow = new LocalApicWindow(lapics[0]);
        A20Gate a20 = new A20Gate(memory::setA20);
        Runnable resetLine = () -> this.listener.reset();
        pit = new Pit8254(clock, events, isaIrq(IRQ_TIMER));
        rtc = new Mc146818(clock, wallClock(), events, isaIrq(IRQ_RTC));
        com1 = new Uart16550("com1", Uart16550.COM1, clock, events, isaIrq(IRQ_COM1));
        com2 = new Uart16550("com2", Uart16550.COM2, clock, events, isaIrq(IRQ_COM2));
        keyboard = new I8042(isaIrq(IRQ_KEYBOARD), isaIrq(IRQ_MOUSE), a20, resetLine);
        systemPorts = new SystemPorts(a20, isaIrq(IRQ_COPROCESSOR), resetLine);
        InterruptLine[] isa = new InterruptLine[ISA_IRQS];
        for (int irq = 0; irq < ISA_IRQS; irq++) {
            isa[irq] = isaIrq(irq);
        }
        isaBridge = new IsaBridgePiix3(isa);
        power = new PowerManagementPiix4(clock, events, isaIrq(AcpiTables.SCI), () -> this.listener.powerOff());
        attach();
        reset();
    }

    private void attach() {
        pic.attach(ports);
        pit.attach(ports);
        rtc.attach(ports);
        com1.attach(ports);
        com2.attach(ports);
        keyboard.attach(ports);
        systemPorts.attach(ports);
        post.attach(ports);
        power.attach(ports);
        pci.attach(ports);
        Dma8237 dma = new Dma8237();
        dma.attach(ports);
        new DebugExit(code -> listener.debugExit(code)).attach(ports);
        pci.plug(0, 0, new HostBridge440Fx());
        pci.plug(PIIX_SLOT, 0, isaBridge);
        pci.plug(PIIX_SLOT, PIIX_PM_FUNCTION, power);
        for (int wire = 0; wire < PciHost.PIRQS; wire++) {
            pci.connectPirq(wire, isaBridge.pirq(wire));
        }
        memory.mapMmio(IoApic.BASE, IoApic.WINDOW, new IoApicWindow(ioApic));
        memory.mapMmio(lapicBase, LocalApic.WINDOW, lapicWindow);
        // Interrupt controllers first: restoring drives the other devices' lines to the levels they already know.
        devices.addAll(List.of(pic, ioApic));
        devices.addAll(List.of(lapics));
        devices.addAll(List.of(pit, rtc, com1, com2, keyboard, systemPorts, post, dma, pci));
        pci.connectMessages(apicBus::message);
        Runnable noted = this::inputArrived;
        com1.onInput(noted);
        com2.onInput(noted);
        keyboard.onInput(noted);
        power.onInput(noted);
    }

    private void inputArrived() {
        inputArrived = true;
        wakeUp.run();
    }

    /** Plugs a device into the PCI bus, as it was before power was switched on. */
    public void attach(VirtioDevice device) {
        pci.plug(new VirtioFunction(device, new VirtioFunction.Environment(memory, ports, clock, events, hostWork)));
        PciSetup.write(pci, isaBridge);
    }

    private WallClock wallClock() {
        Instant date = options.powerOnDate();
        if (date != null) {
            return WallClock.from(date, clock);
        }
        return clock.isVirtual() ? WallClock.from(WallClock.VIRTUAL_EPOCH, clock) : WallClock.host();
    }

    private int intAcknowledge() {
        return pic.acknowledge();
    }

    /** The 8259 pair's output: LINT0 of the bootstrap processor and input 0 of the I/O APIC. */
    private void intr(boolean asserted) {
        lapics[0].lint0().set(asserted);
        ioApic.setPin(0, asserted);
    }

    /** The wire of an ISA interrupt: input {@code irq} of the 8259 pair, and of the I/O APIC, where 0 is input 2 and 2 is nothing. */
    private InterruptLine isaIrq(int irq) {
        if (irq == IOAPIC_TIMER_PIN) {
            return InterruptLine.NONE;
        }
        return InterruptLine.both(pic.irq(irq), ioApic.pin(irq == IRQ_TIMER ? IOAPIC_TIMER_PIN : irq));
    }

    /** Resets every device and does what firmware does before it starts a system: routing, virtual wire mode, CMOS; the ACPI tables. */
    public void reset() {
        for (Device device : devices) {
            device.reset();
        }
        moveLapicWindow();
        initializePic(PicPair.MASTER, 0x08, 4);
        initializePic(PicPair.SLAVE, 0x70, 2);
        pic.write(PicPair.ELCR + 1, ELCR_SLAVE, 8);
        lapics[0].virtualWire();
        GuestRam ram = memory.ram();
        CmosSetup.write(rtc, ram.lowEnd(), Math.max(0, ram.end() - GuestRam.HIGH_START), options.cpus());
        PciSetup.write(pci, isaBridge);
        writeAcpiTables();
    }

    /** Vectors as the PC BIOS has them, everything masked. */
    private void initializePic(int port, int vectorBase, int cascade) {
        pic.write(port, 0x11, 8);
        pic.write(port + 1, vectorBase, 8);
        pic.write(port + 1, cascade, 8);
        pic.write(port + 1, 0x01, 8);
        pic.write(port + 1, 0xff, 8);
    }

    /**
     * Writes the ACPI tables to guest RAM again, after a loader cleared it.
     *
     * @return physical address of the RSDP
     */
    public long writeAcpiTables() {
        return AcpiTables.write(memory.ram(), options.cpus());
    }

    /** Takes over what the host sent: serial bytes, keys, the power button. Cheap if there is nothing. */
    public void poll() {
        if (inputArrived) {
            inputArrived = false;
            hostWork.run();
            com1.poll();
            com2.poll();
            keyboard.poll();
            power.poll();
        }
    }

    /** Where other host threads leave what is to be done to devices. */
    public HostWork hostWork() {
        return hostWork;
    }

    /** What to call on the host's thread when it delivered input, to wake a vCPU that sleeps. */
    public void onInput(Runnable action) {
        wakeUp = action;
    }

    /** Exchanges the listener. */
    public void listen(PlatformListener to) {
        listener = to;
    }

    /** The I/O ports. */
    public PortBus ports() {
        return ports;
    }

    /**
     * The ports as a vCPU sees them. With a virtual clock an access to a legacy port lets time pass ({@link PcOptions#portNanos}): after
     * each one the loop must look at due events and its instruction budget again.
     */
    public PortSpace portSpace() {
        PortSpace direct = new PortSpace() {
            @Override
            public int in(int port, int bits) {
                memory.devices().enter();
                try {
                    return ports.read(port, bits);
                } finally {
                    memory.devices().leave();
                }
            }

            @Override
            public void out(int port, int value, int bits) {
                memory.devices().enter();
                try {
                    ports.write(port, value, bits);
                } finally {
                    memory.devices().leave();
                }
            }
        };
        boolean slow = clock instanceof VirtualClock && options.portNanos() > 0;
        return slow ? new SlowPorts(direct, (VirtualClock) clock, options.portNanos()) : direct;
    }

    /** True if processor 0 should take an interrupt: from its local APIC, or from the 8259 pair through it. */
    public boolean interruptPending() {
        return lapics[0].interruptPending();
    }

    /** Processor 0's acknowledge cycle. @return the vector, 0..255 */
    public int acknowledge() {
        return lapics[0].acknowledge();
    }

    /** What drives the interrupt pin of processor {@code cpu}. */
    public InterruptSource interruptSource(int cpu) {
        LocalApic lapic = lapics[cpu];
        return new InterruptSource() {
            @Override
            public boolean pending() {
                return lapic.interruptPending();
            }

            @Override
            public int acknowledge() {
                memory.devices().enter();
                try {
                    return lapic.acknowledge();
                } finally {
                    memory.devices().leave();
                }
            }

            @Override
            public boolean nonMaskablePossible() {
                return lapic.lint0RaisesNmi();
            }
        };
    }

    /** The time-stamp counter: one tick a nanosecond of the machine's clock. */
    public TimeSource timeSource() {
        return clock::nanos;
    }

    /** CR8 of a processor. */
    public TaskPriority taskPriority(int cpu) {
        LocalApic lapic = lapics[cpu];
        return new TaskPriority() {
            @Override
            public int read() {
                return lapic.taskPriorityClass();
            }

            @Override
            public void write(int priority) {
                memory.devices().enter();
                try {
                    lapic.setTaskPriorityClass(priority);
                } finally {
                    memory.devices().leave();
                }
            }
        };
    }

    /** The registers of processor {@code cpu} that its local APIC has. */
    public ApicMsrs apicMsrs(int cpu) {
        LocalApic lapic = lapics[cpu];
        return new ApicMsrs() {
            @Override
            public long read() {
                return lapic.baseMsr();
            }

            @Override
            public boolean write(long value) {
                memory.devices().enter();
                try {
                    boolean done = lapic.setBaseMsr(value);
                    moveLapicWindow();
                    return done;
                } finally {
                    memory.devices().leave();
                }
            }

            @Override
            public long readRegister(int register) {
                memory.devices().enter();
                try {
                    return lapic.readMsr(register);
                } finally {
                    memory.devices().leave();
                }
            }

            @Override
            public boolean writeRegister(int register, long value) {
                memory.devices().enter();
                try {
                    return lapic.writeMsr(register, value);
                } finally {
                    memory.devices().leave();
                }
            }

            @Override
            public long deadline() {
                return lapic.tscDeadline();
            }

            @Override
            public void setDeadline(long tsc) {
                memory.devices().enter();
                try {
                    lapic.setTscDeadline(tsc);
                } finally {
                    memory.devices().leave();
                }
            }
        };
    }

    /** FERR# and IGNNE# of the processors. */
    public NumericErrorLine numericErrorLine() {
        return new NumericErrorLine() {
            @Override
            public void raise() {
                drive(true);
            }

            @Override
            public void lower() {
                drive(false);
            }

            private void drive(boolean active) {
                memory.devices().enter();
                try {
                    systemPorts.coprocessorError(active);
                } finally {
                    memory.devices().leave();
                }
            }

            @Override
            public boolean ignored() {
                return systemPorts.coprocessorErrorIgnored();
            }
        };
    }

    /** How many processors there are. */
    public int processors() {
        return lapics.length;
    }

    /** Says which processor's accesses follow: all see their own local APIC at the same address. */
    public void select(int cpu) {
        lapicWindow.select(lapics[cpu]);
    }

    private void moveLapicWindow() {
        long base = lapics[0].baseMsr() & ~0xfffL;
        if (base != lapicBase) {
            memory.unmapMmio(lapicWindow);
            memory.mapMmio(base, LocalApic.WINDOW, lapicWindow);
            lapicBase = base;
        }
    }

    /** Processor 0's local APIC. */
    public LocalApic lapic() {
        return lapics[0];
    }

    /** Processor {@code cpu}'s local APIC. */
    public LocalApic lapic(int cpu) {
        return lapics[cpu];
    }

    /** Carries INIT, start-up and NMI to processors. */
    public ApicBus apicBus() {
        return apicBus;
    }

    /** First serial port. */
    public Uart16550 com1() {
        return com1;
    }

    /** Second serial port. */
    public Uart16550 com2() {
        return com2;
    }

    /** Keyboard and mouse. */
    public I8042 keyboard() {
        return keyboard;
    }

    /** Clock and battery-backed RAM. */
    public Mc146818 rtc() {
        return rtc;
    }

    /** PCI bus 0, to plug further devices into before the guest starts. */
    public PciHost pci() {
        return pci;
    }

    /** The power button. */
    public PowerManagementPiix4 power() {
        return power;
    }

    /** The machine's time. */
    public GuestClock clock() {
        return clock;
    }

    /** What is scheduled. */
    public EventQueue events() {
        return events;
    }

    /** Physical address space the machine is built around. */
    public PhysicalMemory memory() {
        return memory;
    }

    /** All devices, for counters. */
    public List<Device> devices() {
        return List.copyOf(devices);
    }

    /** Saves time and every device; memory and processors are their owners' business. */
    public void save(DataOutput out) throws IOException {
        out.writeInt(SNAPSHOT_VERSION);
        clock.save(out);
        out.writeInt(devices.size());
        for (Device device : devices) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            device.save(new DataOutputStream(bytes));
            out.writeUTF(device.name());
            out.writeInt(bytes.size());
            out.write(bytes.toByteArray());
        }
    }

    /**
     * Restores what {@link #save} wrote, into a machine of the same options.
     *
     * @throws IOException if the snapshot is of another version or machine
     */
    public void restore(DataInput in) throws IOException {
        int version = in.readInt();
        if (version != SNAPSHOT_VERSION) {
            throw new IOException("platform snapshot version " + version);
        }
        clock.restore(in);
        int count = in.readInt();
        if (count != devices.size()) {
            throw new IOException("snapshot has " + count + " devices, the machine " + devices.size());
        }
        for (Device device : devices) {
            String name = in.readUTF();
            int length = in.readInt();
            if (!name.equals(device.name()) || length < 0 || length > 1 << 20) {
                throw new IOException("snapshot has " + name + " of " + length + " bytes where the machine has " + device.name());
            }
            byte[] bytes = new byte[length];
            in.readFully(bytes);
            device.restore(new DataInputStream(new ByteArrayInputStream(bytes)));
        }
        moveLapicWindow();
    }
}
