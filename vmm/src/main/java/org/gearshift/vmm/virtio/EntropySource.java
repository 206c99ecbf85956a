package org.gearshift.vmm.virtio;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.security.SecureRandom;

/** Random bytes for guests. */
public final class EntropySource {
    /** SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. */
    private static final long GAMMA = 0x9e3779b97f4a7c15L;
    private static final long MIX_1 = 0xbf58476d1ce4e5b9L;
    private static final long MIX_2 = 0x94d049bb133111ebL;

    /** Null if bytes repeat. */
    private final SecureRandom secure;
    private long state;

    private EntropySource(SecureRandom secure, long state) {
        this.secure = secure;
        this.state = state;
    }

    /** Bytes nobody can predict. */
    public static EntropySource secure() {
        return new EntropySource(new SecureRandom(), 0);
    }

    /** The same bytes for the same seed: for runs that repeat. Not for secrets. */
    public static EntropySource seeded(long seed) {
        return new EntropySource(null, seed);
    }

    /** The next {@code length} bytes. */
    byte[] next(int length) {
        byte[] bytes = new byte[length];
        if (secure != null) {
            secure.nextBytes(bytes);
            return bytes;
        }
        for (int i = 0; i < length; i += Long.BYTES) {
            state += GAMMA;
            long z = (state ^ state >>> 30) * MIX_1;
            z = (z ^ z >>> 27) * MIX_2;
            z ^= z >>> 31;
            for (int j = 0; j < Math.min(Long.BYTES, length - i); j++) {
                bytes[i + j] = (byte) (z >>> 8 * j);
            }
        }
        return bytes;
    }

    void save(DataOutput out) throws IOException {
        out.writeLong(state);
    }

    void restore(DataInput in) throws IOException {
        state = in.readLong();
    }
}
