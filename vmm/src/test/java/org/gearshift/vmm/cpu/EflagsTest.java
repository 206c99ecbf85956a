package org.gearshift.vmm.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.Test;

class EflagsTest {
    private final long[] s = new long[X86State.LAYOUT.slotCount()];

    @Test
    void everyCombinationOfArithmeticFlagsSurvivesARoundTrip() {
        int[] bits = {Eflags.CF, Eflags.PF, Eflags.AF, Eflags.ZF, Eflags.SF, Eflags.OF, Eflags.DF};
        for (int n = 0; n < 1 << bits.length; n++) {
            int f = 2;
            for (int i = 0; i < bits.length; i++) {
                f |= (n >>> i & 1) != 0 ? bits[i] : 0;
            }
            Eflags.set(s, f, Eflags.ALL);
            assertEquals(f, Eflags.get(s));
            assertEquals((f & Eflags.DF) != 0 ? -1 : 1, s[X86State.DF]);
        }
    }

    @Test
    void systemFlagsKeepTheirPlaces() {
        Eflags.set(s, -1, Eflags.ALL);
        assertEquals(Eflags.ALL | 2, Eflags.get(s));
        assertEquals(Eflags.SYSTEM, s[X86State.EFLAGS_SYS]);
    }

    @Test
    void flagsOutsideTheMaskStay() {
        Eflags.set(s, Eflags.CF | Eflags.IF, Eflags.ALL);
        Eflags.set(s, Eflags.ZF, Eflags.ZF | Eflags.IF);
        assertEquals(2 | Eflags.CF | Eflags.ZF, Eflags.get(s));
    }

    @Test
    void flagsComeFromResultAndCarryVector() {
        // 0x7f + 1 at 8 bits: result sign-extended, carry out of bit 3 and into bit 7.
        s[X86State.DF] = 1;
        s[X86State.FLAG_RES] = -128;
        s[X86State.FLAG_AUX] = 1 << 30 | 1 << 3;
        assertEquals(2 | Eflags.SF | Eflags.OF | Eflags.AF, Eflags.get(s));
    }
}
