package org.gearshift.vmm.virtio;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.gearshift.paging.MmioHandler;

/** The register window of modern drivers (VIRTIO 1.2, 4.1.4.3 to 4.1.4.6), a page for each of its parts. */
final class ModernRegisters implements MmioHandler {
    /** Size of the window in bytes. */
    static final int WINDOW = 0x4000;
    /** Bytes between the doorbells of two queues. */
    static final int NOTIFY_STRIDE = 4;

    private static final int PAGE = 0x1000;

    /** What is in the window, in the order of its pages: the structures that capabilities point to. */
    enum Part {
        COMMON(1, 0x40), ISR(3, 4), DEVICE(4, PAGE), NOTIFY(2, PAGE);

        private final int type;
        private final int length;

        Part(int type, int length) {
            this.type = type;
            this.length = length;
        }

        int type() {
            return type;
        }

        int offset() {
            return ordinal() * PAGE;
        }

        int length() {
            return length;
        }

        int capabilityLength() {
            return this == NOTIFY ? 20 : 16;
        }
    }

    private static final int DEVICE_FEATURE_SELECT = 0x00;
    private static final int DEVICE_FEATURE = 0x04;
    private static final int DRIVER_FEATURE_SELECT = 0x08;
    private static final int DRIVER_FEATURE = 0x0c;
    private static final int CONFIG_MSIX_VECTOR = 0x10;
    private static final int NUM_QUEUES = 0x12;
    private static final int DEVICE_STATUS = 0x14;
    private static final int CONFIG_GENERATION = 0x15;
    private static final int QUEUE_SELECT = 0x16;
    private static final int QUEUE_SIZE = 0x18;
    private static final int QUEUE_MSIX_VECTOR = 0x1a;
    private static final int QUEUE_ENABLE = 0x1c;
    private static final int QUEUE_NOTIFY_OFF = 0x1e;
    private static final int QUEUE_DESC = 0x20;
    private static final int QUEUE_DRIVER = 0x28;
    private static final int QUEUE_DEVICE = 0x30;
    private static final long LOW = 0xffffffffL;

    private final VirtioFunction function;
    private int deviceFeatureSelect;
    private int driverFeatureSelect;
    private int queueSelect;

    ModernRegisters(VirtioFunction function) {
        this.function = function;
    }

    void reset() {
        deviceFeatureSelect = 0;
        driverFeatureSelect = 0;
        queueSelect = 0;
    }

    @Override
    public long read(long physical, int bits) {
        int offset = (int) physical & PAGE - 1;
        return switch (part(physical)) {
            case COMMON -> bits == 64 ? common(offset) & LOW | common(offset + 4) << 32 : common(offset);
            case ISR -> offset == 0 ? function.takeIsr() : 0;
            case DEVICE -> deviceConfiguration(offset, bits);
            case NOTIFY -> 0;
        };
    }

    @Override
    public void write(long physical, long value, int bits) {
        int offset = (int) physical & PAGE - 1;
        switch (part(physical)) {
            case COMMON -> {
                setCommon(offset, value, bits);
                if (bits == 64) {
                    setCommon(offset + 4, value >>> 32, 32);
                }
            }
            case ISR -> { }
            case DEVICE -> {
                for (int i = 0; i < bits / 8 && offset + i < function.device().configurationSize(); i++) {
                    function.device().writeConfiguration(offset + i, (int) (value >>> 8 * i) & 0xff);
                }
            }
            case NOTIFY -> function.notifyQueue(offset / NOTIFY_STRIDE);
        }
    }

    /** The window is aligned to its size, so that an address tells the part. */
    private static Part part(long physical) {
        return Part.values()[(int) (physical & WINDOW - 1) / PAGE];
    }

    private long deviceConfiguration(int offset, int bits) {
        VirtioDevice device = function.device();
        long value = 0;
        for (int i = 0; i < bits / 8; i++) {
            int b = offset + i < device.configurationSize() ? device.readConfiguration(offset + i) : 0;
            value |= (b & 0xffL) << 8 * i;
        }
        return value;
    }

    private Virtqueue selected() {
        return queueSelect < function.queueCount() ? function.queue(queueSelect) : null;
    }

    private long common(int offset) {
        Virtqueue q = selected();
        return switch (offset) {
            case DEVICE_FEATURE_SELECT -> deviceFeatureSelect;
            case DEVICE_FEATURE -> half(function.offeredFeatures(false), deviceFeatureSelect);
            case DRIVER_FEATURE_SELECT -> driverFeatureSelect;
            case DRIVER_FEATURE -> half(function.driverFeatures(), driverFeatureSelect);
            case CONFIG_MSIX_VECTOR -> function.configurationVector();
            case NUM_QUEUES -> function.queueCount();
            case DEVICE_STATUS -> function.status();
            case CONFIG_GENERATION -> function.generation();
            case QUEUE_SELECT -> queueSelect;
            case QUEUE_SIZE -> q == null ? 0 : q.size();
            case QUEUE_MSIX_VECTOR -> q == null ? MsixTable.NO_VECTOR : q.vector();
            case QUEUE_ENABLE -> q != null && q.isEnabled() ? 1 : 0;
            case QUEUE_NOTIFY_OFF -> queueSelect;
            case QUEUE_DESC, QUEUE_DESC + 4 -> q == null ? 0 : half(q.descriptors(), offset >>> 2 & 1);
            case QUEUE_DRIVER, QUEUE_DRIVER + 4 -> q == null ? 0 : half(q.available(), offset >>> 2 & 1);
            case QUEUE_DEVICE, QUEUE_DEVICE + 4 -> q == null ? 0 : half(q.used(), offset >>> 2 & 1);
            default -> 0;
        };
    }

    /** Writes of another width than the register's are not allowed to drivers; here the register takes what fits. */
    private void setCommon(int offset, long value, int bits) {
        int word = (int) value & 0xffff;
        switch (offset) {
            case DEVICE_FEATURE_SELECT -> deviceFeatureSelect = (int) value;
            case DRIVER_FEATURE_SELECT -> driverFeatureSelect = (int) value;
            case DRIVER_FEATURE -> {
                if ((driverFeatureSelect & ~1) == 0) {
                    function.setDriverFeatures(withHalf(function.driverFeatures(), driverFeatureSelect, value));
                }
            }
            case CONFIG_MSIX_VECTOR -> function.setConfigurationVector(word);
            case DEVICE_STATUS -> function.setStatus((int) value & 0xff, false);
            case QUEUE_SELECT -> queueSelect = word;
            default -> {
                Virtqueue q = selected();
                if (q != null) {
                    setQueue(q, offset, value);
                }
            }
        }
    }

    private void setQueue(Virtqueue q, int offset, long value) {
        int half = offset >>> 2 & 1;
        switch (offset) {
            case QUEUE_SIZE -> q.setSize((int) value & 0xffff);
            case QUEUE_MSIX_VECTOR -> q.setVector(function.validVector((int) value & 0xffff));
            case QUEUE_ENABLE -> {
                if ((value & 0xffff) == 1 && !q.isEnabled()) {
                    function.enableQueue(q.index());
                }
            }
            case QUEUE_DESC, QUEUE_DESC + 4 -> q.place(withHalf(q.descriptors(), half, value), q.available(), q.used());
            case QUEUE_DRIVER, QUEUE_DRIVER + 4 -> q.place(q.descriptors(), withHalf(q.available(), half, value), q.used());
            case QUEUE_DEVICE, QUEUE_DEVICE + 4 -> q.place(q.descriptors(), q.available(), withHalf(q.used(), half, value));
            default -> { }
        }
    }

    /** The 32-bit half {@code which} (0 low, 1 high) of {@code value}; 0 beyond. */
    private static long half(long value, int which) {
        return (which & ~1) != 0 ? 0 : value >>> 32 * which & LOW;
    }

    private static long withHalf(long old, int which, long value) {
        return which == 0 ? old & ~LOW | value & LOW : old & LOW | value << 32;
    }

    void save(DataOutput out) throws IOException {
        out.writeInt(deviceFeatureSelect);
        out.writeInt(driverFeatureSelect);
        out.writeShort(queueSelect);
    }

    void restore(DataInput in) throws IOException {
        deviceFeatureSelect = in.readInt();
        driverFeatureSelect = in.readInt();
        queueSelect = in.readUnsignedShort();
    }
}
