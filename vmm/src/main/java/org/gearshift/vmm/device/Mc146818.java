package org.gearshift.vmm.device;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import org.gearshift.vmm.bus.InterruptLine;
import org.gearshift.vmm.bus.PortBus;
import org.gearshift.vmm.bus.PortDevice;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;
import org.gearshift.vmm.clock.WallClock;

/**
 * The MC146818A real-time clock (Motorola MC146818A) with the PC/AT's battery-backed RAM behind ports 70h/71h.
 *
 * <p>Time is an offset from the wall clock; the time registers hold bytes of their own only while the SET bit stops the clock. Flags of
 * register C are worked out when it is read or when an enabled one falls due.
 */
public final class Mc146818 implements Device, PortDevice {
    /** Index port; bit 7 masks NMI. Data is the next port. */
    public static final int INDEX = 0x70;
    /** Number of bytes, clock included. */
    public static final int SIZE = 128;
    /** Shutdown status: tells the BIOS why the processor was reset. */
    public static final int SHUTDOWN_STATUS = 0x0f;
    /** Century in the same encoding as the year; named by the FADT. */
    public static final int CENTURY = 0x32;

    private static final int SECONDS = 0;
    private static final int SECONDS_ALARM = 1;
    private static final int MINUTES = 2;
    private static final int MINUTES_ALARM = 3;
    private static final int HOURS = 4;
    private static final int HOURS_ALARM = 5;
    private static final int DAY_OF_WEEK = 6;
    private static final int DAY = 7;
    private static final int MONTH = 8;
    private static final int YEAR = 9;
    private static final int A = 0x0a;
    private static final int B = 0x0b;
    private static final int C = 0x0c;
    private static final int D = 0x0d;

    private static final int A_UPDATE_IN_PROGRESS = 0x80;
    /** Both upper divider bits set hold the divider chain in reset. */
    private static final int A_DIVIDER_RESET = 0x60;
    private static final int A_RATE = 0x0f;
    private static final int A_DEFAULT = 0x26;
    private static final int B_SET = 0x80;
    private static final int B_SQUARE_WAVE = 0x08;
    private static final int B_BINARY = 0x04;
    private static final int B_24_HOURS = 0x02;
    private static final int ENABLES = 0x70;
    private static final int PERIODIC = 0x40;
    private static final int ALARM = 0x20;
    private static final int UPDATE_ENDED = 0x10;
    private static final int C_IRQ = 0x80;
    private static final int D_VALID = 0x80;
    private static final int PM = 0x80;
    private static final int ANY = 0xc0;

    private static final long SECOND = 1_000_000_000L;
    /** UIP rises this long before the update (datasheet, "Update cycle"). */
    private static final long UPDATE_WARNING = 244_000;
    private static final int CRYSTAL_HZ = 32_768;
    private static final int DAY_SECONDS = 86_400;

    private final GuestClock clock;
    private final WallClock wall;
    private final InterruptLine irq8;
    private final EventQueue.Event periodicEvent;
    private final EventQueue.Event secondEvent;
    private final byte[] ram = new byte[SIZE];
    private int index;
    private boolean nmiMasked;
    /** Nanoseconds by which this clock is ahead of the wall clock. */
    private long offset;
    /** Guest time since which periods are counted. */
    private long periodOrigin;
    private long periodsSeen;
    /** The last second for which update and alarm flags were worked out. */
    private long secondSeen;
    private long interrupts;

    /** @param irq8 the interrupt pin */
    public Mc146818(GuestClock clock, WallClock wall, EventQueue events, InterruptLine irq8) {
        this.clock = clock;
        this.wall = wall;
        this.irq8 = irq8;
        periodicEvent = events.event(this::tick);
        secondEvent = events.event(this::tick);
        ram[A] = A_DEFAULT;
        ram[B] = B_24_HOURS;
        ram[D] = (byte) D_VALID;
        secondSeen = second();
    }

    /** Claims 70h and 71h. */
    public void attach(PortBus ports) {
        ports.register(INDEX, 2, this);
    }

    /** Sets a byte of the battery-backed RAM, as the setup program would; 0Eh..7Fh. */
    public void setRam(int address, int value) {
        if (address <= D || address >= SIZE) {
            throw new IllegalArgumentException("CMOS address " + address);
        }
        ram[address] = (byte) value;
    }

    /** A byte of the battery-backed RAM. */
    public int ram(int address) {
        return ram[address] & 0xff;
    }

    /** True if the guest masked NMI through port 70h. */
    public boolean nmiMasked() {
        return nmiMasked;
    }

    @Override
    public int read(int port, int bits) {
        return port == INDEX ? 0xff : readRegister(index);
    }

    @Override
    public void write(int port, int value, int bits) {
        if (port == INDEX) {
            index = value & SIZE - 1;
            nmiMasked = (value & 0x80) != 0;
        } else {
            writeRegister(index, value);
        }
    }

    private int readRegister(int register) {
        switch (register) {
            case SECONDS, MINUTES, HOURS, DAY_OF_WEEK, DAY, MONTH, YEAR, CENTURY:
                if (!stopped()) {
                    storeTime();
                }
                return ram[register] & 0xff;
            case A:
                return ram[A] & 0x7f | (updateInProgress() ? A_UPDATE_IN_PROGRESS : 0);
            case C:
                return readFlags();
            default:
                return ram[register] & 0xff;
        }
    }

    private void writeRegister(int register, int value) {
        collectFlags();
        switch (register) {
            case SECONDS, MINUTES, HOURS, DAY_OF_WEEK, DAY, MONTH, YEAR, CENTURY -> {
                if (stopped()) {
                    ram[register] = (byte) value;
                } else {
                    storeTime();
                    long fraction = Math.floorMod(now(), SECOND);
                    ram[register] = (byte) value;
                    loadTime(fraction);
                }
            }
            case A -> writeA(value);
            case B -> writeB(value);
            case C, D -> { }
            default -> ram[register] = (byte) value;
        }
        arm();
    }

    private void writeA(int value) {
        boolean wasStopped = stopped();
        if (((value ^ ram[A]) & (A_RATE | A_DIVIDER_RESET)) != 0) {
            periodOrigin = clock.nanos();
            periodsSeen = 0;
        }
        if (!wasStopped) {
            storeTime();
        }
        ram[A] = (byte) (value & 0x7f);
        if (wasStopped && !stopped()) {
            // Out of divider reset, the first update comes half a second later.
            loadTime(SECOND / 2);
        }
    }

    private void writeB(int value) {
        boolean wasStopped = stopped();
        if (!wasStopped) {
            storeTime();
        }
        if ((value & B_SET) != 0) {
            value &= ~UPDATE_ENDED;
        }
        ram[B] = (byte) value;
        if (wasStopped && !stopped()) {
            loadTime(0);
        }
        updateLine();
    }

    /** SET, or a divider that is held in reset: the time registers do not advance. */
    private boolean stopped() {
        return (ram[B] & B_SET) != 0 || dividerInReset();
    }

    private boolean dividerInReset() {
        return (ram[A] & A_DIVIDER_RESET) == A_DIVIDER_RESET;
    }

    private boolean updateInProgress() {
        return !stopped() && Math.floorMod(now(), SECOND) >= SECOND - UPDATE_WARNING;
    }

    private long now() {
        return wall.epochNanos() + offset;
    }

    private long second() {
        return Math.floorDiv(now(), SECOND);
    }

    private void storeTime() {
        LocalDateTime time = LocalDateTime.ofEpochSecond(second(), 0, ZoneOffset.UTC);
        ram[SECONDS] = encode(time.getSecond());
        ram[MINUTES] = encode(time.getMinute());
        ram[HOURS] = encodeHour(time.getHour());
        ram[DAY_OF_WEEK] = encode(time.getDayOfWeek().getValue() % 7 + 1);
        ram[DAY] = encode(time.getDayOfMonth());
        ram[MONTH] = encode(time.getMonthValue());
        ram[YEAR] = encode(time.getYear() % 100);
        ram[CENTURY] = encode(time.getYear() / 100);
    }

    /** Sets the clock by the registers; one that holds no valid date stays where it was. */
    private void loadTime(long fraction) {
        try {
            int year = decode(ram[CENTURY]) * 100 + decode(ram[YEAR]);
            LocalDateTime time = LocalDateTime.of(year, decode(ram[MONTH]), decode(ram[DAY]), decodeHour(ram[HOURS]),
                    decode(ram[MINUTES]), decode(ram[SECONDS]));
            offset = time.toEpochSecond(ZoneOffset.UTC) * SECOND + fraction - wall.epochNanos();
        } catch (DateTimeException invalid) {
            System.getLogger(Mc146818.class.getName()).log(System.Logger.Level.DEBUG, "RTC set to a date that does not exist: {0}",
                    invalid.getMessage());
        }
        secondSeen = second();
    }

    private byte encode(int value) {
        return (byte) ((ram[B] & B_BINARY) != 0 ? value : value / 10 << 4 | value % 10);
    }

    private int decode(int value) {
        return (ram[B] & B_BINARY) != 0 ? value & 0xff : (value >>> 4 & 0xf) * 10 + (value & 0xf);
    }

    private byte encodeHour(int hour) {
        if ((ram[B] & B_24_HOURS) != 0) {
            return encode(hour);
        }
        int twelve = hour % 12 == 0 ? 12 : hour % 12;
        return (byte) (encode(twelve) | (hour >= 12 ? PM : 0));
    }

    private int decodeHour(int value) {
        if ((ram[B] & B_24_HOURS) != 0) {
            return decode(value);
        }
        return decode(value & 0x7f) % 12 + ((value & PM) != 0 ? 12 : 0);
    }

    /** How many periods of the periodic interrupt have ended since the origin. */
    private long periodsEnded() {
        int rate = ram[A] & A_RATE;
        if (rate == 0 || dividerInReset()) {
            return 0;
        }
        long elapsed = clock.nanos() - periodOrigin;
        long crystal = elapsed / SECOND * CRYSTAL_HZ + elapsed % SECOND * CRYSTAL_HZ / SECOND;
        return crystal / periodCycles(rate);
    }

    /** Crystal cycles of a period; rates 1 and 2 repeat 8 and 9 with the 32 kHz crystal (datasheet, table 5). */
    private static int periodCycles(int rate) {
        return 1 << (rate <= 2 ? rate + 6 : rate - 1);
    }

    private void collectFlags() {
        int flags = 0;
        long periods = periodsEnded();
        if (periods > periodsSeen) {
            flags |= PERIODIC;
            periodsSeen = periods;
        }
        if (!stopped()) {
            long second = second();
            if (second > secondSeen) {
                flags |= UPDATE_ENDED;
                if (alarmBetween(secondSeen, second)) {
                    flags |= ALARM;
                }
            }
            secondSeen = second;
        }
        ram[C] |= (byte) flags;
        updateLine();
    }

    private boolean alarmBetween(long seen, long second) {
        for (long s = Math.max(seen, second - DAY_SECONDS) + 1; s <= second; s++) {
            if (alarmAt(s)) {
                return true;
            }
        }
        return false;
    }

    private boolean alarmAt(long second) {
        int ofDay = (int) Math.floorMod(second, (long) DAY_SECONDS);
        return matches(SECONDS_ALARM, encode(ofDay % 60)) && matches(MINUTES_ALARM, encode(ofDay / 60 % 60))
                && matches(HOURS_ALARM, encodeHour(ofDay / 3600));
    }

    private boolean matches(int register, byte value) {
        return (ram[register] & ANY) == ANY || ram[register] == value;
    }

    private int readFlags() {
        collectFlags();
        int flags = ram[C] & 0xff;
        ram[C] = 0;
        updateLine();
        arm();
        return flags;
    }

    private void updateLine() {
        boolean was = (ram[C] & C_IRQ) != 0;
        boolean asserted = (ram[B] & ram[C] & ENABLES) != 0;
        ram[C] = (byte) (ram[C] & ~C_IRQ | (asserted ? C_IRQ : 0));
        if (asserted && !was) {
            interrupts++;
        }
        irq8.set(asserted);
    }

    private void tick() {
        collectFlags();
        arm();
    }

    /** Wakes up only for flags that are enabled and not yet raised. */
    private void arm() {
        int wanted = ram[B] & ~ram[C] & ENABLES;
        int rate = ram[A] & A_RATE;
        if ((wanted & PERIODIC) != 0 && rate != 0 && !dividerInReset()) {
            long crystal = (periodsSeen + 1) * periodCycles(rate);
            periodicEvent.arm(periodOrigin + crystal / CRYSTAL_HZ * SECOND + (crystal % CRYSTAL_HZ * SECOND + CRYSTAL_HZ - 1) / CRYSTAL_HZ);
        } else {
            periodicEvent.cancel();
        }
        if ((wanted & (ALARM | UPDATE_ENDED)) != 0 && !stopped()) {
            secondEvent.arm(clock.nanos() + SECOND - Math.floorMod(now(), SECOND));
        } else {
            secondEvent.cancel();
        }
    }

    @Override
    public String name() {
        return "rtc";
    }

    /** The RESET pin: interrupts off; the time and the RAM live on their battery. */
    @Override
    public void reset() {
        ram[B] &= (byte) ~(ENABLES | B_SQUARE_WAVE);
        ram[C] = 0;
        updateLine();
        arm();
    }

    @Override
    public void save(DataOutput out) throws IOException {
        out.write(ram);
        out.writeByte(index);
        out.writeBoolean(nmiMasked);
        out.writeLong(offset);
        out.writeLong(periodOrigin);
        out.writeLong(periodsSeen);
        out.writeLong(secondSeen);
        periodicEvent.save(out);
        secondEvent.save(out);
    }

    @Override
    public void restore(DataInput in) throws IOException {
        in.readFully(ram);
        index = in.readUnsignedByte();
        nmiMasked = in.readBoolean();
        offset = in.readLong();
        periodOrigin = in.readLong();
        periodsSeen = in.readLong();
        secondSeen = in.readLong();
        periodicEvent.restore(in);
        secondEvent.restore(in);
        updateLine();
    }

    @Override
    public void counters(CounterSink sink) {
        sink.count("interrupts", interrupts);
    }

    @Override
    public String toString() {
        return "rtc";
    }
}
