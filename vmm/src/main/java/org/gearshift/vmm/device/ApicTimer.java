package org.gearshift.vmm.device;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;

/** The local APIC's timer (Intel SDM vol. 3A, 11.5.4): one-shot, periodic and TSC-deadline. One tick of its input is one nanosecond. */
final class ApicTimer {
    static final int INITIAL_COUNT = 0x380;
    static final int CURRENT_COUNT = 0x390;
    static final int DIVIDE = 0x3e0;
    /** Position of the mode in the timer's local vector table entry. */
    static final int MODE_SHIFT = 17;

    private static final int PERIODIC = 1;
    private static final int TSC_DEADLINE = 2;

    private final GuestClock clock;
    private final EventQueue.Event event;
    private final Runnable fire;
    private int mode;
    private int initialCount;
    private int divide;
    private long start;
    private long fired;

    ApicTimer(GuestClock clock, EventQueue events, Runnable fire) {
        this.clock = clock;
        this.fire = fire;
        event = events.event(this::expired);
    }

    int initialCount() {
        return mode == TSC_DEADLINE ? 0 : initialCount;
    }

    void setInitialCount(int value) {
        if (mode == TSC_DEADLINE) {
            return;
        }
        initialCount = value;
        start = clock.nanos();
        arm();
    }

    int currentCount() {
        if (mode == TSC_DEADLINE || initialCount == 0) {
            return 0;
        }
        long count = initialCount & 0xffffffffL;
        long elapsed = (clock.nanos() - start) / divisor();
        if (mode == PERIODIC) {
            return (int) (count - elapsed % count);
        }
        return (int) Math.max(0, count - elapsed);
    }

    int divideConfiguration() {
        return divide;
    }

    /** The count goes on from where it is, at the new pace. */
    void setDivideConfiguration(int value) {
        long left = currentCount() & 0xffffffffL;
        divide = value & 0xb;
        if (event.isArmed() && mode != TSC_DEADLINE) {
            start = clock.nanos() - ((initialCount & 0xffffffffL) - left) * divisor();
            arm();
        }
    }

    void setMode(int value) {
        if (value == mode) {
            return;
        }
        boolean deadlineBefore = mode == TSC_DEADLINE;
        mode = value;
        if (deadlineBefore || mode == TSC_DEADLINE) {
            // Switching to or from TSC-deadline mode disarms the timer.
            initialCount = 0;
            event.cancel();
        }
    }

    long tscDeadline() {
        return mode == TSC_DEADLINE && event.isArmed() ? event.deadline() : 0;
    }

    void setTscDeadline(long tsc) {
        if (mode != TSC_DEADLINE) {
            return;
        }
        if (tsc == 0) {
            event.cancel();
        } else {
            // The comparison is unsigned: what looks negative is centuries ahead.
            event.arm(tsc < 0 ? Long.MAX_VALUE - 1 : tsc);
        }
    }

    long fired() {
        return fired;
    }

    private long divisor() {
        int code = divide >>> 1 & 4 | divide & 3;
        return code == 7 ? 1 : 2L << code;
    }

    private long period() {
        return (initialCount & 0xffffffffL) * divisor();
    }

    private void arm() {
        if (initialCount == 0) {
            event.cancel();
        } else {
            event.arm(start + period());
        }
    }

    private void expired() {
        fired++;
        if (mode == PERIODIC) {
            long period = period();
            // Periods that went by while nobody ran the machine are one interrupt.
            start += Math.max(1, (clock.nanos() - start) / period) * period;
            event.arm(start + period);
        }
        fire.run();
    }

    void reset() {
        event.cancel();
        mode = 0;
        initialCount = 0;
        divide = 0;
        start = 0;
    }

    void save(DataOutput out) throws IOException {
        out.writeByte(mode);
        out.writeInt(initialCount);
        out.writeByte(divide);
        out.writeLong(start);
        event.save(out);
    }

    void restore(DataInput in) throws IOException {
        mode = in.readUnsignedByte();
        initialCount = in.readInt();
        divide = in.readUnsignedByte();
        start = in.readLong();
        event.restore(in);
    }
}
