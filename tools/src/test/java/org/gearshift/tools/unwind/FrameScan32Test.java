package org.gearshift.tools.unwind;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HexFormat;
import org.gearshift.tools.unwind.FrameScan32.Frame;
import org.junit.jupiter.api.Test;

/** Where a function's return address is, at each of its instructions. */
class FrameScan32Test {
    private static final int AT = 0x1000;
    private static final Frame FRAMED = new Frame(true, true, 0);

    private byte[] code;

    private FrameScan32 of(String hex) {
        code = HexFormat.of().parseHex(hex.replace(" ", ""));
        return new FrameScan32((address, bytes) -> address < AT || address + bytes > AT + code.length ? null : (Long) (code[(int) address - AT] & 0xffL));
    }

    @Test
    void aFrameIsMadeAndLeft() {
        // call tracer; push ebp; mov edx,[eax]; mov ebp,esp; push ebx; lea esp,[ebp-4]; pop ebx; pop ebp; ret; push ecx
        FrameScan32 scan = of("e800000000 55 8b10 89e5 53 8d65fc 5b 5d c3 51");
        assertEquals(new Frame(false, false, 0), scan.at(AT, AT));
        assertEquals(new Frame(false, false, 0), scan.at(AT, AT + 5));
        assertEquals(new Frame(false, true, 4), scan.at(AT, AT + 6));
        assertEquals(new Frame(false, true, 4), scan.at(AT, AT + 8));
        for (int at : new int[] {10, 11, 14, 15}) {
            assertEquals(FRAMED, scan.at(AT, AT + at), "at " + at);
        }
        assertEquals(new Frame(false, false, 0), scan.at(AT, AT + 16), "EBP is the caller's again");
        assertEquals(FRAMED, scan.at(AT, AT + 17), "what follows the end is reached from the body");
    }

    @Test
    void theStackPointerIsFollowedWhereThereIsNoFrame() {
        // push edi; push esi; sub esp,8; add esp,8; pop esi; pop edi; ret
        FrameScan32 scan = of("57 56 83ec08 83c408 5e 5f c3");
        int[] depths = {0, 4, 8, -1, -1, 16, -1, -1, 8, 4, 0};
        for (int at = 0; at < depths.length; at++) {
            if (depths[at] >= 0) {
                assertEquals(new Frame(false, false, depths[at]), scan.at(AT, AT + at), "at " + at);
            } else {
                assertNull(scan.at(AT, AT + at), "no instruction begins at " + at);
            }
        }
    }

    @Test
    void enteringWithLeaveAndJump() {
        // push ebp; mov ebp,esp; leave; jmp .; ud2
        FrameScan32 scan = of("55 89e5 c9 ebfe 0f0b");
        assertEquals(FRAMED, scan.at(AT, AT + 3));
        assertEquals(new Frame(false, false, 0), scan.at(AT, AT + 4));
        assertEquals(FRAMED, scan.at(AT, AT + 6));
    }

    @Test
    void whatIsNoCodeIsNotKnown() {
        assertNull(of("55 0fff").at(AT, AT + 3), "an undefined instruction");
        assertNull(of("55").at(AT, AT + 3), "no memory");
        assertEquals(FRAMED, of("55 89e5 0fff 90").at(AT, AT + 6), "the frame had been made");
    }

    @Test
    void callsAreFoundFromBehind() {
        FrameScan32 scan = of("e800000000 ffd0 ff14854433ffff 90");
        assertTrue(scan.isBehindCall(AT + 5) && scan.isBehindCall(AT + 7) && scan.isBehindCall(AT + 14));
        assertFalse(scan.isBehindCall(AT + 6) || scan.isBehindCall(AT + 15));
    }
}
