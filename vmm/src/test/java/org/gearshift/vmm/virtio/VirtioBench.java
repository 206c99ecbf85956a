package org.gearshift.vmm.virtio;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.paging.GuestRam;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.vmm.bus.PortBus;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;
import org.gearshift.vmm.clock.HostWork;
import org.gearshift.vmm.clock.VirtualClock;
import org.gearshift.vmm.device.PciFunction;
import org.gearshift.vmm.device.PciHost;

/**
 * A bench for virtio devices: memory, a PCI bus with the device in slot 0, and a driver that goes by the specification: finds capabilities, negotiates, sets
 * queues up in guest memory, adds buffers, looks at what was used.
 */
final class VirtioBench {
    static final int RAM = 16 << 20;
    static final int BAR_PORTS = 0xc000;
    static final long BAR_MSIX = 0xe0000000L;
    static final long BAR_MODERN = 0xe0004000L;
    /** First address of the buffers that tests hand out. */
    static final long BUFFERS = 0x400000;

    final PhysicalMemory memory = new PhysicalMemory(new GuestRam(RAM));
    final PortBus ports = new PortBus();
    final PciHost pci = new PciHost();
    final EventQueue events = new EventQueue();
    final VirtioFunction function;
    final List<String> messages = new ArrayList<>();
    final HostWork hostWork = new HostWork(() -> { });
    boolean intx;
    long common;
    long isr;
    long device;
    long notify;
    private int notifyStride;
    private int cap5;

    VirtioBench(VirtioDevice device) {
        this(device, new VirtualClock(() -> 0));
    }

    VirtioBench(VirtioDevice device, GuestClock clock) {
        pci.attach(ports);
        pci.connectMessages((address, data) -> messages.add(Long.toHexString(address) + "=" + Integer.toHexString(data)));
        pci.connectPirq(0, on -> intx = on);
        function = new VirtioFunction(device, new VirtioFunction.Environment(memory, ports, clock, events, hostWork));
        pci.plug(0, 0, function);
        config(PciFunction.BAR0, BAR_PORTS, 32);
        config(PciFunction.BAR0 + 4, (int) BAR_MSIX, 32);
        config(PciFunction.BAR0 + 16, (int) BAR_MODERN, 32);
        config(PciFunction.COMMAND, PciFunction.COMMAND_IO | PciFunction.COMMAND_MEMORY | PciFunction.COMMAND_MASTER, 16);
        findCapabilities();
    }

    void config(int offset, int value, int bits) {
        ports.write(PciHost.CONFIG_ADDRESS, 0x80000000 | offset & ~3, 32);
        ports.write(PciHost.CONFIG_DATA + (offset & 3), value, bits);
    }

    int config(int offset, int bits) {
        ports.write(PciHost.CONFIG_ADDRESS, 0x80000000 | offset & ~3, 32);
        return ports.read(PciHost.CONFIG_DATA + (offset & 3), bits);
    }

    private void findCapabilities() {
        for (int at = config(0x34, 8); at != 0; at = config(at + 1, 8)) {
            if (config(at, 8) != 9) {
                continue;
            }
            long place = (config(at + 4, 8) == 4 ? BAR_MODERN : -1) + (config(at + 8, 32) & 0xffffffffL);
            switch (config(at + 3, 8)) {
                case 1 -> common = place;
                case 2 -> {
                    notify = place;
                    notifyStride = config(at + 16, 32);
                }
                case 3 -> isr = place;
                case 4 -> device = place;
                case 5 -> cap5 = at;
                default -> throw new AssertionError("capability type");
            }
        }
    }

    int configurationAccess() {
        return cap5;
    }

    long read(long address, int bits) {
        return memory.read(address, bits);
    }

    void write(long address, long value, int bits) {
        memory.write(address, value, bits);
    }

    int status() {
        return (int) read(common + 0x14, 8);
    }

    void status(int value) {
        write(common + 0x14, value, 8);
    }

    long offered() {
        write(common, 0, 32);
        long low = read(common + 4, 32);
        write(common, 1, 32);
        return low | read(common + 4, 32) << 32;
    }

    void accept(long features) {
        write(common + 8, 0, 32);
        write(common + 0xc, features & 0xffffffffL, 32);
        write(common + 8, 1, 32);
        write(common + 0xc, features >>> 32, 32);
    }

    /** Resets the device and sets it up as a driver does, with rings of {@code size} entries. */
    List<Ring> start(long features, int size) {
        List<Ring> rings = negotiate(features, size);
        status(status() | 4);
        return rings;
    }

    List<Ring> negotiate(long features, int size) {
        status(0);
        status(1);
        status(3);
        accept(features | Feature.VERSION_1);
        status(0xb);
        if ((status() & 8) == 0) {
            throw new AssertionError("FEATURES_OK refused");
        }
        List<Ring> rings = new ArrayList<>();
        int count = (int) read(common + 0x12, 16);
        for (int q = 0; q < count; q++) {
            rings.add(new Ring(q, 0x100000 + 0x10000L * q, size, (features & Feature.RING_EVENT_IDX) != 0));
        }
        return rings;
    }

    void select(int queue) {
        write(common + 0x16, queue, 16);
    }

    /** The driver's side of one queue. */
    final class Ring {
        final int queue;
        final int size;
        final long descriptors;
        final long available;
        final long used;
        final boolean eventIndex;
        private int freeDescriptor;
        private int availableIndex;
        private int seen;

        Ring(int queue, long at, int size, boolean eventIndex) {
            this.queue = queue;
            this.size = size;
            this.eventIndex = eventIndex;
            descriptors = at;
            available = at + 16L * size;
            used = available + 6 + 2L * size + 3 & ~3;
            select(queue);
            write(common + 0x18, size, 16);
            write(common + 0x20, descriptors, 64);
            write(common + 0x28, available & 0xffffffffL, 32);
            write(common + 0x2c, available >>> 32, 32);
            write(common + 0x30, used, 64);
            write(common + 0x1c, 1, 16);
        }

        void descriptor(int index, long address, long length, int flags, int next) {
            put(descriptors + 16L * index, address, length, flags, next);
        }

        void put(long at, long address, long length, int flags, int next) {
            write(at, address, 64);
            write(at + 8, length, 32);
            write(at + 12, flags, 16);
            write(at + 14, next, 16);
        }

        /** Makes a chain available: buffers as (address, length) pairs, the first {@code readable} of them for the device to read. */
        int add(int readable, long... buffers) {
            int head = freeDescriptor;
            int count = buffers.length / 2;
            for (int i = 0; i < count; i++) {
                int next = (freeDescriptor + 1) % size;
                descriptor(freeDescriptor, buffers[2 * i], buffers[2 * i + 1], (i < count - 1 ? 1 : 0) | (i >= readable ? 2 : 0), next);
                freeDescriptor = next;
            }
            offer(head);
            return head;
        }

        void offer(int head) {
            write(available + 4 + 2L * (availableIndex % size), head, 16);
            availableIndex = availableIndex + 1 & 0xffff;
            write(available + 2, availableIndex, 16);
        }

        void kick() {
            write(notify + (long) notifyStride * queue, queue, 16);
        }

        int usedIndex() {
            return (int) read(used + 2, 16);
        }

        /** The next used element, as {head, length}; null if there is none. */
        long[] take() {
            if (seen == usedIndex()) {
                return null;
            }
            long element = used + 4 + 8L * (seen % size);
            seen = seen + 1 & 0xffff;
            return new long[] {read(element, 32), read(element + 4, 32)};
        }

        /** From which used index on the driver wants an interrupt. */
        void usedEvent(int index) {
            write(available + 4 + 2L * size, index, 16);
        }

        int availableEvent() {
            return (int) read(used + 4 + 8L * size, 16);
        }

        void noInterrupts(boolean on) {
            write(available, on ? 1 : 0, 16);
        }
    }

    byte[] save() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            pci.save(new DataOutputStream(bytes));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return bytes.toByteArray();
    }

    void restore(byte[] state) {
        try {
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(state));
            pci.restore(in);
            if (in.available() != 0) {
                throw new AssertionError(in.available() + " bytes were saved but not restored");
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    byte[] bytes(long address, int length) {
        byte[] b = new byte[length];
        memory.copyOut(address, b, 0, length);
        return b;
    }
}
