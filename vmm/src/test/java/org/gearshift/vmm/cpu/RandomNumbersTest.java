package org.gearshift.vmm.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import org.gearshift.translator.x86.X86Service;
import org.junit.jupiter.api.Test;

class RandomNumbersTest {
    private static ServiceTable services(RandomNumbers r) {
        ServiceTable t = new ServiceTable();
        r.register(t);
        return t;
    }

    private static long next(ServiceTable t) {
        return t.call(X86Service.RDRAND.ordinal(), 64, 0, 0);
    }

    @Test
    void aSeedGivesTheSameNumbers() {
        // The first outputs of SplitMix64 from 0, as the generator's authors publish them.
        ServiceTable t = services(RandomNumbers.seeded(0));
        assertEquals(0xe220a8397b1dcdafL, next(t));
        assertEquals(0x6e789e6aa1b965f4L, next(t));
        assertEquals(0x06c45d188009454fL, next(t));
        assertNotEquals(0xe220a8397b1dcdafL, next(services(RandomNumbers.seeded(1))));
    }

    @Test
    void secureNumbersDoNotRepeat() {
        Set<Long> seen = new HashSet<>();
        ServiceTable a = services(RandomNumbers.secure());
        ServiceTable b = services(RandomNumbers.secure());
        for (int i = 0; i < 100; i++) {
            seen.add(next(a));
            seen.add(next(b));
        }
        assertEquals(200, seen.size());
    }

    @Test
    void restoredNumbersGoOnWhereTheyWereSaved() throws IOException {
        RandomNumbers r = RandomNumbers.seeded(7);
        ServiceTable t = services(r);
        next(t);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        r.save(new DataOutputStream(out));
        long expected = next(t);
        RandomNumbers other = RandomNumbers.seeded(0);
        other.restore(new DataInputStream(new ByteArrayInputStream(out.toByteArray())));
        assertEquals(expected, next(services(other)));
    }
}
