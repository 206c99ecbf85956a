package org.gearshift.vmm.clock;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.function.LongSupplier;

/**
 * Time computed from retired guest instructions, plus the idle time skipped while the virtual CPU was halted: the same guest sees the same
 * times in every run.
 */
public final class VirtualClock implements GuestClock {
    private final LongSupplier retired;
    private final int nanosPerInstruction;
    private long skipped;

    /** One nanosecond per instruction. */
    public VirtualClock(LongSupplier retiredInstructions) {
        this(retiredInstructions, 1);
    }

    /** @param nanosPerInstruction at least 1 */
    public VirtualClock(LongSupplier retiredInstructions, int nanosPerInstruction) {
        if (nanosPerInstruction < 1) {
            throw new IllegalArgumentException("nanoseconds per instruction: " + nanosPerInstruction);
        }
        this.retired = retiredInstructions;
        this.nanosPerInstruction = nanosPerInstruction;
    }

    @Override
    public long nanos() {
        return retired.getAsLong() * nanosPerInstruction + skipped;
    }

    /** How many instructions may retire before {@code deadline} is reached: 0 if it is due now. */
    public long instructionsUntil(long deadline) {
        long left = deadline - nanos();
        return left <= 0 ? 0 : (left + nanosPerInstruction - 1) / nanosPerInstruction;
    }

    /** Skips idle time up to {@code deadline}; does nothing if that is past. */
    public void advanceTo(long deadline) {
        long left = deadline - nanos();
        if (left > 0) {
            skipped += left;
        }
    }

    /** Lets {@code nanos} pass that no instruction accounts for, such as a slow bus cycle. */
    public void spend(long nanos) {
        skipped += nanos;
    }

    /** Idle time skipped and spent so far, in nanoseconds. */
    public long skippedNanos() {
        return skipped;
    }

    @Override
    public boolean isVirtual() {
        return true;
    }

    @Override
    public void save(DataOutput out) throws IOException {
        out.writeLong(nanos());
    }

    /** The retired count may restart at another value: the difference goes into the skipped time. */
    @Override
    public void restore(DataInput in) throws IOException {
        skipped = in.readLong() - retired.getAsLong() * nanosPerInstruction;
    }
}
