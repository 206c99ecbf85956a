package org.gearshift.vmm.virtio;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.gearshift.vmm.bus.PortBus;
import org.gearshift.vmm.bus.PortDevice;
import org.gearshift.vmm.device.PciFunction;

/** The port interface of drivers older than version 1 (VIRTIO 1.2, 4.1.4.10). */
final class LegacyRegisters implements PortDevice, PciFunction.BarListener {
    private static final Logger LOG = System.getLogger(LegacyRegisters.class.getName());

    private static final int DEVICE_FEATURES = 0x00;
    private static final int DRIVER_FEATURES = 0x04;
    private static final int QUEUE_ADDRESS = 0x08;
    private static final int QUEUE_SIZE = 0x0c;
    private static final int QUEUE_SELECT = 0x0e;
    private static final int QUEUE_NOTIFY = 0x10;
    private static final int DEVICE_STATUS = 0x12;
    private static final int ISR_STATUS = 0x13;
    private static final int CONFIG_MSIX_VECTOR = 0x14;
    private static final int QUEUE_MSIX_VECTOR = 0x16;
    private static final int HEADER = 0x14;
    private static final int HEADER_MSIX = 0x18;
    private static final int PAGE = 0x1000;
    private static final long LOW = 0xffffffffL;

    private final VirtioFunction function;
    private final PortBus ports;
    private int base = -1;
    private int queueSelect;

    LegacyRegisters(VirtioFunction function, PortBus ports) {
        this.function = function;
        this.ports = ports;
    }

    /** Ports it takes with {@code configuration} bytes of device configuration: a power of two. */
    static int size(int configuration) {
        return Math.max(32, Integer.highestOneBit(HEADER_MSIX + configuration - 1) << 1);
    }

    private int size() {
        return size(function.device().configurationSize());
    }

    @Override
    public void map(long at) {
        if (!ports.isFree((int) at, size())) {
            LOG.log(Level.WARNING, "{0}: the guest put its ports where others are, at {1}h; they don''t answer", function.name(), Long.toHexString(at));
            return;
        }
        base = (int) at;
        ports.register(base, size(), this);
    }

    @Override
    public void unmap() {
        if (base >= 0) {
            ports.unregister(base, size(), this);
            base = -1;
        }
    }

    private int header() {
        return function.msixEnabled() ? HEADER_MSIX : HEADER;
    }

    /** Registers are taken whole; the device's configuration byte by byte, as its layout is the device's business. */
    @Override
    public int widthAt(int port) {
        int offset = port - base;
        if (offset >= header()) {
            return 8;
        }
        return offset < QUEUE_SIZE ? 32 : offset < DEVICE_STATUS || offset >= CONFIG_MSIX_VECTOR ? 16 : 8;
    }

    private Virtqueue selected() {
        return queueSelect < function.queueCount() ? function.queue(queueSelect) : null;
    }

    @Override
    public int read(int port, int bits) {
        int offset = port - base;
        int configuration = offset - header();
        if (configuration >= 0) {
            return configuration < function.device().configurationSize() ? function.device().readConfiguration(configuration) : 0;
        }
        Virtqueue q = selected();
        return switch (offset) {
            case DEVICE_FEATURES -> (int) function.offeredFeatures(true);
            case DRIVER_FEATURES -> (int) function.driverFeatures();
            case QUEUE_ADDRESS -> q == null || !q.isEnabled() ? 0 : (int) (q.descriptors() / PAGE);
            case QUEUE_SIZE -> q == null ? 0 : q.size();
            case QUEUE_SELECT -> queueSelect;
            case DEVICE_STATUS -> function.status();
            case ISR_STATUS -> function.takeIsr();
            case CONFIG_MSIX_VECTOR -> function.configurationVector();
            case QUEUE_MSIX_VECTOR -> q == null ? MsixTable.NO_VECTOR : q.vector();
            default -> 0;
        };
    }

    @Override
    public void write(int port, int value, int bits) {
        int offset = port - base;
        int configuration = offset - header();
        if (configuration >= 0) {
            if (configuration < function.device().configurationSize()) {
                function.device().writeConfiguration(configuration, value & 0xff);
            }
            return;
        }
        Virtqueue q = selected();
        switch (offset) {
            case DRIVER_FEATURES -> function.setDriverFeatures(value & LOW);
            case QUEUE_ADDRESS -> {
                if (q != null) {
                    place(q, (value & LOW) * PAGE);
                }
            }
            case QUEUE_SELECT -> queueSelect = value & 0xffff;
            case QUEUE_NOTIFY -> function.notifyQueue(value & 0xffff);
            case DEVICE_STATUS -> function.setStatus(value & 0xff, true);
            case CONFIG_MSIX_VECTOR -> function.setConfigurationVector(value & 0xffff);
            case QUEUE_MSIX_VECTOR -> {
                if (q != null) {
                    q.setVector(function.validVector(value & 0xffff));
                }
            }
            default -> { }
        }
    }

    /** One address says it all: the used ring starts in the page after the available ring (VIRTIO 1.2, 2.7.2). Address 0 takes the queue away. */
    private void place(Virtqueue q, long address) {
        q.disable();
        if (address != 0) {
            long available = address + 16L * q.size();
            long used = available + 4 + 2L * q.size() + 2 + PAGE - 1 & -PAGE;
            q.place(address, available, used);
            function.enableQueue(q.index());
        }
    }
}
