package org.gearshift.tools.diverge;

import java.io.IOException;
import org.gearshift.vmm.Lockstep;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.engine.EngineOptions;

/**
 * Runs a guest on two engines in step and finds the first step after which they differ. Registers are compared after every step. RAM is compared now and then; once it
 * differs, the guest is run again from the last time it did not with ever shorter intervals, which the virtual clock makes possible: runs repeat.
 */
public final class Hunt {
    private static final long[] RAM_INTERVALS = {250_000, 4_000, 64, 1};

    private final Guest guest;
    private final Gear a;
    private final Gear b;
    private long instructions;

    /** Builds the machine, loaded and with a virtual clock, for engines of both kinds. */
    @FunctionalInterface
    public interface Guest {
        Machine machine(EngineOptions engine) throws BootException, IOException;
    }

    public Hunt(Guest guest, Gear a, Gear b) {
        this.guest = guest;
        this.a = a;
        this.b = b;
    }

    private Lockstep pair() throws BootException, IOException {
        return new Lockstep(guest.machine(a.options()), a.name(), guest.machine(b.options()), b.name());
    }

    /**
     * Hunts.
     *
     * @param limit most instructions
     * @return what was found, or null if nothing differs
     */
    public Finding run(long limit) throws BootException, IOException {
        long from = 0;
        Lockstep pair = null;
        Lockstep.Divergence found = null;
        for (long interval : RAM_INTERVALS) {
            pair = pair();
            pair.advance(from);
            Lockstep.Result r = pair.run(limit, interval);
            instructions = Math.max(instructions, r.instructions());
            found = r.divergence();
            if (found == null) {
                return null;
            }
            from = found.ramAgreed();
        }
        Machine before = guest.machine(a.options());
        Lockstep replay = new Lockstep(before, a.name(), guest.machine(b.options()), b.name());
        replay.advance(found.last().from());
        return Finding.of(a, b, found, pair.trail(), pair.stateBefore(), before);
    }

    /** How far the longest run came. */
    public long instructions() {
        return instructions;
    }
}
