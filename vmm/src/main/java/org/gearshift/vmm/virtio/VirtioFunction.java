package org.gearshift.vmm.virtio;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.gearshift.paging.MmioHandler;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.vmm.bus.PortBus;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;
import org.gearshift.vmm.clock.HostWork;
import org.gearshift.vmm.device.PciFunction;

/**
 * A virtio device on the PCI bus (VIRTIO 1.2, 4.1), transitional: BAR 0 is the legacy interface, BAR 1 the MSI-X table, BAR 4 the registers that modern drivers
 * find through capabilities. This class is what the two interfaces are views of: device status, features, queues, and interrupts.
 */
public final class VirtioFunction extends PciFunction implements VirtioTransport {
    private static final Logger LOG = System.getLogger(VirtioFunction.class.getName());

    private static final int VENDOR = 0x1af4;
    /** Transitional devices have ids of their own, by type (4.1.2.1). */
    private static final int[] TRANSITIONAL_IDS = {0, 0x1000, 0x1001, 0x1003, 0x1005, 0x1002, 0, 0, 0x1004, 0x1009};
    private static final int LEGACY_BAR = 0;
    private static final int MSIX_BAR = 1;
    private static final int MODERN_BAR = 4;
    /** Offset of the MSI-X capability in the configuration space. */
    private static final int MSIX = 0x40;
    private static final int MSIX_CONTROL = MSIX + 2;
    private static final int MSIX_ENABLE = 0x8000;
    private static final int MSIX_MASK_ALL = 0x4000;
    private static final int CAPABILITY_MSIX = 0x11;
    private static final int CAPABILITIES = 0x34;
    private static final int STATUS = 0x06;
    private static final int STATUS_MEDIUM_WITH_CAPABILITIES = 0x0290;
    private static final int ISR_QUEUE = 1;
    private static final int ISR_CONFIGURATION = 2;

    /** The machine around a device. */
    public record Environment(PhysicalMemory memory, PortBus ports, GuestClock clock, EventQueue events, HostWork hostWork) {
    }

    private final VirtioDevice device;
    private final Environment environment;
    private final Virtqueue[] queues;
    private final MsixTable msix;
    private final ConfigurationWindow window;
    private final ModernRegisters modern;
    private long driverFeatures;
    private int status;
    private int isr;
    private int configurationVector = MsixTable.NO_VECTOR;
    private int generation;
    private boolean logged;
    private long notifications;

    /** Puts {@code device} behind PCI registers; the bus it is plugged into wires its interrupts. */
    public VirtioFunction(VirtioDevice device, Environment environment) {
        super(VENDOR, pciId(device.type()), device.classCode(), 0);
        this.device = device;
        this.environment = environment;
        int[] sizes = device.queueSizes();
        queues = new Virtqueue[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            queues[i] = new Virtqueue(environment.memory(), this::queueInterrupt, i, sizes[i]);
        }
        msix = new MsixTable(queues.length + 1, this::sendMessage);
        modern = new ModernRegisters(this);
        window = new ConfigurationWindow(modern);
        LegacyRegisters legacy = new LegacyRegisters(this, environment.ports());
        subsystem(VENDOR, device.type());
        usesInterruptPin();
        bar(LEGACY_BAR, LegacyRegisters.size(device.configurationSize()), true, legacy);
        bar(MSIX_BAR, MsixTable.WINDOW, false, window(msix));
        bar(MODERN_BAR, ModernRegisters.WINDOW, false, window(modern));
        capabilities();
        device.attach(this);
    }

    private static int pciId(int type) {
        int id = type < TRANSITIONAL_IDS.length ? TRANSITIONAL_IDS[type] : 0;
        if (id == 0) {
            throw new IllegalArgumentException("virtio device type " + type + " has no transitional id");
        }
        return id;
    }

    private BarListener window(MmioHandler handler) {
        PhysicalMemory memory = environment.memory();
        long length = handler == msix ? MsixTable.WINDOW : ModernRegisters.WINDOW;
        return new BarListener() {
            @Override
            public void map(long base) {
                memory.mapMmio(base, length, handler);
            }

            @Override
            public void unmap() {
                memory.unmapMmio(handler);
            }
        };
    }

    private void capabilities() {
        set(STATUS, STATUS_MEDIUM_WITH_CAPABILITIES, 2);
        set(CAPABILITIES, MSIX, 1);
        int next = MSIX + 12;
        set(MSIX, CAPABILITY_MSIX | next << 8, 2);
        set(MSIX_CONTROL, msix.vectors() - 1, 2);
        allow(MSIX_CONTROL, MSIX_ENABLE | MSIX_MASK_ALL, 2);
        set(MSIX + 4, MSIX_BAR, 4);
        set(MSIX + 8, MsixTable.PENDING | MSIX_BAR, 4);
        for (ModernRegisters.Part part : ModernRegisters.Part.values()) {
            int at = next;
            next += part.capabilityLength();
            // Capability: vendor-specific, next, length, what it is; BAR; offset and length in the BAR (VIRTIO 1.2, 4.1.4).
            set(at, 0x09 | next << 8 | part.capabilityLength() << 16 | part.type() << 24, 4);
            set(at + 4, MODERN_BAR, 4);
            set(at + 8, part.offset(), 4);
            set(at + 12, part.length(), 4);
            if (part == ModernRegisters.Part.NOTIFY) {
                set(at + 16, ModernRegisters.NOTIFY_STRIDE, 4);
            }
        }
        int at = next;
        window.at(at);
        set(at, 0x09 | ConfigurationWindow.LENGTH << 16 | ConfigurationWindow.TYPE << 24, 4);
        set(at + 4, MODERN_BAR, 4);
        allow(at + 8, -1, 4);
        allow(at + 12, -1, 4);
    }

    @Override
    public int readConfig(int offset, int bits) {
        if (window != null && window.covers(offset)) {
            return window.read(super.readConfig(window.offsetField(), 32), super.readConfig(window.lengthField(), 32));
        }
        return super.readConfig(offset, bits);
    }

    @Override
    public void writeConfig(int offset, int value, int bits) {
        if (window.covers(offset)) {
            window.write(super.readConfig(window.offsetField(), 32), super.readConfig(window.lengthField(), 32), value);
            return;
        }
        super.writeConfig(offset, value, bits);
        if (offset <= MSIX_CONTROL + 1 && offset + bits / 8 > MSIX_CONTROL) {
            int control = super.readConfig(MSIX_CONTROL, 16);
            msix.control((control & MSIX_ENABLE) != 0, (control & MSIX_MASK_ALL) != 0);
            drivePin();
        }
    }

    VirtioDevice device() {
        return device;
    }

    int queueCount() {
        return queues.length;
    }

    @Override
    public Virtqueue queue(int index) {
        return queues[index];
    }

    long offeredFeatures(boolean toLegacy) {
        return device.deviceFeatures() | (toLegacy ? Feature.LEGACY : Feature.MODERN);
    }

    long driverFeatures() {
        return driverFeatures;
    }

    /** Features may be set until FEATURES_OK; legacy drivers know no such bit, and set them until DRIVER_OK. */
    void setDriverFeatures(long features) {
        if ((status & (DeviceStatus.FEATURES_OK | DeviceStatus.DRIVER_OK)) == 0) {
            driverFeatures = features;
        }
    }

    @Override
    public long features() {
        return (status & (DeviceStatus.FEATURES_OK | DeviceStatus.DRIVER_OK)) != 0 ? driverFeatures : 0;
    }

    int status() {
        return status;
    }

    /** The driver writes the device status field: 0 resets; bits are only ever added otherwise. */
    void setStatus(int value, boolean legacy) {
        if (value == 0) {
            resetDevice();
            return;
        }
        int now = status | value & ~DeviceStatus.NEEDS_RESET;
        if ((now & ~status & DeviceStatus.FEATURES_OK) != 0
                && ((driverFeatures & ~offeredFeatures(legacy)) != 0 || !legacy && (driverFeatures & Feature.VERSION_1) == 0)) {
            // The driver finds the bit still clear and gives up (2.1, 3.1.1).
            now &= ~DeviceStatus.FEATURES_OK;
        }
        boolean starts = (now & ~status & DeviceStatus.DRIVER_OK) != 0 && (status & DeviceStatus.NEEDS_RESET) == 0;
        status = now;
        if (starts) {
            if (legacy) {
                driverFeatures &= offeredFeatures(true);
            }
            for (Virtqueue queue : queues) {
                queue.useFeatures((driverFeatures & Feature.RING_EVENT_IDX) != 0, (driverFeatures & Feature.RING_INDIRECT_DESC) != 0);
            }
            device.start();
        }
    }

    @Override
    public boolean isRunning() {
        return (status & (DeviceStatus.DRIVER_OK | DeviceStatus.NEEDS_RESET)) == DeviceStatus.DRIVER_OK;
    }

    /** The driver's doorbell. */
    void notifyQueue(int index) {
        notifications++;
        boolean mayMaster = (super.readConfig(COMMAND, 16) & COMMAND_MASTER) != 0;
        if (index >= queues.length || !isRunning() || !mayMaster || !queues[index].isEnabled()) {
            return;
        }
        try {
            device.notified(index);
        } catch (MalformedQueueException e) {
            broken(e.getMessage());
        }
    }

    void enableQueue(int index) {
        try {
            queues[index].enable();
        } catch (MalformedQueueException e) {
            broken(e.getMessage());
        }
    }

    @Override
    public void broken(String why) {
        LOG.log(logged ? Level.DEBUG : Level.WARNING, "{0}: the guest''s driver is in error, the device stops: {1}", name(), why);
        logged = true;
        if ((status & DeviceStatus.NEEDS_RESET) == 0) {
            boolean ran = isRunning();
            status |= DeviceStatus.NEEDS_RESET;
            // Before DRIVER_OK there is nobody to hear it (2.1.2).
            if (ran) {
                configurationInterrupt();
            }
        }
    }

    @Override
    public void configurationChanged() {
        generation = generation + 1 & 0xff;
        if (isRunning()) {
            configurationInterrupt();
        }
    }

    int generation() {
        return generation;
    }

    int configurationVector() {
        return configurationVector;
    }

    void setConfigurationVector(int vector) {
        configurationVector = validVector(vector);
    }

    /** A vector the table has no entry for becomes NO_VECTOR, which tells the driver so (4.1.5.1.2.1). */
    int validVector(int vector) {
        return vector < msix.vectors() ? vector : MsixTable.NO_VECTOR;
    }

    boolean msixEnabled() {
        return msix.isEnabled();
    }

    /** Reads the ISR status, which acknowledges the interrupt. */
    int takeIsr() {
        int was = isr;
        isr = 0;
        drivePin();
        return was;
    }

    private void queueInterrupt(Virtqueue queue) {
        interrupt(queue.vector(), ISR_QUEUE);
    }

    private void configurationInterrupt() {
        interrupt(configurationVector, ISR_CONFIGURATION);
    }

    private void interrupt(int vector, int cause) {
        if (msix.isEnabled()) {
            msix.raise(vector);
        } else {
            isr |= cause;
            drivePin();
        }
    }

    private void drivePin() {
        setInterrupt(isr != 0 && !msix.isEnabled());
    }

    private void sendMessage(long address, int data) {
        if ((super.readConfig(COMMAND, 16) & COMMAND_MASTER) != 0) {
            messages().message(address, data);
        }
    }

    private void resetDevice() {
        status = 0;
        driverFeatures = 0;
        isr = 0;
        configurationVector = MsixTable.NO_VECTOR;
        for (Virtqueue queue : queues) {
            queue.reset();
        }
        modern.reset();
        device.reset();
        drivePin();
    }

    @Override
    public GuestClock clock() {
        return environment.clock();
    }

    @Override
    public EventQueue events() {
        return environment.events();
    }

    @Override
    public HostWork hostWork() {
        return environment.hostWork();
    }

    @Override
    public String name() {
        return device.name();
    }

    @Override
    public void reset() {
        super.reset();
        msix.reset();
        resetDevice();
    }

    @Override
    public void save(DataOutput out) throws IOException {
        // The device first: what it finishes now changes queues and interrupts.
        device.save(out);
        super.save(out);
        out.writeLong(driverFeatures);
        out.writeByte(status);
        out.writeByte(isr);
        out.writeShort(configurationVector);
        out.writeByte(generation);
        msix.save(out);
        modern.save(out);
        for (Virtqueue queue : queues) {
            queue.save(out);
        }
    }

    @Override
    public void restore(DataInput in) throws IOException {
        resetDevice();
        device.restore(in);
        super.restore(in);
        driverFeatures = in.readLong();
        status = in.readUnsignedByte();
        isr = in.readUnsignedByte();
        configurationVector = in.readUnsignedShort();
        generation = in.readUnsignedByte();
        msix.restore(in);
        modern.restore(in);
        for (Virtqueue queue : queues) {
            queue.restore(in);
        }
        drivePin();
    }

    @Override
    public void counters(CounterSink sink) {
        sink.count("notifications", notifications);
        for (Virtqueue queue : queues) {
            sink.count("queue" + queue.index() + ".requests", queue.requestsTaken());
            sink.count("queue" + queue.index() + ".interrupts", queue.interruptsSent());
        }
        device.counters(sink);
    }
}
