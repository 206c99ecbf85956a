package org.gearshift.vmm.device;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * One counter of the 8254 (Intel 231164), computed from the tick number instead of being counted down: given when counting began, the count
 * and the output at any later tick are known. A new count is loaded in the tick in which it is written.
 */
final class PitChannel {
    /** No further rising edge of the output. */
    static final long NO_EDGE = Long.MAX_VALUE;

    private static final int RELOAD_MAX = 0x10000;
    private static final int ACCESS_LOW = 1;
    private static final int ACCESS_HIGH = 2;
    private static final int STATUS_OUT = 0x80;
    private static final int STATUS_NULL_COUNT = 0x40;

    private int mode = 3;
    private int access = 3;
    private boolean bcd;
    private boolean gate;
    /** A count was written since the mode was. */
    private boolean loaded;
    /** Modes 1 and 5: the gate has started the counter. */
    private boolean triggered;
    private int reload = RELOAD_MAX;
    private long start;
    /** Count at which a low gate froze the counter, or -1 while it runs. */
    private int frozen = -1;
    /** Modes 2 and 3: a count that takes over at the end of the running period; 0 if none. */
    private int nextReload;
    private long nextReloadAt;
    private boolean writeHigh;
    private int writeLow;
    private boolean readHigh;
    /** Bytes of the count latch still to be read: 0, 1 or 2. */
    private int latchBytes;
    private int latch;
    private int statusLatch = -1;

    PitChannel(boolean gate) {
        this.gate = gate;
    }

    void writeControl(int value, long tick) {
        access = value >>> 4 & 3;
        mode = value >>> 1 & 7;
        if (mode > 5) {
            mode -= 4;
        }
        bcd = (value & 1) != 0;
        loaded = false;
        triggered = false;
        frozen = -1;
        nextReload = 0;
        writeHigh = false;
        readHigh = false;
        latchBytes = 0;
        statusLatch = -1;
        start = tick;
    }

    void latchCount(long tick) {
        if (latchBytes == 0) {
            latch = encode(count(tick));
            latchBytes = access == 3 ? 2 : 1;
        }
    }

    void latchStatus(long tick) {
        if (statusLatch < 0) {
            boolean pending = !loaded || nextReload != 0 && tick < nextReloadAt;
            statusLatch = (output(tick) ? STATUS_OUT : 0) | (pending ? STATUS_NULL_COUNT : 0) | access << 4 | mode << 1 | (bcd ? 1 : 0);
        }
    }

    int read(long tick) {
        if (statusLatch >= 0) {
            int status = statusLatch;
            statusLatch = -1;
            return status;
        }
        if (latchBytes > 0) {
            boolean high = access == ACCESS_HIGH || access == 3 && latchBytes == 1;
            latchBytes--;
            return high ? latch >>> 8 & 0xff : latch & 0xff;
        }
        boolean high = access == ACCESS_HIGH || access == 3 && readHigh;
        readHigh = access == 3 && !readHigh;
        int value = encode(count(tick));
        return high ? value >>> 8 & 0xff : value & 0xff;
    }

    void write(int value, long tick) {
        switch (access) {
            case ACCESS_LOW -> load(value, tick);
            case ACCESS_HIGH -> load(value << 8, tick);
            case 3 -> {
                if (writeHigh) {
                    writeHigh = false;
                    load(writeLow | value << 8, tick);
                } else {
                    writeLow = value;
                    writeHigh = true;
                    if (mode == 0 && loaded) {
                        // The first byte stops the counting (datasheet, mode 0).
                        frozen = count(tick);
                    }
                }
            }
            default -> { }
        }
    }

    void setGate(boolean level, long tick) {
        if (level == gate) {
            return;
        }
        settle(tick);
        int now = count(tick);
        boolean wasCounting = loaded;
        gate = level;
        if (!wasCounting) {
            return;
        }
        switch (mode) {
            case 0, 4 -> {
                if (level) {
                    start = tick - (reload - now);
                    frozen = -1;
                } else {
                    frozen = now;
                }
            }
            case 1, 5 -> {
                if (level) {
                    triggered = true;
                    start = tick;
                }
            }
            default -> {
                if (level) {
                    start = tick;
                    frozen = -1;
                } else {
                    frozen = now;
                }
            }
        }
    }

    boolean gate() {
        return gate;
    }

    /** The OUT pin at {@code tick}. */
    boolean output(long tick) {
        settle(tick);
        long elapsed = tick - start;
        switch (mode) {
            case 0:
                return loaded && frozen < 0 && elapsed >= reload;
            case 1:
                return !loaded || !triggered || elapsed >= reload;
            case 2:
                return !running() || elapsed % reload != reload - 1;
            case 3:
                return !running() || elapsed % reload < (reload + 1) / 2;
            case 4:
                return !running() || elapsed != reload;
            default:
                return !loaded || !triggered || elapsed != reload;
        }
    }

    /** The first tick after {@code tick} at which OUT rises, or {@link #NO_EDGE}. */
    long nextRisingEdge(long tick) {
        settle(tick);
        if (!running() || mode == 1 && !triggered || mode == 5 && !triggered) {
            return NO_EDGE;
        }
        long elapsed = tick - start;
        switch (mode) {
            case 0, 1:
                return elapsed < reload ? start + reload : NO_EDGE;
            case 2, 3:
                return start + (elapsed / reload + 1) * reload;
            default:
                return elapsed <= reload ? start + reload + 1 : NO_EDGE;
        }
    }

    private boolean running() {
        return loaded && frozen < 0;
    }

    private void load(int raw, long tick) {
        int count = decode(raw);
        settle(tick);
        boolean running = loaded;
        loaded = true;
        switch (mode) {
            case 2, 3 -> {
                if (running && frozen < 0) {
                    nextReload = count;
                    nextReloadAt = start + ((tick - start) / reload + 1) * reload;
                    return;
                }
                reload = count;
                start = tick;
                frozen = gate ? -1 : count;
            }
            case 1, 5 -> reload = count;
            default -> {
                reload = count;
                start = tick;
                frozen = gate ? -1 : count;
            }
        }
    }

    private void settle(long tick) {
        if (nextReload != 0 && tick >= nextReloadAt) {
            start = nextReloadAt;
            reload = nextReload;
            nextReload = 0;
        }
    }

    /** The counting element: 1..10000h in the periodic modes, otherwise possibly past zero, modulo 10000h (or 10,000 in BCD). */
    private int count(long tick) {
        settle(tick);
        if (frozen >= 0) {
            return frozen;
        }
        if (!loaded || (mode == 1 || mode == 5) && !triggered) {
            return reload;
        }
        long elapsed = tick - start;
        int modulus = bcd ? 10_000 : RELOAD_MAX;
        switch (mode) {
            case 2:
                return reload - (int) (elapsed % reload);
            case 3:
                return squareWaveCount((int) (elapsed % reload));
            default:
                return (int) Math.floorMod(reload - elapsed, (long) modulus);
        }
    }

    /** Mode 3 counts down by two, twice a period; an odd count loses one more tick in its first half. */
    private int squareWaveCount(int elapsed) {
        int even = reload & ~1;
        int high = (reload + 1) / 2;
        int left = even - 2 * (elapsed < high ? elapsed : elapsed - high);
        return left <= 0 ? Math.max(even, 2) : left;
    }

    private int decode(int raw) {
        if (!bcd) {
            return raw == 0 ? RELOAD_MAX : raw;
        }
        int count = (raw >>> 12 & 0xf) * 1000 + (raw >>> 8 & 0xf) * 100 + (raw >>> 4 & 0xf) * 10 + (raw & 0xf);
        return count == 0 ? 10_000 : count;
    }

    private int encode(int count) {
        if (!bcd) {
            return count & 0xffff;
        }
        int rest = count % 10_000;
        return rest / 1000 << 12 | rest / 100 % 10 << 8 | rest / 10 % 10 << 4 | rest % 10;
    }

    void save(DataOutput out) throws IOException {
        int[] numbers = {mode, access, reload, frozen, nextReload, writeLow, latchBytes, latch, statusLatch};
        for (int number : numbers) {
            out.writeInt(number);
        }
        out.writeLong(start);
        out.writeLong(nextReloadAt);
        boolean[] bits = {bcd, gate, loaded, triggered, writeHigh, readHigh};
        for (boolean bit : bits) {
            out.writeBoolean(bit);
        }
    }

    void restore(DataInput in) throws IOException {
        mode = in.readInt();
        access = in.readInt();
        reload = in.readInt();
        frozen = in.readInt();
        nextReload = in.readInt();
        writeLow = in.readInt();
        latchBytes = in.readInt();
        latch = in.readInt();
        statusLatch = in.readInt();
        start = in.readLong();
        nextReloadAt = in.readLong();
        bcd = in.readBoolean();
        gate = in.readBoolean();
        loaded = in.readBoolean();
        triggered = in.readBoolean();
        writeHigh = in.readBoolean();
        readHigh = in.readBoolean();
    }
}
