package org.gearshift.vmm.device;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.gearshift.vmm.bus.InterruptLine;
import org.gearshift.vmm.bus.PortBus;
import org.gearshift.vmm.bus.PortDevice;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;

/**
 * The power management function of the 82371AB, PIIX4 (Intel 290562), as far as ACPI uses it (ACPI 6.4, section 4.8): PM1a event and control
 * blocks, the PM timer, and the SMI command port by which a system switches to ACPI mode.
 *
 * <p>The block's base is fixed at {@link #PM_BASE}, where the FADT says it is.
 */
public final class PowerManagementPiix4 extends PciFunction implements PortDevice {
    /** First port of the power management block. */
    public static final int PM_BASE = 0x600;
    /** PM1a event block: status and enable, 16 bits each. */
    public static final int PM1_EVENT = PM_BASE;
    /** PM1a control block, 16 bits. */
    public static final int PM1_CONTROL = PM_BASE + 4;
    /** PM timer, 32 bits of which 24 count. */
    public static final int PM_TIMER = PM_BASE + 8;
    /** SMI command port (APM control). */
    public static final int SMI_COMMAND = 0xb2;
    /** Command that switches ACPI mode on. */
    public static final int ACPI_ENABLE = 0xf1;
    /** Command that switches ACPI mode off. */
    public static final int ACPI_DISABLE = 0xf0;
    /** SLP_TYP of S5, soft off. */
    public static final int SLEEP_TYPE_S5 = 0;
    /** PM timer frequency in Hz. */
    public static final int TIMER_HZ = 3_579_545;

    private static final int INTEL = 0x8086;
    private static final int DEVICE = 0x7113;
    private static final int CLASS_OTHER_BRIDGE = 0x068000;
    private static final int CONFIG_PM_BASE = 0x40;
    private static final int CONFIG_PM_ENABLE = 0x80;
    private static final int BLOCK_SIZE = 64;

    private static final int TIMER_STATUS = 0x0001;
    private static final int GLOBAL_STATUS = 0x0020;
    private static final int POWER_BUTTON = 0x0100;
    private static final int RTC_STATUS = 0x0400;
    private static final int WAKE_STATUS = 0x8000;
    private static final int STATUS_BITS = TIMER_STATUS | GLOBAL_STATUS | POWER_BUTTON | RTC_STATUS | WAKE_STATUS;
    private static final int ENABLE_BITS = TIMER_STATUS | GLOBAL_STATUS | POWER_BUTTON | RTC_STATUS;
    private static final int SCI_ENABLE = 0x0001;
    private static final int SLEEP_TYPE_SHIFT = 10;
    private static final int SLEEP_TYPE = 7 << SLEEP_TYPE_SHIFT;
    private static final int SLEEP_ENABLE = 0x2000;
    private static final int CONTROL_WRITABLE = 0x0002 | SLEEP_TYPE;
    private static final int TIMER_BITS = 24;
    private static final long NANOS = 1_000_000_000L;

    private final GuestClock clock;
    private final InterruptLine sci;
    private final Runnable powerOff;
    private final EventQueue.Event timerCarry;
    private final AtomicBoolean buttonPressed = new AtomicBoolean();
    private volatile Runnable wakeUp = () -> { };
    private int status;
    private int enable;
    private int control;
    private int apmStatus;
    private int apmControl;
    /** How often the timer's highest bit had changed when the status was last worked out. */
    private long carriesSeen;
    private long timerReads;

    /**
     * @param sci the system control interrupt, IRQ 9
     * @param powerOff called when the guest enters S5
     */
    public PowerManagementPiix4(GuestClock clock, EventQueue events, InterruptLine sci, Runnable powerOff) {
        super(INTEL, DEVICE, CLASS_OTHER_BRIDGE, 3);
        this.clock = clock;
        this.sci = sci;
        this.powerOff = powerOff;
        timerCarry = events.event(this::update);
        set(COMMAND, COMMAND_IO, 2);
        set(CONFIG_PM_BASE, PM_BASE | 1, 4);
        set(CONFIG_PM_ENABLE, 1, 1);
        set(INTERRUPT_LINE, 9, 1);
        usesInterruptPin();
    }

    /** Claims the power management block and the SMI command ports. */
    public void attach(PortBus ports) {
        ports.register(PM_BASE, BLOCK_SIZE, this);
        ports.register(SMI_COMMAND, 2, this);
    }

    /** Presses the power button; any thread. */
    public void pressPowerButton() {
        buttonPressed.set(true);
        wakeUp.run();
    }

    /** What to call, on the host's thread, after {@link #pressPowerButton}. */
    public void onInput(Runnable action) {
        wakeUp = action;
    }

    /** Notices the button; on the vCPU thread. */
    public void poll() {
        if (buttonPressed.get() && buttonPressed.getAndSet(false)) {
            status |= POWER_BUTTON;
            update();
        }
    }

    @Override
    public int widthAt(int port) {
        // Aligned accesses come whole; PM1 status and enable read as one double word.
        return port >= PM_BASE ? ((port & 3) == 0 ? 32 : (port & 1) == 0 ? 16 : 8) : 8;
    }

    @Override
    public int read(int port, int bits) {
        if (port < PM_BASE) {
            return port == SMI_COMMAND ? apmControl : apmStatus;
        }
        int offset = port - PM_BASE;
        return (int) (block(offset & ~3) >>> 8 * (offset & 3));
    }

    private long block(int offset) {
        return switch (offset) {
            case PM1_EVENT - PM_BASE -> {
                collectCarry();
                yield status | enable << 16;
            }
            case PM1_CONTROL - PM_BASE -> control;
            case PM_TIMER - PM_BASE -> {
                timerReads++;
                yield ticks() & (1 << TIMER_BITS) - 1;
            }
            default -> 0;
        };
    }

    @Override
    public void write(int port, int value, int bits) {
        if (port == SMI_COMMAND) {
            apmControl = value;
            if (value == ACPI_ENABLE) {
                control |= SCI_ENABLE;
            } else if (value == ACPI_DISABLE) {
                control &= ~SCI_ENABLE;
            }
            update();
            return;
        }
        if (port == SMI_COMMAND + 1) {
            apmStatus = value;
            return;
        }
        int shift = 8 * (port & 3);
        long mask = (bits == 32 ? 0xffffffffL : (1L << bits) - 1) << shift;
        long bytes = ((long) value << shift) & mask;
        switch (port & ~3) {
            case PM1_EVENT -> {
                collectCarry();
                status &= (int) ~(bytes & STATUS_BITS);
                enable = (int) (((long) enable << 16 & ~mask | bytes) >>> 16) & ENABLE_BITS;
                update();
            }
            case PM1_CONTROL -> writeControl((int) (control & ~mask | bytes));
            default -> { }
        }
    }

    private void writeControl(int value) {
        control = control & SCI_ENABLE | value & CONTROL_WRITABLE;
        if ((value & SLEEP_ENABLE) != 0) {
            int type = (value & SLEEP_TYPE) >>> SLEEP_TYPE_SHIFT;
            if (type == SLEEP_TYPE_S5) {
                powerOff.run();
            } else {
                System.getLogger(PowerManagementPiix4.class.getName()).log(System.Logger.Level.WARNING,
                        "guest enters sleep type {0}, which the machine does not have", type);
            }
        }
    }

    private long ticks() {
        long nanos = clock.nanos();
        return nanos / NANOS * TIMER_HZ + nanos % NANOS * TIMER_HZ / NANOS;
    }

    private void collectCarry() {
        long carries = ticks() >>> TIMER_BITS - 1;
        if (carries != carriesSeen) {
            carriesSeen = carries;
            status |= TIMER_STATUS;
        }
    }

    private void update() {
        collectCarry();
        sci.set((control & SCI_ENABLE) != 0 && (status & enable & ENABLE_BITS) != 0);
        if ((enable & ~status & TIMER_STATUS) != 0) {
            long tick = carriesSeen + 1 << TIMER_BITS - 1;
            timerCarry.arm(tick / TIMER_HZ * NANOS + (tick % TIMER_HZ * NANOS + TIMER_HZ - 1) / TIMER_HZ);
        } else {
            timerCarry.cancel();
        }
    }

    @Override
    public void reset() {
        super.reset();
        status = 0;
        enable = 0;
        control = 0;
        apmControl = 0;
        apmStatus = 0;
        buttonPressed.set(false);
        carriesSeen = ticks() >>> TIMER_BITS - 1;
        update();
    }

    @Override
    public void save(DataOutput out) throws IOException {
        super.save(out);
        out.writeShort(status);
        out.writeShort(enable);
        out.writeShort(control);
        out.writeByte(apmControl);
        out.writeByte(apmStatus);
        out.writeLong(carriesSeen);
        timerCarry.save(out);
    }

    @Override
    public void restore(DataInput in) throws IOException {
        super.restore(in);
        status = in.readUnsignedShort();
        enable = in.readUnsignedShort();
        control = in.readUnsignedShort();
        apmControl = in.readUnsignedByte();
        apmStatus = in.readUnsignedByte();
        carriesSeen = in.readLong();
        timerCarry.restore(in);
        sci.set((control & SCI_ENABLE) != 0 && (status & enable & ENABLE_BITS) != 0);
    }

    @Override
    public void counters(CounterSink sink) {
        sink.count("timer.reads", timerReads);
    }

    @Override
    public String name() {
        return "piix4-pm";
    }
}
