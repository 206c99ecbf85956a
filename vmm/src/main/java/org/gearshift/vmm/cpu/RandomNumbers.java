package org.gearshift.vmm.cpu;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.security.SecureRandom;
import org.gearshift.translator.x86.X86Service;

/** The processor's random number generator, for RDRAND and RDSEED. */
public final class RandomNumbers {
    /** SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. */
    private static final long GAMMA = 0x9e3779b97f4a7c15L;
    private static final long MIX_1 = 0xbf58476d1ce4e5b9L;
    private static final long MIX_2 = 0x94d049bb133111ebL;

    /** Null if numbers repeat. */
    private final SecureRandom entropy;
    private long state;

    private RandomNumbers(SecureRandom entropy, long state) {
        this.entropy = entropy;
        this.state = state;
    }

    /** Numbers nobody can predict. */
    public static RandomNumbers secure() {
        return new RandomNumbers(new SecureRandom(), 0);
    }

    /** The same numbers for the same seed: for runs that repeat. Not for secrets. */
    public static RandomNumbers seeded(long seed) {
        return new RandomNumbers(null, seed);
    }

    void register(ServiceTable t) {
        t.put(X86Service.RDRAND, (bits, b, c) -> next());
    }

    private long next() {
        if (entropy != null) {
            return entropy.nextLong();
        }
        state += GAMMA;
        long z = (state ^ state >>> 30) * MIX_1;
        z = (z ^ z >>> 27) * MIX_2;
        return z ^ z >>> 31;
    }

    void save(DataOutput out) throws IOException {
        out.writeLong(state);
    }

    void restore(DataInput in) throws IOException {
        state = in.readLong();
    }
}
